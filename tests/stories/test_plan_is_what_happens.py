"""A plan says what the refresh then does, whatever happened to the source and to the settings meanwhile."""

import json
import random
from pathlib import Path

from tests.conftest import Installation

WORDS = ("leave", "pay", "travel", "remote", "notice", "hours", "bonus", "sick", "parental", "overtime", "manager")


def write(path: Path, source: random.Random) -> None:
    sentences = (" ".join(source.choices(WORDS, k=source.randint(6, 30))) + "." for _ in range(source.randint(1, 8)))
    path.write_text(f"# {source.choice(WORDS)}\n\n" + "\n\n".join(sentences) + "\n")


def test_with_edits_and_another_chunk_size_at_once(installation: Installation, tmp_path: Path) -> None:
    source = random.Random(7)
    folder = tmp_path / "rules"
    folder.mkdir()
    for number in range(8):
        write(folder / f"{number}.md", source)
    installation.json("source", "add", "rules", str(folder), "--kind", "policy")
    installation.json("refresh")
    write(folder / "0.md", source)
    write(folder / "new.md", source)
    (folder / "1.md").unlink()
    (folder / "2.md").rename(folder / "renamed.md")
    installation.environment["HRDP_CHUNK_TOKENS"] = "48"
    planned = installation.json("plan")["sources"]["rules"]
    refreshed = installation.json("refresh")["sources"]["rules"]
    assert planned["rebuild"] == ["chunker"]
    assert refreshed["documents"] == planned["documents"]
    assert (planned["documents"]["added"], planned["documents"]["changed"], planned["documents"]["removed"]) == (
        2,
        1,
        2,
    )
    assert refreshed["chunks"] == planned["chunks"]
    assert refreshed["embedded"] == planned["to_embed"] > 0
    again = installation.json("plan")["sources"]["rules"]
    assert (again["chunks"]["add"], again["chunks"]["close"], again["to_embed"]) == (0, 0, 0)
    assert installation.json("verify")["ok"]


def test_with_a_document_that_fails_validation(installation: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    write(folder / "good.md", random.Random(1))
    (folder / "damaged.md").write_text("# Leave\n\nThe \ufffd\ufffd\ufffd rule of \ufffd leave.\n")
    installation.json("source", "add", "rules", str(folder), "--kind", "policy")
    planned = installation.json("plan")["sources"]["rules"]
    refreshed = installation.json("refresh")["sources"]["rules"]
    assert [each["reason"] for each in refreshed["quarantined"]] == ["failed_validation"]
    assert planned["documents"]["added"] == planned["documents"]["quarantined"] == 1
    assert refreshed["documents"] == planned["documents"]
    assert refreshed["chunks"] == planned["chunks"]
    assert refreshed["embedded"] == planned["to_embed"]


def test_two_refreshes_of_the_same_sources_in_opposite_order_end(installation: Installation, tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write(folder / "rule.md", random.Random(name))
        installation.json("source", "add", name, str(folder), "--kind", "policy")
    running = [
        installation.start("refresh", "--source", first, "--source", second, "--json")
        for first, second in (("one", "two"), ("two", "one"))
    ]
    reports = [json.loads(process.communicate(timeout=120)[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert sum(source["embedded"] for report in reports for source in report["sources"].values()) == 2
    assert installation.json("verify")["documents"] == 2
