"""Makes the physical index of a served index version again, from the catalogue and the objects alone: nothing is embedded.

What the target holds already and rightly stays, so that an interrupted call is continued by the next one.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select

from assets.documents import registry
from assets.documents.intake import in_batches
from assets.documents.sources.base import SourceSpec
from assets.index.digest import checksum, row_digest
from assets.index.generation import Served
from assets.index.physical import PhysicalIndexes
from assets.index.store import OPEN, IndexRow, IndexStore
from assets.index.texts import ChunkTexts
from assets.index.vectors import VectorStore
from assets.lineage import schema
from assets.lineage.catalogue import Catalogue
from assets.storage.blobs import Blobs

_ROWS_A_WRITE = 2000
_CLOSINGS_A_WRITE = 20_000


class RecreationFailed(Exception):
    """The index that was made again is not what the catalogue says."""


class Known(Protocol):
    """Everything that an index can be made of: `assets.index.serving.Parts` and `assets.platform.Platform` are such."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def blobs(self) -> Blobs: ...


@dataclass(frozen=True, slots=True)
class _Expected:
    """What an index has to hold: all its rows, their states, and the served ones with texts and vectors."""

    rows: int
    states: int
    served_rows: int
    checksum: str


def open_or_create(indexes: PhysicalIndexes, served: Served) -> IndexStore:
    """The physical index of a served index version: the one that is there, whole or not, else a new and empty one.

    Raises IndexUnavailable.
    """
    if indexes.exists(served.index_version):
        return indexes.open(served.index_version)
    return indexes.create(served.index_version, served.dimension)


def recreate(known: Known, served: Served, target: IndexStore, progress: Callable[[int], None] = lambda _: None) -> int:
    """Makes `target` hold exactly the rows of the served index version, closed ones with their generations too; returns how
    many these are. The caller holds the lock "serve".

    What is not there yet is written, and what does not belong there is removed. At the end the states of all rows, and
    count and checksum of the served generation, are compared with what follows from the catalogue and the objects.
    `progress` hears of the rows done since it was last told. Raises RecreationFailed, IndexUnavailable, StorageError.
    """
    present = {row.row_id: _state(row, row.to_generation) for row in target.rows()}
    with known.catalogue.read() as connection:
        expected, others = _write(known, connection, served, target, present, progress)
        _close(connection, served, target, present)
    for batch in in_batches(others, _ROWS_A_WRITE):
        target.erase(batch)
    target.optimize()
    _verify(served, target, expected)
    return expected.rows


def _write(
    known: Known,
    connection: Connection,
    served: Served,
    target: IndexStore,
    present: dict[str, int],
    progress: Callable[[int], None],
) -> tuple[_Expected, set[str]]:
    """Writes the rows that are not there, open-ended; returns what is expected, and the ids of rows that are not."""
    vectors = VectorStore(known.catalogue, known.blobs, served.model, served.dimension)
    texts = ChunkTexts(known.blobs)
    sources = {source.spec.name: source.spec for source in registry.listed(known.catalogue, with_removed=True)}
    others = set(present)
    rows = states = served_rows = digests = 0
    for batch in in_batches(_rows(connection, served), _ROWS_A_WRITE):
        others.difference_update(row.row_id for row in batch)
        rows += len(batch)
        states += sum(_state(row, row.to_generation) for row in batch)
        # Served rows are read even where they are written: the checksum is to follow from what the platform knows.
        wanted = [row for row in batch if _is_served(row, served) or not _is_written(row, present)]
        made = _index_rows(connection, wanted, texts, vectors, sources)
        target.add([new for row, new in zip(wanted, made, strict=True) if not _is_written(row, present)])
        for row, new in zip(wanted, made, strict=True):
            if _is_served(row, served):
                served_rows += 1
                digests += _digest(new)
        progress(len(batch))
    return _Expected(rows, states, served_rows, checksum([digests])), others


def _rows(connection: Connection, served: Served) -> Iterator[Row[Any]]:
    """The catalogue's rows of an index version, those of a document together."""
    table = schema.rows
    query = select(table).where(table.c.index_version == served.index_version).order_by(table.c.document_id)
    yield from connection.execute(query, execution_options={"yield_per": _ROWS_A_WRITE})


def _index_rows(
    connection: Connection,
    rows: Sequence[Row[Any]],
    texts: ChunkTexts,
    vectors: VectorStore,
    sources: dict[str, SourceSpec],
) -> list[IndexRow]:
    # In the order of the rows, a document's chunks are asked for together and its text is read once.
    chunks = {text.chunk_id: text for text in texts.read(connection, list(dict.fromkeys(row.chunk_id for row in rows)))}
    found = vectors.get([chunk.text_hash for chunk in chunks.values()])
    return [
        IndexRow(
            row_id=row.row_id,
            chunk_id=row.chunk_id,
            document_id=row.document_id,
            source=row.source,
            kind=sources[row.source].kind,
            jurisdiction=sources[row.source].jurisdiction or "",
            title=chunks[row.chunk_id].title,
            heading_path=chunks[row.chunk_id].heading_path,
            body=chunks[row.chunk_id].body,
            vector=found[chunks[row.chunk_id].text_hash],
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            from_generation=row.from_generation,
        )
        for row in rows
    ]


def _close(connection: Connection, served: Served, target: IndexStore, present: dict[str, int]) -> None:
    """Gives closed rows their end: what was written is open-ended."""
    table = schema.rows
    query = (
        select(table)
        .where(table.c.index_version == served.index_version, table.c.to_generation < OPEN)
        .order_by(table.c.to_generation)
    )
    result = connection.execute(query, execution_options={"yield_per": _ROWS_A_WRITE})
    not_closed = (row for row in result if present.get(row.row_id) != _state(row, row.to_generation))
    for generation, rows in groupby(not_closed, key=lambda row: int(row.to_generation)):
        for batch in in_batches(rows, _CLOSINGS_A_WRITE):
            target.close([row.row_id for row in batch], generation)


def _verify(served: Served, target: IndexStore, expected: _Expected) -> None:
    rows = states = 0
    for row in target.rows():
        rows += 1
        states += _state(row, row.to_generation)
    found = _Expected(rows, states, target.count(served.generation), target.checksum(served.generation))
    if found != expected:
        raise RecreationFailed(
            f"the index that was made again holds {found.rows} rows, {found.served_rows} of them served, with the checksum"
            f" {found.checksum[:16]}… where the catalogue and the objects give {expected.rows}, {expected.served_rows} and"
            f" {expected.checksum[:16]}…: run the command again, and hrdp verify if it says so again"
        )


def _is_served(row: Row[Any], served: Served) -> bool:
    return bool(row.from_generation <= served.generation < row.to_generation)


def _is_written(row: Row[Any], present: dict[str, int]) -> bool:
    """Whether the row is there, closed or still to be closed."""
    return present.get(row.row_id) in (_state(row, row.to_generation), _state(row, OPEN))


def _state(row: Any, to_generation: int) -> int:
    """A number for the state of a row of the catalogue or of the index. (Python's own hash takes the open end and the
    generation 2 for the same.)"""
    state = (row.row_id, row.chunk_id, row.valid_from, row.valid_to, row.from_generation, to_generation)
    return int.from_bytes(hashlib.blake2b(repr(state).encode(), digest_size=12).digest())


def _digest(row: IndexRow) -> int:
    identity = (row.row_id, row.chunk_id, row.document_id, row.source, row.kind, row.jurisdiction, row.title, row.body)
    return row_digest((*identity, *row.heading_path), (row.valid_from, row.valid_to), row.vector)
