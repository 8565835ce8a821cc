"""What an object store does, whichever is behind it: whole objects by key, each write atomic, conditional where asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

RESERVED_PART = ".store"
"""The first part of no key: stores keep what is their own below it."""

LONGEST_PART = 255
"""Bytes of one part of a key in UTF-8, as file systems have it."""

LONGEST_KEY = 1024
"""Bytes of a key in UTF-8, as S3 has it."""


class StorageError(Exception):
    """What every error of an object store is. Its text is one sentence that says what to do."""


class ObjectMissing(StorageError):
    """There is no object under the key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no object {key!r} in the store.")
        self.key = key


class PreconditionFailed(StorageError):
    """The object was there already, or is not what it was: somebody else wrote first. Nothing was changed."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Somebody else wrote the object {key!r} in the meantime: read it again and decide anew.")
        self.key = key


class StoreUnavailable(StorageError):
    """The store as a whole cannot do what was asked: disk full, read-only, no permission, no connection."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object without its content.

    `size` is in bytes, `modified` the time of the last write (UTC), `etag` a tag that differs between contents and is for
    `if_match` alone: stores make it in different ways.
    """

    key: str
    size: int
    etag: str
    modified: datetime


class ObjectStore(Protocol):
    """Whole objects by key. A key is a relative path with "/" between its parts, as `checked_key` allows; none may be the
    folder of another ("a" and "a/b").

    A reader sees an object as it was or as it is, never half of it, whatever happens to the writer. Every method
    raises ValueError for a key that is none, and StoreUnavailable.
    """

    def put(self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        """Writes an object and returns its etag.

        With `if_absent`, only where there is none; with `if_match`, only where the present one has that etag; else
        raises PreconditionFailed. Of several writers with the same condition exactly one wins.
        """
        ...

    def get(self, key: str) -> bytes:
        """An object's content. Raises ObjectMissing."""
        ...

    def head(self, key: str) -> ObjectInfo | None:
        """What is known of an object without reading it; None where there is none."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is an object under the key."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The objects whose key begins with `prefix` (any characters, not only whole parts), streamed in ascending
        order of key by Unicode code point.
        """
        ...

    def delete(self, key: str) -> None:
        """Removes an object; nothing happens where there is none."""
        ...

    def flush(self) -> None:
        """Returns when everything that this store object wrote or deleted would survive a loss of power."""
        ...


def checked_key(key: str) -> str:
    """The key itself. Raises ValueError for one that no store takes; the same rules hold for every store."""
    parts = key.split("/")
    if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF or character == "\x7f" for character in key):
        raise ValueError(f"The object key {key!r} has a control character in it: use plain names between '/'.")
    if any(part in ("", ".", "..") for part in parts) or parts[0] == RESERVED_PART:
        raise ValueError(f"The object key {key!r} has a part that is empty, '.', '..' or reserved: use plain names.")
    if len(key.encode()) > LONGEST_KEY or any(len(part.encode()) > LONGEST_PART for part in parts):
        raise ValueError(f"An object's key has at most {LONGEST_KEY} bytes, and {LONGEST_PART} between two '/'.")
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself. Raises ValueError where no key could begin with it."""
    folder, slash, _ = prefix.rpartition("/")
    if slash:
        checked_key(folder)
    return prefix


def checked_condition(if_absent: bool, if_match: str | None) -> None:
    """Raises ValueError for a put that asks for two conditions that exclude each other."""
    if if_absent and if_match is not None:
        raise ValueError("An object cannot be both absent and unchanged: use if_absent or if_match.")
