"""Copies a platform's objects into a backup and out of it again, some at a time, each verified by its hash."""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from assets.backup.store import BackupStore, content_key
from assets.models.artifacts.storing import PREFIX as MODELS
from assets.models.promotion.pointer import POINTER
from assets.storage.blobs import Blobs, ObjectCorrupt
from assets.storage.concurrency import at_once
from assets.storage.hashing import content_hash
from assets.storage.objects import ObjectInfo, ObjectMissing, ObjectStore


@dataclass(frozen=True, slots=True)
class KeptObject:
    """An object of the platform: its content lies in the backup under `sha256`. `copied` says whether it was written now."""

    key: str
    size: int
    sha256: str
    copied: bool = False

    def entry(self) -> list[Any]:
        """As the inventory lists it."""
        return [self.key, self.size, self.sha256]


def keep_all(objects: ObjectStore, backup: BackupStore) -> Iterator[KeptObject]:
    """Copies every object into the backup, and tells of each. What is there already by its hash is not read.

    Objects that are not named by their content come first, the champions' pointers before all: what they name is copied after
    them, so that it is there. Raises ObjectCorrupt for a blob that is no longer what it is named by.
    """
    blobs = Blobs(objects)
    pointers = [info for info in objects.list(MODELS) if _is_pointer(info)]
    yield from _kept(pointers, lambda info: _keep(objects, backup, info, None))
    others = (info for info in objects.list() if _blob_name(blobs, info.key) is None and not _is_pointer(info))
    yield from _kept(others, lambda info: _keep(objects, backup, info, None))
    listed = (info for info in objects.list() if _blob_name(blobs, info.key) is not None)
    for beginning, group in groupby(listed, key=lambda info: content_hash_of(info.key)[:2]):
        present = {info.key: info.size for info in backup.objects.list(content_key(beginning).rpartition("/")[0] + "/")}

        def keep(info: ObjectInfo, present: dict[str, int] = present) -> KeptObject | None:
            name = content_hash_of(info.key)
            if present.get(content_key(name)) == info.size:
                return KeptObject(info.key, info.size, name)
            return _keep(objects, backup, info, name)

        yield from _kept(group, keep)


def content_hash_of(key: str) -> str:
    """The hash in a blob's key."""
    return key.rpartition("/")[2]


def bring_back(
    entries: Iterable[list[Any]], backup: BackupStore, objects: ObjectStore, present: Container[str]
) -> Iterator[KeptObject]:
    """Copies the inventory's objects into a platform's store, and tells of each. Those whose keys are `present` there already
    are read and compared.

    Raises BackupUnusable.
    """

    def bring(entry: list[Any]) -> KeptObject:
        key, size, sha256 = entry
        if key in present and content_hash(objects.get(key)) == sha256:
            return KeptObject(key, size, sha256)
        objects.put(key, backup.get(sha256))
        return KeptObject(key, size, sha256, copied=True)

    return at_once(bring, entries)


def _kept(infos: Iterable[ObjectInfo], keep: Callable[[ObjectInfo], KeptObject | None]) -> Iterator[KeptObject]:
    return (kept for kept in at_once(keep, infos) if kept is not None)


def _keep(objects: ObjectStore, backup: BackupStore, info: ObjectInfo, name: str | None) -> KeptObject | None:
    try:
        data = objects.get(info.key)
    except ObjectMissing:
        # Erased since it was listed. Whether the catalogue's moment needs it is asked in the end.
        return None
    if name is None:
        part = backup.put(data)
        return KeptObject(info.key, part.size, part.sha256, copied=True)
    if content_hash(data) != name:
        raise ObjectCorrupt(info.key)
    backup.objects.put(content_key(name), data)
    return KeptObject(info.key, len(data), name, copied=True)


def _is_pointer(info: ObjectInfo) -> bool:
    return info.key.startswith(MODELS) and info.key.endswith(f"/{POINTER}")


def _blob_name(blobs: Blobs, key: str) -> str | None:
    """The hash that an object is named by; None for one that may change under its key."""
    name = content_hash_of(key)
    try:
        return name if blobs.key(name) == key else None
    except ValueError:
        return None
