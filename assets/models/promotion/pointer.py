"""The one object that says which model of a task is served: `models/TASK/champion.json`, moved last and only on a condition."""

import json
from dataclasses import dataclass

from assets.models.artifacts.manifest import canonical
from assets.models.artifacts.storing import PREFIX
from assets.storage.objects import ObjectMissing, ObjectStore, PreconditionFailed

POINTER = "champion.json"
FORMAT = 1


class PointerDamaged(Exception):
    """The pointer does not say what a decision made it say; the message says what to do."""

    def __init__(self, task: str, why: str) -> None:
        super().__init__(
            f"the champion's pointer {key_of(task)} {why}: bring it back from a backup, or remove it from the object store and"
            " choose a model with hrdp models promote"
        )


@dataclass(frozen=True, slots=True)
class Pointer:
    """What the pointer says: the version that is served, and by which decision, by its number; `etag` is the object's."""

    task: str
    version: str
    decision: int
    etag: str


def key_of(task: str) -> str:
    """The pointer's key."""
    return f"{PREFIX}{task}/{POINTER}"


def read(store: ObjectStore, task: str) -> Pointer | None:
    """Raises PointerDamaged and StorageError."""
    # The tag is asked for first: should the pointer move in between, what is decided by it fails its condition.
    info = store.head(key_of(task))
    if info is None:
        return None
    try:
        data = store.get(key_of(task))
    except ObjectMissing:
        return None
    try:
        content = json.loads(data)
        pointer = Pointer(task, content["version"], content["decision"], info.etag)
    except (ValueError, KeyError, TypeError):
        raise PointerDamaged(task, "can't be read") from None
    if data != _content(task, pointer.version, pointer.decision):
        raise PointerDamaged(task, "was changed")
    return pointer


def move(store: ObjectStore, task: str, version: str, decision: int, before: Pointer | None) -> bool:
    """Moves the pointer where it still is what it was `before`; whether it says then what was wanted."""
    data = _content(task, version, decision)
    try:
        if before is None:
            store.put(key_of(task), data, if_absent=True)
        else:
            store.put(key_of(task), data, if_match=before.etag)
    except PreconditionFailed:
        # A store may answer a repeated request so whose first try had reached it.
        present = read(store, task)
        return present is not None and (present.version, present.decision) == (version, decision)
    store.flush()
    return True


def _content(task: str, version: str, decision: int) -> bytes:
    return canonical({"format": FORMAT, "task": task, "version": version, "decision": decision})
