"""Erases a person: the key first, then every row, object, dataset text and derived file that holds something of them.

Each step can be repeated; what a killed call left undone the next one does.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from assets.documents.intake import in_batches
from assets.labels.intake.adding import INTAKE_LOCK
from assets.labels.intake.arrival import remove_unfinished
from assets.labels.intake.batches import read_rows, rows_schema
from assets.labels.intake.record_file import as_object
from assets.labels.intake.unsettled import note, settle_all
from assets.labels.snapshots.forgetting import forget
from assets.labels.tasks import TASKS
from assets.labels.vault.originals import originals_schema, read_originals
from assets.labels.vault.persons import PersonUnknown, destroy_key
from assets.labels.vault.vault import PERSON_ID
from assets.labels.warehouse.files import remove_warehouse
from assets.lineage import ledger, schema
from assets.lineage.label_tables import label_batches, label_rows, persons
from assets.platform import Platform
from assets.storage.hashing import content_hash

_WAIT_SECONDS = 3600
_AT_ONCE = 500
_KIND = "person.erased"
Progress = Callable[[str], None]


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
class Erasure:
    """A person who was erased. `snapshots` are the versions that held them; `backups` were taken while their key was there,
    and have to be removed where they lie. `proof` is the hash of the ledger's entry."""

    person_id: str
    batches: tuple[str, ...]
    snapshots: tuple[str, ...]
    backups: tuple[str, ...]
    removed: Removed
    proof: str


def erase(platform: Platform, person: str, progress: Progress = lambda _: None) -> Erasure:
    """Erases a person, by the id that a file gave or by the platform's own (`person-…`). Done again, it tells the same.

    Waits for intakes and builds that are under way. `progress` hears of each step. Raises PersonUnknown, VaultUnavailable,
    Busy, StorageError, CatalogueUnavailable.
    """
    person_id = _known(platform, person)
    with _alone(platform):
        progress("destroying the key")
        with platform.catalogue.write() as connection:
            destroy_key(connection, person_id)
        with platform.catalogue.read() as connection:
            batches = _batches(connection, person_id)
            is_recorded = _entry(connection, person_id) is not None
        if batches or not is_recorded:
            _remove(platform, person_id, batches, progress)
        progress("deleting what nothing refers to any more")
        remove_unfinished(platform)
        settle_all(platform)
        platform.catalogue.scrub([persons.name, label_rows.name])
        with platform.catalogue.read() as connection:
            return _told(connection, person_id)


def _known(platform: Platform, person: str) -> str:
    given = person.strip()
    possible = [platform.vault.person_of_id(given), *([given] if PERSON_ID.fullmatch(given) else [])]
    query = select(persons.c.person_id).where(persons.c.person_id.in_(possible))
    with platform.catalogue.read() as connection:
        found = connection.execute(query).scalar()
    if found is None:
        raise PersonUnknown(
            "no labelled resume of that person came in: give the id as the file had it, or the platform's own, which begins"
            " with person-"
        )
    return str(found)


@contextmanager
def _alone(platform: Platform) -> Iterator[None]:
    with ExitStack() as held:
        for lock in (INTAKE_LOCK, *(f"labels/{task}" for task in sorted(TASKS))):
            held.enter_context(platform.locks.hold(lock, wait_seconds=_WAIT_SECONDS))
        yield


def _remove(platform: Platform, person_id: str, batches: list[Any], progress: Progress) -> None:
    with platform.catalogue.read() as connection:
        texts = _own_texts(connection, person_id)
    progress("taking the texts out of the datasets")
    snapshots = forget(platform, texts)
    tasks = sorted({batch.task for batch in batches})
    for task in tasks:
        remove_warehouse(platform, task)
    progress("writing the batches anew")
    rewritten = {batch.batch_id: _rewritten(platform, person_id, batch) for batch in batches}
    platform.blobs.flush()
    with platform.catalogue.write() as connection:
        for name, (rows, originals) in rewritten.items():
            connection.execute(
                update(label_batches)
                .where(label_batches.c.batch_id == name)
                .values(rows_blob=rows, originals_blob=originals)
            )
        count = connection.execute(delete(label_rows).where(label_rows.c.person_id == person_id)).rowcount
        removed = Removed(count, count, 2 * len(rewritten), len(texts), tuple(tasks))
        payload = {"batches": list(rewritten), "snapshots": sorted(snapshots), "removed": asdict(removed)}
        ledger.append(connection, _KIND, person_id, payload)


def _rewritten(platform: Platform, person_id: str, batch: Any) -> tuple[str, str]:
    """The hashes of a batch's two objects without a person; both the new and the old ones are noted, whichever stays."""
    rows = as_object(
        (row for row in read_rows(platform.blobs.get(batch.rows_blob)) if row.person_id != person_id),
        rows_schema(batch.batch_id),
    )
    originals = as_object(
        (each for each in read_originals(platform.blobs.get(batch.originals_blob)) if each.person_id != person_id),
        originals_schema(batch.batch_id),
    )
    names = [content_hash(rows), content_hash(originals)]
    note(platform, f"{person_id}-{batch.batch_id}", [*names, batch.rows_blob, batch.originals_blob])
    return platform.blobs.put(rows), platform.blobs.put(originals)


def _batches(connection: Connection, person_id: str) -> list[Any]:
    own = select(label_rows.c.batch_id).where(label_rows.c.person_id == person_id)
    query = select(label_batches).where(label_batches.c.batch_id.in_(own)).order_by(label_batches.c.sequence)
    return list(connection.execute(query))


def _own_texts(connection: Connection, person_id: str) -> set[str]:
    """Hashes of texts that are this person's alone: what another one's resume says too, word for word, stays."""
    query = select(label_rows.c.text_hash).where(label_rows.c.person_id == person_id)
    texts: set[str] = set(connection.execute(query).scalars())
    shared: set[str] = set()
    for some in in_batches(sorted(texts), _AT_ONCE):
        query = select(label_rows.c.text_hash).where(
            label_rows.c.text_hash.in_(some), label_rows.c.person_id != person_id
        )
        shared.update(connection.execute(query).scalars())
    return texts - shared


def _entry(connection: Connection, person_id: str) -> Any:
    table = schema.ledger
    query = select(table).where(table.c.subject == person_id, table.c.kind == _KIND)
    return connection.execute(query.order_by(table.c.sequence.desc()).limit(1)).first()


def _told(connection: Connection, person_id: str) -> Erasure:
    entry = _entry(connection, person_id)
    payload = json.loads(entry.payload)
    removed = payload["removed"]
    known = connection.execute(select(persons).where(persons.c.person_id == person_id)).one()
    table = schema.ledger
    query = select(table.c.subject).where(
        table.c.kind == "backup.taken", table.c.at >= known.added_at, table.c.at <= entry.at
    )
    backups: list[str] = list(connection.execute(query.order_by(table.c.sequence)).scalars())
    return Erasure(
        person_id=person_id,
        batches=tuple(payload["batches"]),
        snapshots=tuple(payload["snapshots"]),
        backups=tuple(backup.removeprefix("backup/") for backup in backups),
        removed=Removed(**{**removed, "warehouses": tuple(removed["warehouses"])}),
        proof=entry.hash,
    )
