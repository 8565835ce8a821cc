"""The disk of the embedded stores is full, or a user's quota on it: nothing that is served is lost."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PROJECT, Installation
from tests.services.faults.conftest import told

QUESTION = "leave of whoever has served 17 months"
DISK_MEBIBYTES = 48
_QUOTA_BYTES = 300 * 1024


class InstallationOnSmallDisk(Installation):
    """An installation whose home is a disk of a few mebibytes, which only its own processes see."""

    def __init__(self, home: Path, keeper: int) -> None:
        super().__init__(home)
        self._entering = ["nsenter", "--preserve-credentials", "--user", "--mount", f"--target={keeper}"]

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        command = [*self._entering, sys.executable, "-m", "orchestration.command_line.main", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(command, env=self.environment, cwd=PROJECT, text=True, **pipes)

    def on_disk(self, script: str) -> str:
        """What a shell says that sees the disk."""
        command = [*self._entering, "sh", "-ec", script]
        return subprocess.run(command, cwd="/", check=True, capture_output=True, text=True).stdout

    def fill(self, leave_kibibytes: int) -> None:
        free = int(self.on_disk(f"df --output=avail -k {self.home} | tail -1"))
        self.on_disk(f"head -c {max(0, free - leave_kibibytes) * 1024} /dev/zero > {self.home}/ballast")

    def make_room(self) -> None:
        self.on_disk(f"rm {self.home}/ballast")


@pytest.fixture
def small_disk(tmp_path: Path, converted_models: Path) -> Iterator[InstallationOnSmallDisk]:
    home = tmp_path / "home"
    home.mkdir()
    script = (
        f"mount -t tmpfs -o size={DISK_MEBIBYTES}m tmpfs {home} && ln -s {converted_models} {home}/models"
        " && echo ready && exec sleep infinity"
    )
    keeper = subprocess.Popen(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script], stdout=subprocess.PIPE, text=True
    )
    try:
        assert keeper.stdout is not None
        if keeper.stdout.readline() != "ready\n":
            pytest.skip("no disk of a test's own here: the system allows no user namespaces")
        yield InstallationOnSmallDisk(home, keeper.pid)
    finally:
        keeper.kill()
        keeper.communicate()


@pytest.mark.parametrize("kibibytes_left", [0, 600])
def test_a_full_disk_is_told_and_the_served_index_goes_on(
    small_disk: InstallationOnSmallDisk, guide: Path, kibibytes_left: int
) -> None:
    assert small_disk.run("source", "add", "guide", str(guide), "--kind", "handbook").returncode == 0
    first = small_disk.json("refresh")
    for path in sorted(guide.iterdir())[18:38]:
        path.write_text(path.read_text().replace("leave", "parental leave"))
    small_disk.fill(kibibytes_left)
    assert "disk" in (sentence := told(small_disk.run("refresh"))), sentence
    assert "full" in sentence
    if kibibytes_left:
        [best, *_] = small_disk.json("search", QUESTION)["results"]
        assert best["document_id"] == "guide/rule-017.md"
    else:
        # The embedded catalogue needs some kilobytes to be opened.
        assert "full" in told(small_disk.run("search", QUESTION))
    small_disk.make_room()
    again = small_disk.json("refresh")
    assert again["generation"] == first["generation"] + 1
    assert again["sources"]["guide"]["documents"]["changed"] == 20
    assert small_disk.json("verify")["ok"] is True


def test_what_a_quota_does_not_let_through_is_told_and_written_later(
    tmp_path: Path, converted_models: Path, guide: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(converted_models)
    installation = Installation(home)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_QUOTA_BYTES, _QUOTA_BYTES))

    assert installation.run("source", "add", "guide", str(guide), "--kind", "handbook").returncode == 0
    process = installation.start("refresh", preexec_fn=limit)
    output, errors = process.communicate(timeout=300)
    sentence = told(subprocess.CompletedProcess(process.args, process.returncode, output, errors))
    assert "disk" in sentence
    assert installation.json("refresh")["sources"]["guide"]["documents"]["added"] == len(list(guide.iterdir()))
    assert installation.json("verify")["ok"] is True
