"""What an erasure took away and where the person had gone, as it is told afterwards."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from assets.labels.erased import predictions_erased, proof
from assets.lineage import schema
from assets.lineage.label_tables import persons
from assets.models.artifacts.finding import trained_on
from assets.models.promotion.champion import champion
from assets.models.promotion.pointer import PointerDamaged
from assets.platform import Platform


@dataclass(frozen=True, slots=True)
class Removed:
    """What an erasure took away: `rows` and their `originals`, from `objects` that were written anew without them, `texts` from
    the snapshots, and the `warehouses` (of tasks), which the next builds make again."""

    rows: int
    originals: int
    objects: int
    texts: int
    warehouses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model that was trained on a dataset which held the person; `is_champion`: it is the one that is served now."""

    version: str
    task: str
    dataset_version: str
    is_champion: bool


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person who was erased. `snapshots` are the versions that held them, `models` what was trained on those;
    `predictions` counts those of their texts, of which only the keyed record is left. `backups` were taken while their key was
    there, and have to be removed where they lie. `proof` is the hash of the ledger's entry."""

    person_id: str
    batches: tuple[str, ...]
    snapshots: tuple[str, ...]
    models: tuple[TrainedModel, ...]
    predictions: int
    backups: tuple[str, ...]
    removed: Removed
    proof: str


def told(platform: Platform, person_id: str) -> Erasure:
    """An erasure that was carried out, from the ledger. Raises StorageError, CatalogueUnavailable."""
    table = schema.ledger
    with platform.catalogue.read() as connection:
        entry = proof(connection, person_id)
        assert entry is not None
        known = connection.execute(select(persons).where(persons.c.person_id == person_id)).one()
        query = select(table.c.subject).where(
            table.c.kind == "backup.taken", table.c.at >= known.added_at, table.c.at <= entry.at
        )
        backups: list[str] = list(connection.execute(query.order_by(table.c.sequence)).scalars())
        predicted = predictions_erased(connection, person_id)
    payload = json.loads(entry.payload)
    removed = payload["removed"]
    return Erasure(
        person_id=person_id,
        batches=tuple(payload["batches"]),
        snapshots=tuple(payload["snapshots"]),
        models=tuple(_models(platform, payload["snapshots"])),
        predictions=predicted,
        backups=tuple(backup.removeprefix("backup/") for backup in backups),
        removed=Removed(**{**removed, "warehouses": tuple(removed["warehouses"])}),
        proof=entry.hash,
    )


def _models(platform: Platform, snapshots: list[str]) -> Iterator[TrainedModel]:
    with platform.catalogue.read() as connection:
        found = trained_on(connection, snapshots)
    champions = {task: _champion(platform, task) for task in {each.task for each in found}}
    for each in found:
        yield TrainedModel(each.version, each.task, each.dataset_version, each.version == champions[each.task])


def _champion(platform: Platform, task: str) -> str | None:
    try:
        present = champion(platform, task)
    except PointerDamaged:
        # No model of the task can be served then.
        return None
    return present.version if present else None
