"""The champion of a task: who it is, and its verified files on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from assets.lineage.model_tables import promotions
from assets.models.artifacts import loading, local_copies
from assets.models.artifacts.finding import NoModel
from assets.models.promotion import pointer
from assets.models.promotion.decisions import PROMOTED, champions, decided
from assets.models.promotion.pointer import Pointer, PointerDamaged

if TYPE_CHECKING:
    from assets.platform import Platform


def champion(platform: "Platform", task: str) -> Pointer | None:
    """What is served for a task; None where nothing was promoted yet.

    Raises PointerDamaged where no recorded decision made the pointer say so, and StorageError.
    """
    present = pointer.read(platform.objects, task)
    if present is None:
        return None
    query = select(promotions.c.decision).where(
        promotions.c.decision == present.decision,
        promotions.c.task == task,
        promotions.c.version == present.version,
        promotions.c.outcome == PROMOTED,
    )
    with platform.catalogue.read() as connection:
        if connection.execute(query).first() is None:
            raise PointerDamaged(task, "names a model that no decision recorded here has promoted")
    return present


def load_champion(platform: "Platform", task: str) -> Path:
    """The folder with the champion's files, each verified; the folder's name is its version. Copies of other models that nobody
    used for an hour go, but for the champion before this one, to which a rollback leads.

    Raises NoModel where there is no champion, PointerDamaged, ModelDamaged, Busy, StorageError.
    """
    present = champion(platform, task)
    if present is None:
        raise NoModel(f"no model of {task} is served yet: train one with hrdp train --task {task}")
    place = loading.load(platform, present.version)
    unused = local_copies.unused(platform.home, task) - {present.version}
    if unused:
        with platform.catalogue.read() as connection:
            kept = champions(decided(connection, task))[-2:]
        local_copies.remove(platform, task, unused.difference(kept))
    return place
