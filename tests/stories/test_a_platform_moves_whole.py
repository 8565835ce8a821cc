"""A platform is backed up and restored by two commands, into new places, whatever is killed in between."""

import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Installation

DOCUMENTS = 250
KILLS = 2


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"rule-{number}.md").write_text(
            f"# Rule {number}\n\nRule {number} holds for {number + 3} days from the day on which notice was given.\n"
        )
    return folder


def state(installation: Installation) -> dict[str, Any]:
    """What an installation holds, as its users see it."""
    verified = installation.json("verify")
    return {
        "sources": {
            name: {key: value for key, value in source.items() if key != "location"}
            for name, source in installation.json("source", "list")["sources"].items()
        },
        "documents": verified["documents"],
        "chunks": verified["chunks"],
        "generation": verified["generation"],
        "found": installation.json("search", "days from the day of notice", "--k", "20"),
        "shown": installation.json("document", "show", "rules/rule-7.md"),
    }


def killed_while(installation: Installation, whole: float, moments: random.Random, *arguments: str) -> bool:
    """Runs a command and kills it at a random moment; whether it was still at work."""
    process = installation.start(*arguments, stdout=None, stderr=None)
    # Most of a short command is the start of Python; the moments lie in the part that copies.
    time.sleep(moments.uniform(0.4, 0.9) * whole)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_platform_moves_whole(installation: Installation, rules: Path, tmp_path: Path) -> None:
    installation.json("source", "add", "rules", str(rules), "--kind", "policy")
    installation.json("refresh")
    (rules / "rule-7.md").write_text("# Rule 7\n\nRule 7 holds no longer.\n")
    (rules / "rule-8.md").unlink()
    installation.json("refresh")
    before = state(installation)
    prefix = (tmp_path / "backups").as_uri()
    moments = random.Random(20261123)

    started = time.monotonic()
    first = installation.json("backup", (tmp_path / "elsewhere").as_uri())
    whole = time.monotonic() - started
    killed = sum(killed_while(installation, whole, moments, "backup", prefix) for _ in range(KILLS))
    taken = installation.json("backup", prefix)
    assert (taken["objects"], taken["index_checksum"]) == (first["objects"], first["index_checksum"])

    moved = Installation(tmp_path / "moved")
    started = time.monotonic()
    restored = moved.json("restore", prefix)
    whole = time.monotonic() - started
    assert restored["index_checksum"] == taken["index_checksum"]
    shutil.rmtree(installation.home)
    assert state(moved) == before

    again = Installation(tmp_path / "again")
    killed += sum(killed_while(again, whole, moments, "restore", prefix) for _ in range(KILLS))
    assert killed >= KILLS
    if again.json("verify")["documents"] == 0:
        assert again.json("restore", prefix)["index_checksum"] == taken["index_checksum"]
    assert state(again) == before

    refreshed = again.json("refresh")
    assert (refreshed["generation"], refreshed["sources"]["rules"]["embedded"]) == (before["generation"], 0)
    assert again.json("verify")["ok"]

    refused = again.run("restore", prefix)
    assert refused.returncode == 1
    assert "into an empty platform" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_one_changed_byte_in_a_backup_is_refused_and_named(
    installation: Installation, rules: Path, tmp_path: Path
) -> None:
    for number in range(5, DOCUMENTS):
        (rules / f"rule-{number}.md").unlink()
    installation.json("source", "add", "rules", str(rules), "--kind", "policy")
    installation.json("refresh")
    installation.json("backup", str(tmp_path / "backups"))
    path = max((tmp_path / "backups" / "content").rglob("*"), key=lambda each: (each.is_file(), each.name))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    moved = Installation(tmp_path / "moved")
    refused = moved.run("restore", str(tmp_path / "backups"), "--json")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert path.name in refused.stderr
    assert moved.json("verify")["documents"] == 0
