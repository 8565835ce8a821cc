"""A model's objects under `models/TASK/VERSION/`: files first, then the manifest, the signature last."""

from collections.abc import Mapping
from pathlib import Path

from assets.labels.snapshots.storing import put_right
from assets.models.artifacts.manifest import MANIFEST, SIGNATURE
from assets.models.artifacts.verifying import Verified, verify_files
from assets.storage.objects import ObjectMissing, ObjectStore

PREFIX = "models/"
ADVICE = "bring its files back from a backup, or train it again with hrdp train, which gives the same files"


def folder(task: str, version: str) -> str:
    """The beginning of the keys of a version's objects."""
    return f"{PREFIX}{task}/{version}/"


def write(store: ObjectStore, task: str, version: str, files: Mapping[str, Path]) -> None:
    """Writes a packaged model, manifest and signature among its files; whatever a killed call left is put right."""
    ordered = [*sorted(files.keys() - {MANIFEST, SIGNATURE}), MANIFEST, SIGNATURE]
    for name in ordered:
        data = files[name].read_bytes()
        put_right(store, folder(task, version) + name, data, data.__eq__)
    store.flush()


def names_of(store: ObjectStore, task: str, version: str) -> dict[str, str]:
    """The names of the objects that are there, each with its etag."""
    place = folder(task, version)
    return {info.key.removeprefix(place): info.etag for info in store.list(place)}


def read(store: ObjectStore, task: str, version: str, name: str) -> bytes | None:
    """One object of a version; None where it is gone."""
    try:
        return store.get(folder(task, version) + name)
    except ObjectMissing:
        return None


def verify(store: ObjectStore, task: str, version: str, keys: Mapping[str, bytes]) -> Verified:
    """Reads a stored model in full and compares everything. Raises ModelDamaged and StorageError."""
    names = names_of(store, task, version)
    return verify_files(version, names, lambda name: read(store, task, version, name), keys, ADVICE)
