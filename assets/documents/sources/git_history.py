"""From what `git log --raw -z` prints to the revisions that each path had: pure folding, no git.

A line of history is a chain of first parents, so that each commit's changes apply to the commit before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

LOG_FORMAT = (
    "--raw",
    "-z",
    "--no-renames",
    "--no-abbrev",
    "--diff-merges=first-parent",
    "--no-ext-diff",
    "--format=%H %ct %P",
)

_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_FILE_MODES = (b"100644", b"100755")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its id, its committer date in seconds since 1970, its first parent (empty for a root)."""

    commit: str
    time: int
    parent: str


@dataclass(frozen=True, slots=True)
class FileChange:
    """A path after a commit: its blob, or None where the commit deleted it; `existed` whether it was there before."""

    path: bytes
    blob: str | None
    existed: bool


@dataclass(frozen=True, slots=True)
class Event:
    """What a commit did to one path: `blob` None for a deletion."""

    time: int
    commit: str
    blob: str | None


@dataclass(frozen=True, slots=True)
class Stay:
    """A blob that a path held from `start` on; `end` is set only where a deletion left a gap before the next one."""

    blob: str
    commit: str
    start: datetime
    end: datetime | None = None


def parse_log(pieces: Iterable[bytes]) -> Iterator[Commit | FileChange]:
    """Each commit, followed by what it changed. Links and submodules are no files: one that takes a file's place
    deletes it.
    """
    fields = _fields(pieces)
    for item in fields:
        text = item.lstrip(b"\n")
        if not text:
            continue
        if not text.startswith(b":"):
            commit, time, *parents = text.decode("ascii").split()
            yield Commit(commit, min(max(int(time), 0), _LAST_SECOND), parents[0] if parents else "")
            continue
        old_mode, new_mode, old_blob, new_blob, _ = text[1:].split(b" ")
        path = next(fields)
        existed, exists = old_mode in _FILE_MODES, new_mode in _FILE_MODES
        if exists and not (existed and old_blob == new_blob):
            yield FileChange(path, new_blob.decode("ascii"), existed)
        elif existed and not exists:
            yield FileChange(path, None, existed)


def _fields(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *complete, rest = (rest + piece).split(b"\0")
        yield from complete
    if rest:
        yield rest


def fold(events: Iterable[Event], *, existed: bool) -> tuple[list[Stay], datetime | None]:
    """What a path held, oldest first, and when it ended for good (None where it is there still).

    `existed` tells whether the path was there before the first event. A commit's date counts as no earlier than that of
    the path's commit before it; of several commits in one second the last decides.
    """
    kept: list[Event] = []
    for event in events:
        time = max(event.time, kept[-1].time) if kept else event.time
        if kept and kept[-1].time == time:
            kept.pop()
        before = kept[-1].blob if kept else None
        if event.blob != before or (not kept and existed):
            kept.append(Event(time, event.commit, event.blob))
    removed_at = _date(kept.pop().time) if kept and kept[-1].blob is None else None
    stays: list[Stay] = []
    for event, following in zip(kept, [*kept[1:], None], strict=False):
        if event.blob is not None:
            gap = _date(following.time) if following is not None and following.blob is None else None
            stays.append(Stay(event.blob, event.commit, _date(event.time), gap))
    return stays, removed_at


def _date(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
