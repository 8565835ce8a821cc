"""Erases a person: the key and what was predicted of their texts first, then every row, object, dataset text and derived file
that holds something of them. Models that were trained on one of those datasets are named.

Each step can be repeated; what a killed call left undone the next one does.

A recorded prediction names its text by a keyed hash alone, so that those of a person are found by the person's originals, and
only while these can be opened. Of a text that never came in as a label, or came in otherwise (with a first line, say, that the
intake dropped), nobody can tell whose it was: its prediction holds no word of it and stays, and so does one that is recorded
after the erasure, of a file that somebody kept.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, select, update

from assets.documents.intake import in_batches
from assets.labels.erased import PERSON_ERASED, PREDICTIONS_ERASED, predictions_erased, proof
from assets.labels.erasure import Erasure, Removed, told
from assets.labels.intake.adding import INTAKE_LOCK
from assets.labels.intake.arrival import remove_unfinished
from assets.labels.intake.batches import read_rows, rows_schema
from assets.labels.intake.record_file import as_object
from assets.labels.intake.unsettled import note, settle_all
from assets.labels.normalizing import text_hash
from assets.labels.snapshots.forgetting import forget
from assets.labels.tasks import TASKS
from assets.labels.vault.originals import originals_of, originals_schema, read_originals
from assets.labels.vault.persons import PersonUnknown, destroy_key, known_persons
from assets.labels.vault.vault import PERSON_ID, SealBroken
from assets.labels.warehouse.files import remove_warehouse
from assets.lineage import ledger
from assets.lineage.label_tables import label_batches, label_rows, persons
from assets.lineage.model_tables import predictions
from assets.models.serving.recorded import erase_outputs
from assets.platform import Platform
from assets.storage.blobs import ObjectCorrupt
from assets.storage.hashing import content_hash
from assets.storage.objects import ObjectMissing

_WAIT_SECONDS = 3600
_AT_ONCE = 500
Progress = Callable[[str], None]


def erase(platform: Platform, person: str, progress: Progress = lambda _: None) -> Erasure:
    """Erases a person, by the id that a file gave or by the platform's own (`person-…`). Done again, it tells the same, but
    for models that were trained or promoted meanwhile.

    Waits for intakes and builds that are under way. `progress` hears of each step. Raises PersonUnknown, VaultUnavailable,
    Busy, StorageError, CatalogueUnavailable.
    """
    person_id = _known(platform, person)
    with _alone(platform):
        with platform.catalogue.read() as connection:
            batches = _batches(connection, person_id)
        _destroy_key(platform, person_id, batches, progress)
        with platform.catalogue.read() as connection:
            is_recorded = proof(connection, person_id) is not None
        if batches or not is_recorded:
            _remove(platform, person_id, batches, progress)
        progress("deleting what nothing refers to any more")
        remove_unfinished(platform)
        settle_all(platform)
        with platform.catalogue.read() as connection:
            predicted = [predictions.name] if predictions_erased(connection, person_id) else []
        platform.catalogue.scrub([persons.name, label_rows.name, *predicted])
        return told(platform, person_id)


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


def _destroy_key(platform: Platform, person_id: str, batches: list[Any], progress: Progress) -> None:
    """Destroys the key, and in the same transaction what was predicted of the texts that it opens: they can't be found later."""
    progress("looking for predictions")
    texts = _originals(platform, person_id, batches, progress)
    progress("destroying the key")
    with platform.catalogue.write() as connection:
        count = erase_outputs(connection, platform.vault, texts)
        if count:
            ledger.append(connection, PREDICTIONS_ERASED, person_id, {"predictions": count})
        destroy_key(connection, person_id)


def _originals(platform: Platform, person_id: str, batches: list[Any], progress: Progress) -> list[str]:
    """Hashes of the person's texts as they came in, as far as they can still be opened."""
    found: set[str] = set()
    try:
        with platform.catalogue.read() as connection:
            keys = known_persons(connection, platform.vault, [person_id]).keys
        for batch in batches if keys else []:
            stored = read_originals(platform.blobs.get(batch.originals_blob))
            opened = originals_of(keys[person_id], person_id, batch.batch_id, stored)
            found.update(text_hash(each.text) for each in opened)
    except (SealBroken, ObjectCorrupt, ObjectMissing):
        # The key goes all the same: it opens what may lie in other places.
        progress("some of the person's originals can't be opened: predictions of those can't be found, and stay")
    return sorted(found)


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
        ledger.append(connection, PERSON_ERASED, person_id, payload)


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
