"""Batches in the catalogue: written in one transaction with all that belongs to them, and listed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, true

from assets.documents.intake import in_batches
from assets.labels.intake.settling import Claim
from assets.labels.model import Rejected
from assets.lineage import ledger
from assets.lineage.label_tables import label_batches, label_files, label_quarantine, label_rows
from assets.lineage.moments import now

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that came in. `rows` are those that were read: accepted, duplicates (the resume was there already) and
    quarantined together; `unique_resumes` are different texts among those that were not quarantined. `reasons` counts the
    quarantined. `repeated`: the same file came in before, and nothing was added now.
    """

    batch_id: str
    task: str
    source: str
    rows: int
    accepted: int
    duplicates: int
    quarantined: int
    unique_resumes: int
    added_at: int
    reasons: dict[str, int]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """A file of a watched place: its path as a keyed hash, and what it looked like when it was taken in."""

    path_hash: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch that is to be added; blobs are hashes of objects that are there."""

    batch_id: str
    task: str
    source: str
    options: str
    rows_blob: str
    originals_blob: str
    rows: int
    accepted: int
    duplicates: int
    unique_resumes: int
    kept: Collection[tuple[int, Claim]]
    rejected: Collection[Rejected]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row, counted from 1 (0: the file as a whole), that could not be taken in; `noticed_at` is a moment."""

    batch_id: str
    task: str
    source: str
    row: int
    reason: str
    advice: str
    noticed_at: int


def add(connection: Connection, new: NewBatch) -> None:
    """Writes a batch, its rows, its quarantine and an entry of the ledger, inside the caller's write transaction."""
    at = now()
    last = connection.execute(select(func.max(label_batches.c.sequence))).scalar() or 0
    counts = {
        "rows": new.rows,
        "accepted": new.accepted,
        "duplicates": new.duplicates,
        "quarantined": len(new.rejected),
        "unique_resumes": new.unique_resumes,
    }
    blobs = {"rows_blob": new.rows_blob, "originals_blob": new.originals_blob}
    connection.execute(
        insert(label_batches).values(
            batch_id=new.batch_id,
            sequence=last + 1,
            task=new.task,
            source=new.source,
            options=new.options,
            added_at=at,
            **counts,
            **blobs,
        )
    )
    common = {"batch_id": new.batch_id, "task": new.task}
    rows = (
        {**common, "row": row, "person_id": claim.person_id, "text_hash": claim.text_hash} for row, claim in new.kept
    )
    quarantine = (
        {**common, "row": each.row, "reason": each.reason, "advice": each.advice, "noticed_at": at}
        for each in new.rejected
    )
    for table, records in ((label_rows, rows), (label_quarantine, quarantine)):
        for some in in_batches(records, _AT_ONCE):
            connection.execute(insert(table), some)
    ledger.append(
        connection, "labels.added", f"batch/{new.batch_id}", {"task": new.task, "source": new.source, **counts, **blobs}
    )


def find(connection: Connection, batch_id: str) -> Batch | None:
    """A batch by its id."""
    found = _batches(connection, label_batches.c.batch_id == batch_id)
    return found[0] if found else None


def named(connection: Connection, beginning: str) -> Batch | None:
    """The one batch whose id begins so; None where there is none, or more than one."""
    found = _batches(connection, label_batches.c.batch_id.startswith(beginning, autoescape=True))
    return found[0] if len(found) == 1 else None


def listed(connection: Connection, task: str | None = None) -> list[Batch]:
    """The batches in the order in which they came in, of one task or of all."""
    return _batches(connection, true() if task is None else label_batches.c.task == task)


def rows_blobs(connection: Connection, task: str) -> list[str]:
    """The hashes of the objects with a task's rows, in the order in which they came in: all that there is, in short."""
    query = select(label_batches.c.rows_blob).where(label_batches.c.task == task)
    return list(connection.execute(query.order_by(label_batches.c.sequence)).scalars())


def quarantined(connection: Connection, batch_id: str | None = None) -> Iterable[Quarantined]:
    """What could not be taken in, of one batch or of all, in order; streamed."""
    query = (
        select(label_quarantine, label_batches.c.source)
        .join(label_batches, label_batches.c.batch_id == label_quarantine.c.batch_id)
        .order_by(label_batches.c.sequence, label_quarantine.c.row, label_quarantine.c.quarantine_id)
    )
    if batch_id is not None:
        query = query.where(label_quarantine.c.batch_id == batch_id)
    for row in connection.execute(query):
        yield Quarantined(row.batch_id, row.task, row.source, row.row, row.reason, row.advice, row.noticed_at)


def remember_file(connection: Connection, source: str, look: Look, batch_id: str) -> None:
    """Notes which look of a watched file was taken in as which batch, inside the caller's write transaction."""
    table = label_files
    connection.execute(delete(table).where(table.c.source == source, table.c.path_hash == look.path_hash))
    connection.execute(
        insert(table).values(source=source, path_hash=look.path_hash, fingerprint=look.fingerprint, batch_id=batch_id)
    )


def _batches(connection: Connection, condition: ColumnElement[bool]) -> list[Batch]:
    table = label_batches
    reasons: dict[str, dict[str, int]] = {}
    counted = (
        select(label_quarantine.c.batch_id, label_quarantine.c.reason, func.count().label("rows"))
        .join(table, table.c.batch_id == label_quarantine.c.batch_id)
        .where(condition)
        .group_by(label_quarantine.c.batch_id, label_quarantine.c.reason)
    )
    for row in connection.execute(counted):
        reasons.setdefault(row.batch_id, {})[row.reason] = row.rows
    query = select(table).where(condition).order_by(table.c.sequence)
    return [
        Batch(
            row.batch_id,
            row.task,
            row.source,
            row.rows,
            row.accepted,
            row.duplicates,
            row.quarantined,
            row.unique_resumes,
            row.added_at,
            dict(sorted(reasons.get(row.batch_id, {}).items())),
        )
        for row in connection.execute(query)
    ]
