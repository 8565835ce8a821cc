"""Embeds what a staged refresh adds and no earlier one has embedded: the third step of a refresh."""

from collections.abc import Callable, Iterator

from sqlalchemy import func, select

from assets.index.embedding.base import Embedder
from assets.index.texts import ChunkTexts
from assets.index.vectors import VectorStore
from assets.lineage import schema
from assets.lineage.catalogue import Catalogue
from assets.storage.blobs import Blobs

WINDOW_ROWS = 4096
"""Rows whose texts are held at a time; texts are sorted by length within a window."""


def embed_staged(
    catalogue: Catalogue,
    blobs: Blobs,
    vectors: VectorStore,
    embedder: Embedder,
    source_name: str,
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """Embeds the texts of a source's staged rows that have no vector; returns how many went through the model.

    `progress` hears of the rows looked at and of all rows.
    """
    texts = ChunkTexts(blobs)
    embedded, done = 0, 0
    with catalogue.read() as connection:
        total = connection.execute(
            select(func.count())
            .select_from(schema.staged_rows)
            .where(schema.staged_rows.c.source == source_name, schema.staged_rows.c.closes.is_(None))
        ).scalar_one()
    for window in staged_windows(catalogue, source_name):
        with catalogue.read() as connection:
            hashes = _text_hashes(catalogue, window)
            missing = vectors.missing(connection, hashes.values())
            wanted = [chunk_id for chunk_id, text_hash in hashes.items() if text_hash in missing]
            pending = {text.text_hash: text.embedded for text in texts.read(connection, wanted)}
        if pending:
            embedded += vectors.embed(pending, embedder)
        done += len(window)
        progress(done, total)
    return embedded


def staged_windows(catalogue: Catalogue, source_name: str, size: int = WINDOW_ROWS) -> Iterator[list[str]]:
    """The chunk ids of the rows to add, in the order of staging, some thousands at a time."""
    table = schema.staged_rows
    after = 0
    while True:
        query = (
            select(table.c.staged_key, table.c.chunk_id)
            .where(table.c.source == source_name, table.c.closes.is_(None), table.c.staged_key > after)
            .order_by(table.c.staged_key)
            .limit(size)
        )
        with catalogue.read() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        after = rows[-1].staged_key
        yield [row.chunk_id for row in rows]


def _text_hashes(catalogue: Catalogue, chunk_ids: list[str]) -> dict[str, str]:
    table = schema.chunks
    found: dict[str, str] = {}
    ordered = sorted(set(chunk_ids))
    with catalogue.read() as connection:
        for start in range(0, len(ordered), 500):
            query = select(table.c.chunk_id, table.c.text_hash).where(
                table.c.chunk_id.in_(ordered[start : start + 500])
            )
            found.update({row.chunk_id: row.text_hash for row in connection.execute(query)})
    return found
