"""Resumes in files of their own, in a folder or a ZIP archive, beside a listing that says which label each has."""

import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol, TypeVar, cast

from assets.documents.parsing.limits import MAX_RAW_BYTES
from assets.labels.reading.content import Content, endings
from assets.labels.reading.limits import FREE_BYTES, MAX_FILES, MAX_RATIO
from assets.labels.reading.refusals import Unusable

Read = TypeVar("Read")
_LISTINGS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})
_LONGEST_PATH = 1_000


class Place(Protocol):
    """Where the files are that rows name."""

    def names(self) -> Iterator[PurePosixPath]:
        """Every file below it, hidden ones left out. Raises Unusable."""

    def read(self, name: PurePosixPath) -> bytes:
        """A file, cut behind the most that a parser takes. Raises Unusable."""

    def content(self, name: PurePosixPath) -> Content:
        """A file as it may be read in pieces. Raises Unusable."""


class Nowhere:
    """No place at all: the content came without one."""

    def names(self) -> Iterator[PurePosixPath]:
        return iter(())

    def read(self, name: PurePosixPath) -> bytes:
        raise Unusable("file_missing")

    def content(self, name: PurePosixPath) -> Content:
        raise Unusable("file_missing")


class Folder:
    """The files below a folder. No link leads out of it."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()

    def names(self) -> Iterator[PurePosixPath]:
        count = 0
        for folder, folders, files in os.walk(self._path):
            folders.sort()
            for file in sorted(files):
                name = PurePosixPath(Path(folder, file).relative_to(self._path).as_posix())
                if _is_hidden(name):
                    continue
                count += 1
                if count > MAX_FILES:
                    raise Unusable("too_many_files")
                yield name

    def read(self, name: PurePosixPath) -> bytes:
        path = self._inside(name)
        try:
            with path.open("rb") as file:
                return file.read(MAX_RAW_BYTES + 1)
        except OSError:
            raise Unusable("file_missing") from None

    def content(self, name: PurePosixPath) -> Content:
        return Content.of(self._inside(name))

    def _inside(self, name: PurePosixPath) -> Path:
        try:
            path = (self._path / name).resolve()
            if not path.is_relative_to(self._path):
                raise Unusable("file_outside")
            # A pipe or a device would never end.
            if not path.is_file():
                raise Unusable("file_missing")
        except (OSError, ValueError):
            raise Unusable("file_missing") from None
        return path


class Archive:
    """The files of a ZIP archive; it is never unpacked to a disk. A context manager."""

    def __init__(self, content: Content) -> None:
        """Raises Unusable: corrupt, truncated, too_many_files."""
        self._stack = ExitStack()
        try:
            self._archive = zipfile.ZipFile(self._stack.enter_context(content.open()))
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
            self._stack.close()
            raise Unusable(
                "corrupt", "The archive is damaged or ends too early, so that no row can be read: write it again."
            ) from None
        if len(self._archive.infolist()) > MAX_FILES:
            self._stack.close()
            raise Unusable("too_many_files")
        self._members = {
            PurePosixPath(member.filename.replace("\\", "/")): member
            for member in self._archive.infolist()
            if not member.is_dir()
        }
        self._unpacked = self._packed = 0

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def names(self) -> Iterator[PurePosixPath]:
        return (name for name in self._members if not _is_hidden(name))

    @property
    def is_word_file(self) -> bool:
        """Whether the archive is a Word file rather than one of resumes."""
        return PurePosixPath("[Content_Types].xml") in self._members and any(
            name.parts[0] == "word" for name in self._members
        )

    def read(self, name: PurePosixPath) -> bytes:
        with self._open(name) as file:
            raw = _checked(partial(file.read, MAX_RAW_BYTES + 1))
        self._unpacked += len(raw)
        self._packed += self._members[name].compress_size
        if self._unpacked > FREE_BYTES and self._unpacked > MAX_RATIO * self._packed:
            raise Unusable("zip_bomb")
        return raw

    def content(self, name: PurePosixPath) -> Content:
        return Content(lambda: cast(IO[bytes], _Member(self._open(name))), endings(name))

    def _open(self, name: PurePosixPath) -> IO[bytes]:
        info = self._members.get(name)
        if info is None:
            raise Unusable("file_missing")
        if info.flag_bits & 1:
            raise Unusable("encrypted")
        # The library gives no more than the archive says that there is.
        if info.file_size > FREE_BYTES and info.file_size > MAX_RATIO * info.compress_size:
            raise Unusable("zip_bomb")
        return _checked(partial(self._archive.open, info))


class _Member(io.RawIOBase):
    """A file of an archive, read in pieces; damage is told as Unusable."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = _checked(lambda: self._file.read(len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def listing(place: Place) -> PurePosixPath:
    """The CSV or JSON lines nearest to the top of a place, which say what the files' labels are. Raises Unusable."""
    found = [name for name in place.names() if _LISTINGS.intersection(endings(name))]
    if not found:
        raise Unusable("no_listing")
    depth = min(len(name.parts) for name in found)
    nearest = [name for name in found if len(name.parts) == depth]
    if len(nearest) > 1:
        raise Unusable("several_listings")
    return nearest[0]


def file_named(value: Any, beside: PurePosixPath) -> PurePosixPath:
    """The file that a row names; paths count from the folder that the listing lies in. Raises Unusable."""
    if value is None:
        raise Unusable("no_file")
    if not isinstance(value, str) or len(value) > _LONGEST_PATH or "\x00" in value:
        raise Unusable("file_missing")
    name = PurePosixPath(value.strip().replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or (name.parts and name.parts[0].endswith(":")):
        raise Unusable("file_outside")
    return beside / name


def _is_hidden(name: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.parts)


def _checked(act: Callable[[], Read]) -> Read:
    try:
        return act()
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
        raise Unusable("corrupt", "The file is damaged inside its archive: write the archive again.") from None
