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
_LEFT_KIBIBYTES = 600
_QUOTA_BYTES = 300 * 1024


class InstallationOnSmallDisk(Installation):
    """An installation whose home is a disk of a few mebibytes, which only its own processes see: those of the namespaces of
    `keeper`."""

    def __init__(self, home: Path, keeper: int, *, as_user: bool) -> None:
        super().__init__(home)
        user = ["--preserve-credentials", "--user"] if as_user else []
        self._entering = ["nsenter", *user, "--mount", f"--target={keeper}"]

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        command = [*self._entering, sys.executable, "-m", "orchestration.command_line.main", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(command, env=self.environment, cwd=PROJECT, text=True, **pipes)

    def on_disk(self, script: str) -> str:
        """What a shell says that sees the disk."""
        command = [*self._entering, "sh", "-ec", script]
        return subprocess.run(command, cwd="/", check=True, capture_output=True, text=True).stdout

    def fill(self, *, leave_some: bool) -> None:
        free = int(self.on_disk(f"df --output=avail -k {self.home} | tail -1"))
        ballast = max(0, free - _LEFT_KIBIBYTES * leave_some) * 1024
        self.on_disk(f"head -c {ballast} /dev/zero > {self.home}/ballast")

    def make_room(self) -> None:
        self.on_disk(f"rm {self.home}/ballast")


class InstallationWithQuota(Installation):
    """The same where the system lets nobody have a disk of his own: no file of its processes may grow beyond some bytes."""

    _bytes: int | None = None

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        limit = self._bytes
        if limit is not None:
            options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return super().start(*arguments, **options)

    def fill(self, *, leave_some: bool) -> None:
        # Opening the embedded catalogue writes 32 KiB.
        self._bytes = 64 * 1024 if leave_some else 0

    def make_room(self) -> None:
        self._bytes = None


@pytest.fixture
def small_disk(tmp_path: Path, converted_models: Path) -> Iterator[InstallationOnSmallDisk | InstallationWithQuota]:
    home = tmp_path / "home"
    home.mkdir()
    script = (
        f"mount -t tmpfs -o size={DISK_MEBIBYTES}m tmpfs {home} && ln -s {converted_models} {home}/models"
        " && echo ready && exec sleep infinity"
    )
    # The administrator needs no user namespace for that, and others may be allowed one.
    for as_user in (False, True):
        namespaces = ["--map-root-user"] if as_user else []
        command = ["unshare", *namespaces, "--mount", "sh", "-c", script]
        keeper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert keeper.stdout is not None
            if keeper.stdout.readline() == "ready\n":
                yield InstallationOnSmallDisk(home, keeper.pid, as_user=as_user)
                return
        finally:
            keeper.kill()
            keeper.communicate()
    (home / "models").symlink_to(converted_models)
    yield InstallationWithQuota(home)


@pytest.mark.parametrize("some_left", [False, True])
def test_a_full_disk_is_told_and_the_served_index_goes_on(
    small_disk: InstallationOnSmallDisk | InstallationWithQuota, guide: Path, some_left: bool
) -> None:
    assert small_disk.run("source", "add", "guide", str(guide), "--kind", "handbook").returncode == 0
    first = small_disk.json("refresh")
    for path in sorted(guide.iterdir())[18:38]:
        path.write_text(path.read_text().replace("leave", "parental leave"))
    small_disk.fill(leave_some=some_left)
    assert "disk" in (sentence := told(small_disk.run("refresh"))), sentence
    assert "full" in sentence
    if some_left:
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
