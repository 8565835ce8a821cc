"""Compares what the catalogue says with what the index and the object store hold."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, distinct, func, select

from assets.index.generation import Served, served
from assets.index.store import OPEN, RowState
from assets.lineage import label_tables, ledger, schema
from assets.platform import Platform
from assets.storage.blobs import Blobs, ObjectCorrupt
from assets.storage.concurrency import at_once
from assets.storage.objects import ObjectMissing


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What a verification found. `missing`: rows or objects that the catalogue names and that are not there. `orphans`: rows
    that it doesn't name. `duplicates`: rows that are there twice, and chunks that are served twice for one moment.
    `mismatched`: rows with other dates or generations, objects with another content, a document of which some text is in no
    chunk, counts that don't add up."""

    documents: int
    chunks: int
    index_entries: int
    objects: int
    missing: int
    orphans: int
    duplicates: int
    mismatched: int
    ledger_entries: int
    ledger_intact: bool
    generation: int

    @property
    def ok(self) -> bool:
        return not (self.missing or self.orphans or self.duplicates or self.mismatched) and self.ledger_intact


def verify(platform: Platform, progress: Callable[[str], None] = lambda _: None) -> VerifyReport:
    """Reads everything that is served and compares. A refresh that is being written meanwhile is left out of account."""
    with platform.catalogue.read() as connection:
        current = served(connection)
        is_written = not platform.locks.is_free("serve")
        chain = ledger.check(connection)
        documents, chunks = _counts(connection)
        expected = {} if current is None else _expected_rows(connection, current)
        uneven = _uneven_counts(connection)
        duplicates = _overlapping_rows(connection)
        objects = _objects(connection)
    missing = mismatched = orphans = entries = later = superseded = 0
    if current is not None:
        progress("index")
        seen: set[str] = set()
        for row in _rows(platform, current):
            if row.from_generation > current.generation:
                later += 1
                continue
            is_closed_later = current.generation < row.to_generation < OPEN
            later += is_closed_later
            closed = OPEN if is_closed_later else row.to_generation
            entries += closed == OPEN
            state = (row.chunk_id, row.valid_from, row.valid_to, row.from_generation, closed)
            if row.row_id in seen:
                duplicates += 1
            elif row.row_id not in expected:
                orphans += 1
            elif expected[row.row_id] != _digest(*state):
                # In the index a row gets its end after the switch.
                is_superseded = expected[row.row_id] == _digest(*state[:-1], current.generation) and closed == OPEN
                superseded += is_superseded
                entries -= is_superseded
                mismatched += not is_superseded
            seen.add(row.row_id)
        missing += len(expected.keys() - seen)
        if not (is_written or _is_written(platform, current)):
            orphans += later
            mismatched += superseded
    progress("objects")
    found = Counter(at_once(partial(_object, platform.blobs), objects))
    missing += found["missing"]
    mismatched += found["mismatched"]
    return VerifyReport(
        documents=documents,
        chunks=chunks,
        index_entries=entries,
        objects=len(objects),
        missing=missing,
        orphans=orphans,
        duplicates=duplicates,
        mismatched=mismatched + uneven,
        ledger_entries=chain.entries,
        ledger_intact=chain.intact,
        generation=current.generation if current else 0,
    )


def _object(blobs: Blobs, name: str) -> str:
    """What is wrong with an object, in a word; empty where nothing is."""
    try:
        blobs.get(name)
    except ObjectMissing:
        return "missing"
    except ObjectCorrupt:
        return "mismatched"
    return ""


def _rows(platform: Platform, current: Served) -> Iterator[RowState]:
    """What the served index holds; nothing where it is gone."""
    if platform.indexes.exists(current.index_version):
        yield from platform.indexes.open(current.index_version).rows()


def _is_written(platform: Platform, seen: Served | None) -> bool:
    """Whether a refresh writes to the index now, or has served another generation since."""
    with platform.catalogue.read() as connection:
        return served(connection) != seen or not platform.locks.is_free("serve")


def _counts(connection: Connection) -> tuple[int, int]:
    sources, rows = schema.sources, schema.rows
    documents: int = connection.execute(select(func.coalesce(func.sum(sources.c.documents), 0))).scalar_one()
    chunks: int = connection.execute(
        select(func.count(distinct(rows.c.chunk_id))).where(rows.c.to_generation == OPEN)
    ).scalar_one()
    return documents, chunks


def _expected_rows(connection: Connection, current: Served) -> dict[str, int]:
    """Every row that the served index has to hold, closed ones too, with a digest of its state."""
    table = schema.rows
    query = select(
        table.c.row_id,
        table.c.chunk_id,
        table.c.valid_from,
        table.c.valid_to,
        table.c.from_generation,
        table.c.to_generation,
    ).where(table.c.index_version == current.index_version)
    result = connection.execution_options(yield_per=10_000).execute(query)
    return {row.row_id: _digest(*row[1:]) for row in result}


def _digest(chunk_id: str, *numbers: int) -> int:
    """64 bits of a row's state. Not `hash`, to which the open end is the same as the number 1."""
    state = f"{chunk_id} {' '.join(map(str, numbers))}"
    return int.from_bytes(hashlib.blake2b(state.encode(), digest_size=8).digest())


def _uneven_counts(connection: Connection) -> int:
    """Sources whose counts differ from their rows, and served versions whose chunks are not all served."""
    sources, rows, versions, passages = schema.sources, schema.rows, schema.versions, schema.passages
    counted = (
        select(func.count()).select_from(rows).where(rows.c.source == sources.c.name, rows.c.to_generation == OPEN)
    )
    uneven = connection.execute(
        select(func.count()).select_from(sources).where(sources.c.rows != counted.scalar_subquery())
    ).scalar_one()
    covered = (
        select(rows.c.row_id)
        .where(
            # A chunk belongs to one document; looked up by chunk alone, a long document costs no more than short ones.
            rows.c.chunk_id == passages.c.chunk_id,
            rows.c.to_generation == OPEN,
            rows.c.valid_from <= versions.c.valid_from,
            rows.c.valid_to >= versions.c.valid_to,
        )
        .exists()
    )
    bare = connection.execute(
        select(func.count())
        .select_from(versions)
        .outerjoin(passages, passages.c.layout_id == versions.c.layout_id)
        .where(versions.c.to_generation == OPEN, ~covered)
    ).scalar_one()
    return int(uneven) + int(bare)


def _overlapping_rows(connection: Connection) -> int:
    """Served rows of a chunk that begin before an earlier one of the same chunk has ended."""
    table = schema.rows
    earlier_end = func.max(table.c.valid_to).over(
        partition_by=table.c.chunk_id, order_by=(table.c.valid_from, table.c.row_id), rows=(None, -1)
    )
    ordered = (
        select(table.c.valid_from, earlier_end.label("earlier_end")).where(table.c.to_generation == OPEN).subquery()
    )
    query = select(func.count()).select_from(ordered).where(ordered.c.valid_from < ordered.c.earlier_end)
    return int(connection.execute(query).scalar_one())


def _objects(connection: Connection) -> set[str]:
    """The objects that served versions, all vectors and all labels need."""
    versions, segments, batches = schema.versions, schema.segments, label_tables.label_batches
    needed: set[str] = set(connection.execute(select(segments.c.blob)).scalars())
    for column in (
        versions.c.version,
        versions.c.raw,
        versions.c.structure,
        batches.c.rows_blob,
        batches.c.originals_blob,
    ):
        needed.update(connection.execute(select(column).distinct()).scalars())
    return needed
