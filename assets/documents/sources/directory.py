"""A directory tree as a source: one document a file, noticed by its size, times and inode."""

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter
from pathlib import Path

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import (
    Change,
    Changed,
    Known,
    Revision,
    SourceSpec,
    SourceUnavailable,
    Unreadable,
)
from assets.documents.sources.comparison import compare
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.selection import Selection, is_junk, safe_path
from assets.documents.sources.state import dump_state, load_state

# A listed file: where its bytes are, or why they cannot be had.
_Entry = str | Unreadable

_TYPE = "directory"

# Kernels stamp files with a clock that advances every few milliseconds: two writes within one tick look the same.
_CLOCK_TICK_NANOSECONDS = 20_000_000


def stat_fingerprint(status: os.stat_result) -> str:
    """What changes whenever a file is written, replaced or renamed: size, both times in nanoseconds, inode."""
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_ino}"


def read_file(path: str, max_bytes: int) -> bytes:
    """The bytes of a regular file. Raises UnreadableDocument."""
    try:
        # Without blocking, since a pipe may have taken the place of the file that was listed.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise UnreadableDocument("not_a_file", "Put a regular file in its place.")
            age = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)
            if 0 <= age < _CLOCK_TICK_NANOSECONDS:
                # Once the tick is over, whoever writes after this read leaves another fingerprint.
                time.sleep((_CLOCK_TICK_NANOSECONDS - age) / 1e9)
            content = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise UnreadableDocument("vanished", "It disappeared while being read; the next refresh settles it.") from None
    except PermissionError:
        raise UnreadableDocument("not_permitted", "Let the platform's user read the file.") from None
    except OSError as error:
        raise UnreadableDocument("read_failed", f"Check the disk or mount ({error.strerror}).") from None
    if len(content) > max_bytes:
        raise UnreadableDocument("too_large", f"Split it, or raise the limit of {max_bytes} bytes a document.")
    return content


class DirectorySource:
    """The files below a directory, in ascending order of path.

    Hidden files and junk are left out. A link to a file inside the directory is a document; one that leads out of it is
    unreadable; linked directories are not entered (what they show inside the tree is read at its own place).
    """

    def __init__(self, spec: SourceSpec, *, options: SourceOptions) -> None:
        self._location = spec.location
        self._root = os.path.realpath(os.path.expanduser(spec.location))
        self._selection = Selection(spec.include)
        self._options = options
        self._state: str | None = None

    def look(self) -> str:
        """A hash of the listing: one `stat` a file, nothing is read. Raises SourceUnavailable."""
        digest = hashlib.sha256()
        for path, fingerprint, entry in self._listing():
            told = entry.reason if isinstance(entry, Unreadable) else fingerprint
            digest.update(f"{path}\0{told}\n".encode())
        return digest.hexdigest()

    def scan(self, known: Known, *, full: bool = False) -> Iterator[Change]:
        """Every change since `known`; memory stays that of the widest directories. Raises SourceUnavailable."""
        self._state = None
        before = load_state(known, _TYPE)
        try:
            device = os.stat(self._root).st_dev
            with os.scandir(self._root) as entries:
                empty = next(entries, None) is None
        except OSError as error:
            raise self._unavailable(self._root, error) from None
        # A mount point without its mount is an empty directory on another device.
        if empty and before and before["device"] != device and next(known.files(), None) is not None:
            raise SourceUnavailable(
                f"{self._location} is empty and on another device than before, as if it were not mounted. "
                "Mount it again; if it is meant to be empty, put any file into it."
            )
        yield from compare(self._listing(), known.files(), self._describe, full=full)
        self._state = dump_state(_TYPE, device=device)

    def state(self) -> str:
        """The device that the directory lies on, as JSON; after a complete scan only."""
        if self._state is None:
            raise RuntimeError("The state of a source is known only after a complete scan.")
        return self._state

    def _describe(self, path: str, fingerprint: str, entry: _Entry) -> Change:
        if isinstance(entry, Unreadable):
            return entry
        read: Callable[[], bytes] = partial(read_file, entry, self._options.max_bytes)
        return Changed(path, (Revision(fingerprint=fingerprint, read=read, uri=Path(entry).as_uri()),))

    def _listing(self) -> Iterator[tuple[str, str, _Entry]]:
        """Path, fingerprint and entry of each document, ascending by path."""
        wants = self._selection.includes
        stack = self._children(self._root, "")
        while stack:
            path, entry = stack.pop()
            if path.endswith("/"):
                stack += self._children(entry.path, path)
                continue
            if not wants(path):
                continue
            if entry.is_symlink():
                linked = self._linked(path, entry.path)
                if linked is not None:
                    yield linked
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                yield (
                    path,
                    "",
                    Unreadable(path, "vanished", "It disappeared while being listed; the next refresh settles it."),
                )
                continue
            except OSError as error:
                raise self._unavailable(entry.path, error) from None
            if stat.S_ISREG(status.st_mode):
                yield path, stat_fingerprint(status), entry.path

    def _children(self, directory: str, prefix: str) -> list[tuple[str, os.DirEntry[str]]]:
        """What to list below a directory, last path first. A directory's path ends in "/", so that the order of
        siblings is that of the full paths below them: "a-b" before "a/x".
        """
        children = []
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    name = entry.name
                    if is_junk(name):
                        continue
                    path = prefix + name if name.isprintable() else prefix + safe_path(name)
                    children.append((path + "/" if entry.is_dir(follow_symlinks=False) else path, entry))
        except OSError as error:
            raise self._unavailable(directory, error) from None
        children.sort(key=itemgetter(0), reverse=True)
        return children

    def _linked(self, path: str, link: str) -> tuple[str, str, _Entry] | None:
        try:
            target = os.path.realpath(link, strict=True)
            status = os.stat(target)
        except OSError:
            return (
                path,
                "",
                Unreadable(path, "broken_link", "Point the link at a file inside the source, or remove it."),
            )
        if not (target + os.sep).startswith(self._root.rstrip(os.sep) + os.sep):
            return path, "", Unreadable(path, "link_leads_outside", "Put a copy of what it points at into the source.")
        return (path, stat_fingerprint(status), target) if stat.S_ISREG(status.st_mode) else None

    def _unavailable(self, place: str, error: OSError) -> SourceUnavailable:
        return SourceUnavailable(
            f"{place} cannot be listed ({error.strerror}). Check that it exists, is mounted, and that the "
            "platform's user may read it; nothing was taken as deleted."
        )
