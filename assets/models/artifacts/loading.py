"""A stored model as a folder on this machine. Whatever is loaded is verified first, the local copy and what is in the store."""

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from assets.models.artifacts import local_copies, storing
from assets.models.artifacts.finding import find
from assets.models.artifacts.signing_key import trusted_keys
from assets.models.artifacts.verifying import ModelDamaged, verify_files
from assets.storage.hashing import content_hash
from assets.storage.objects import ObjectStore

if TYPE_CHECKING:
    from assets.platform import Platform

_WAIT_SECONDS = 600


def load(platform: "Platform", version: str) -> Path:
    """The folder of a model, by its version or its first characters; the folder's name is the version.

    It is fetched once. At each call every file of it is compared with its hash, and each object in the store that is not the
    one that was fetched is read again and compared too. Raises NoModel, ModelDamaged, Busy, StorageError.
    """
    with platform.catalogue.read() as connection:
        known = find(connection, version)
        keys = trusted_keys(connection)
    place = local_copies.place_of(platform.home, known.task, known.version)
    with platform.locks.hold(local_copies.lock_of(known.version), wait_seconds=_WAIT_SECONDS):
        if not place.is_dir():
            _fetch(platform.objects, known.task, known.version, place, keys)
        _verify_copy(known.version, place, keys)
        _verify_store(platform.objects, known.task, known.version, place)
        local_copies.note_use(place)
    return place


def _fetch(store: ObjectStore, task: str, version: str, place: Path, keys: dict[str, bytes]) -> None:
    unfinished = local_copies.unfinished_of(place)
    shutil.rmtree(unfinished, ignore_errors=True)
    # The etags are those from before the reading: what is written meanwhile is seen to be another object.
    etags = storing.names_of(store, task, version)

    def fetch(name: str) -> bytes | None:
        data = storing.read(store, task, version, name)
        if data is not None:
            file = unfinished / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        return data

    try:
        verify_files(version, etags, fetch, keys, storing.ADVICE)
        _remember(place, etags)
        os.replace(unfinished, place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _verify_copy(version: str, place: Path, keys: dict[str, bytes]) -> None:
    names = [file.relative_to(place).as_posix() for file in place.rglob("*") if not file.is_dir()]

    def read(name: str) -> bytes | None:
        try:
            return (place / name).read_bytes()
        except FileNotFoundError:
            return None

    verify_files(
        version, names, read, keys, f"remove the folder {place}, and it is fetched again from the object store"
    )


def _verify_store(store: ObjectStore, task: str, version: str, place: Path) -> None:
    """Compares what the store has now with the verified copy; only objects that were written since it was fetched are read."""
    etags = storing.names_of(store, task, version)
    fetched = _remembered(place)
    if etags == fetched:
        return
    names = {file.relative_to(place).as_posix() for file in place.rglob("*") if not file.is_dir()}
    for name in sorted(names | etags.keys()):
        if name not in names:
            raise ModelDamaged(version, f"{name} does not belong to it", storing.ADVICE)
        if name in etags and fetched.get(name) == etags[name]:
            continue
        data = storing.read(store, task, version, name)
        if data is None:
            raise ModelDamaged(version, f"{name} is missing in the object store", storing.ADVICE)
        if content_hash(data) != content_hash((place / name).read_bytes()):
            raise ModelDamaged(version, f"{name} in the object store is not what was packaged", storing.ADVICE)
    _remember(place, etags)


def _remember(place: Path, etags: dict[str, str]) -> None:
    file = local_copies.etags_of(place)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.unfinished")
    unfinished.write_text(json.dumps(etags, sort_keys=True))
    os.replace(unfinished, file)


def _remembered(place: Path) -> dict[str, str]:
    try:
        content = json.loads(local_copies.etags_of(place).read_bytes())
    except (FileNotFoundError, ValueError):
        content = None
    return content if isinstance(content, dict) else {}
