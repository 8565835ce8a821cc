"""A file's bytes, plain or gzip-compressed, read in pieces and from the beginning as often as is needed."""

import stat
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path, PurePath
from typing import IO, Protocol

from assets.labels.reading.limits import FREE_BYTES, MAX_RATIO, PIECE
from assets.labels.reading.refusals import Unusable

_GZIP = b"\x1f\x8b"


class LabelsUnavailable(Exception):
    """The file or folder can't be opened at all; the message says what to do and holds no name."""


class Reader(Protocol):
    """What is read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end. Raises Unusable."""

    def close(self) -> None:
        """Give back what is held."""


def endings(name: PurePath) -> tuple[str, ...]:
    """The ending of a name in lower case, and `.gz` behind it where it is compressed; none where there is none."""
    suffixes = [suffix.lower() for suffix in name.suffixes]
    return tuple(suffixes[-2:] if suffixes[-1:] == [".gz"] else suffixes[-1:])


class Content:
    """What a file holds. `suffixes` are the `endings` of its name."""

    def __init__(self, open_it: Callable[[], IO[bytes]], suffixes: tuple[str, ...] = ()) -> None:
        self.open = open_it
        self.suffixes = suffixes

    @classmethod
    def of(cls, source: Path | bytes) -> "Content":
        """The content of a file or of bytes. Raises LabelsUnavailable."""
        if isinstance(source, bytes):
            return cls(lambda: BytesIO(source))
        try:
            if not stat.S_ISREG(source.stat().st_mode):
                raise LabelsUnavailable("What is named is neither a file nor a folder: name one of them.")
            source.open("rb").close()
        except OSError as problem:
            raise LabelsUnavailable(
                f"The file can't be read ({problem.strerror}): check that it exists and that this user may read it."
            ) from None
        return cls(lambda: source.open("rb"), endings(source))

    def beginning(self, size: int) -> bytes:
        """Its first bytes."""
        with self.open() as file:
            return file.read(size)

    @property
    def is_compressed(self) -> bool:
        return self.beginning(2) == _GZIP

    def unpacked(self) -> Reader:
        """The bytes without compression, from the beginning. Reading raises Unusable: truncated, corrupt, zip_bomb."""
        return _Unpacked(self.open()) if self.is_compressed else self.open()


class _Unpacked:
    """The content of a gzip file, which may have several members, as long as it doesn't grow beyond belief."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._member = zlib.decompressobj(wbits=31)
        self._packed = b""
        self._read = self._given = 0
        self._ended = False

    def read(self, size: int, /) -> bytes:
        while True:
            if self._member.eof:
                self._packed = (self._member.unused_data or self._next_piece()).lstrip(b"\x00")
                if not self._packed:
                    if self._ended:
                        return b""
                    continue
                self._member = zlib.decompressobj(wbits=31)
            elif not self._packed:
                self._packed = self._next_piece()
                if not self._packed:
                    raise Unusable("truncated")
            try:
                piece = self._member.decompress(self._packed, size)
            except zlib.error:
                raise Unusable("corrupt") from None
            self._packed = self._member.unconsumed_tail
            self._given += len(piece)
            if self._given > FREE_BYTES and self._given > MAX_RATIO * self._read:
                raise Unusable("zip_bomb")
            if piece:
                return piece

    def close(self) -> None:
        self._file.close()

    def _next_piece(self) -> bytes:
        piece = self._file.read(PIECE)
        self._read += len(piece)
        self._ended = not piece
        return piece
