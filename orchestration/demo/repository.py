"""Makes a git repository of dated revisions out of the handbook's revision folders, so that the demo has a real history."""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
DELETED = "DELETED"
"""In a revision folder: a file that names the paths that the revision removes, one a line."""


def revision_folders(folder: Path) -> list[Path]:
    """The folders of the revisions, oldest first; each is named by its date."""
    return sorted(path for path in folder.iterdir() if path.is_dir())


def make_repository(folder: Path, target: Path) -> Path:
    """A bare git repository whose commits are the revisions, at nine in the morning UTC of their dates.

    The same folders give the same commits. A repository that is there already is made anew.
    """
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(target))
    stream = b"".join(_commits(folder))
    subprocess.run(
        ["git", "-C", str(target), "fast-import", "--quiet"], input=stream, check=True, capture_output=True, timeout=60
    )
    return target


def _commits(folder: Path) -> Iterator[bytes]:
    for revision in revision_folders(folder):
        date = datetime.fromisoformat(revision.name).replace(hour=9, tzinfo=UTC)
        message = f"Handbook as of {revision.name}".encode()
        yield b"commit refs/heads/main\n"
        yield b"committer Handbook Editors <handbook@example.org> %d +0000\n" % int(date.timestamp())
        yield b"data %d\n%s\n" % (len(message), message)
        deleted = revision / DELETED
        for path in deleted.read_text().splitlines() if deleted.exists() else ():
            if path.strip():
                yield f'D "{path.strip()}"\n'.encode()
        for file in sorted(path for path in revision.rglob("*") if path.is_file() and path != deleted):
            data = file.read_bytes()
            yield f'M 100644 inline "{file.relative_to(revision).as_posix()}"\n'.encode()
            yield b"data %d\n%s\n" % (len(data), data)
        yield b"\n"


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True, timeout=60)
