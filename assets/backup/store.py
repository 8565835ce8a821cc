"""The place where backups lie: content named by its SHA-256, shared by all backups of a prefix, and one manifest a backup."""

import gzip
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from assets.backup import manifest
from assets.backup.manifest import Manifest, Part
from assets.documents.registry import without_secrets
from assets.platform import Settings
from assets.storage.hashing import content_hash
from assets.storage.objects import ObjectMissing, ObjectStore
from assets.storage.open import open_objects

_CONTENT = "content"
_MANIFESTS = "backups"
_ENTRIES_A_PART = 10_000


class BackupUnusable(Exception):
    """There is no such backup, or it is not what was written; the message names the object and says what to do."""


class BackupStore:
    """Backups under one object-store prefix."""

    def __init__(self, address: str, settings: Settings) -> None:
        """Of the settings, those that say how S3 is reached are used. Raises BackupUnusable for an address that is none or
        is among the platform's own objects, StoreUnavailable."""
        self.address = without_secrets(address)
        if overlap(address, settings.objects_url):
            raise BackupUnusable(
                "the prefix of a backup can't be, hold or lie in the platform's own object store: give another one"
            )
        try:
            self.objects: ObjectStore = open_objects(
                address,
                s3_endpoint=settings.s3_endpoint or None,
                s3_encryption=settings.s3_encryption or None,
                s3_kms_key=settings.s3_kms_key or None,
            )
        except ValueError as problem:
            raise BackupUnusable(f"backups can't be kept there: {problem}") from None

    def put(self, data: bytes, entries: int = 0) -> Part:
        """Keeps content, unless it is there already."""
        part = Part(content_hash(data), len(data), entries)
        if not self.holds(part):
            self.objects.put(content_key(part.sha256), data)
        return part

    def holds(self, part: Part) -> bool:
        """Whether content of that hash and size is there; it is not read."""
        present = self.objects.head(content_key(part.sha256))
        return present is not None and present.size == part.size

    def get(self, sha256: str) -> bytes:
        """Content by its hash. Raises BackupUnusable where it is gone or changed."""
        key = content_key(sha256)
        try:
            data = self.objects.get(key)
        except ObjectMissing:
            raise BackupUnusable(
                f"the backup is damaged: the object {key} in {self.address} is gone. Nothing was restored: bring it back,"
                " or restore another backup (--backup)"
            ) from None
        if content_hash(data) != sha256:
            raise BackupUnusable(
                f"the backup is damaged: the object {key} in {self.address} has another content than was written. Nothing"
                " was restored: bring it back from a copy; or remove it and take a new backup, where the platform lives"
            )
        return data

    def put_entries(self, entries: Iterable[Any]) -> Iterator[Part]:
        """Keeps JSON values in compressed parts of ten thousand, as JSON Lines; streamed."""
        iterator = iter(entries)
        while batch := list(islice(iterator, _ENTRIES_A_PART)):
            lines = "".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in batch)
            # Without a time in it the same entries are the same content, and are kept once.
            yield self.put(gzip.compress(lines.encode(), compresslevel=5, mtime=0), len(batch))

    def entries(self, parts: Iterable[Part]) -> Iterator[Any]:
        """The JSON values again, in order; streamed. Raises BackupUnusable."""
        for part in parts:
            # Only line feeds end a line here: texts may hold other separators.
            for line in gzip.decompress(self.get(part.sha256)).split(b"\n"):
                if line:
                    yield json.loads(line)

    def seal(self, made: Manifest) -> None:
        """Writes the manifest, when all else would survive a loss of power: from now on the backup is one."""
        self.objects.flush()
        self.objects.put(_manifest_key(made.backup_id), made.dump(), if_absent=True)
        self.objects.flush()

    def manifest(self, backup_id: str | None) -> Manifest:
        """One backup's manifest, or the latest one's. Raises BackupUnusable."""
        known = self.backup_ids()
        if not known:
            raise BackupUnusable(f"there is no backup at {self.address}: give the prefix that hrdp backup was given")
        chosen = known[-1] if backup_id is None else backup_id
        if chosen not in known:
            raise BackupUnusable(
                f"there is no backup '{chosen}' at {self.address}; there are: {', '.join(known[-10:])}"
            )
        key = _manifest_key(chosen)
        try:
            made = manifest.load(self.objects.get(key))
        except ValueError as problem:
            raise BackupUnusable(f"the object {key} in {self.address} can't be used: it is {problem}") from None
        if made.backup_id != chosen:
            raise BackupUnusable(f"the object {key} in {self.address} can't be used: it is not the backup of its name")
        return made

    def backup_ids(self) -> list[str]:
        """The backups that are whole, the latest one last."""
        listed = (info.key for info in self.objects.list(f"{_MANIFESTS}/"))
        return [key.removeprefix(f"{_MANIFESTS}/").removesuffix(".json") for key in listed]


def content_key(sha256: str) -> str:
    """Where content of a hash lies: in 256 folders by its first byte."""
    return f"{_CONTENT}/{sha256[:2]}/{sha256}"


def overlap(one: str, other: str) -> bool:
    """Whether one address of an object store is the other or lies within it."""
    first, second = _place(one), _place(other)
    length = min(len(first), len(second))
    return first[:length] == second[:length]


def _place(address: str) -> tuple[str, ...]:
    if "://" not in address:
        return ("", *Path(address).expanduser().resolve().parts)
    parts = urlsplit(address)
    if parts.scheme == "file":
        return ("", *Path(unquote(parts.path)).resolve().parts)
    return (parts.scheme, parts.netloc, *(part for part in parts.path.split("/") if part))


def _manifest_key(backup_id: str) -> str:
    return f"{_MANIFESTS}/{backup_id}.json"
