"""Searches what is served: asks the index, and joins offsets, version and dates from the catalogue."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, select, tuple_

from assets.index.embedding.base import Embedder
from assets.index.generation import NothingServed, Served, any_refreshed, served
from assets.index.store import Hit, SearchFilter
from assets.lineage import schema
from assets.lineage.moments import iso, now
from assets.platform import Platform

_SWITCHES = 5
"""How often a search begins again because another generation was served meanwhile."""
_ROWS_A_READ = 1000


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A passage that was found: `text` is characters `start` to `end` of the document version's canonical text. The dates
    are those of the version, ISO 8601, None for an open end."""

    chunk_id: str
    document_id: str
    version: str
    source: str
    title: str
    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int
    score: float
    valid_from: str | None
    valid_to: str | None
    uri: str


def search(
    platform: Platform,
    query: str,
    *,
    k: int = 10,
    as_of: int | None = None,
    kind: str | None = None,
    jurisdiction: str | None = None,
    source: str | None = None,
) -> list[SearchResult]:
    """The `k` best passages that are valid now, or were `as_of` a moment.

    Raises NothingServed, ModelMismatch, IndexUnavailable.
    """
    moment = now() if as_of is None else as_of
    found = find(
        platform,
        query,
        k,
        lambda _, current: SearchFilter(current.generation, moment, kind, jurisdiction, source),
        platform.embedder.embed,
    )
    with platform.catalogue.read() as connection:
        return _joined(connection, found)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows that a search found, best first, in which index, by which filter."""

    served: Served
    where: SearchFilter
    hits: list[Hit]


def present(platform: Platform) -> Served:
    """What is served now. Raises NothingServed."""
    with platform.catalogue.read() as connection:
        current = served(connection)
        if current is None:
            raise NothingServed(looked=any_refreshed(connection))
    return current


def embedder_of(platform: Platform, current: Served) -> Embedder:
    """The embedder that the served index was built with; another one than is set until a refresh has rebuilt the index.

    Raises ModelMismatch.
    """
    embedder = platform.embedder_of(current.model)
    if embedder is None:
        raise ModelMismatch
    return embedder


def find(
    platform: Platform,
    query: str,
    k: int,
    where: Callable[[Connection, Served], SearchFilter],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
) -> Found:
    """The `k` best rows for a question, of those that `where` lets through in what is served now. `embed` gives vectors of the
    model that is set, which the index was mostly built with.

    It begins again where another generation is served meanwhile: some may be missing then, since the rows that a generation
    has superseded are given their end after the switch. Raises NothingServed, ModelMismatch, IndexUnavailable.
    """
    for _ in range(_SWITCHES):
        current = present(platform)
        with platform.catalogue.read() as connection:
            condition = where(connection, current)
        is_set = current.model == platform.embedder.model_hash
        vector = (embed if is_set else embedder_of(platform, current).embed)([query])[0]
        hits, is_served = _find(platform, current, query, vector, k, condition)
        if is_served:
            break
    return Found(current, condition, hits)


def _find(
    platform: Platform, current: Served, query: str, vector: NDArray[np.float32], k: int, where: SearchFilter
) -> tuple[list[Hit], bool]:
    """The hits, and whether what they were found in is still served."""
    index = platform.indexes.open(current.index_version)
    asked = k
    while True:
        hits = index.search(query, vector, asked, where)
        with platform.catalogue.read() as connection:
            is_served = served(connection) == current
            known = _known(connection, where.generation, hits)
        if len(known) >= k or len(hits) < asked or not is_served:
            return known[:k], is_served
        # Rows that are still to be given their end have taken places.
        asked *= 2


class ModelMismatch(Exception):
    """The served index holds vectors of another model than the one that is set, and nobody has that model here."""

    def __init__(self) -> None:
        super().__init__(
            "the served index was built with an embedding model that is neither what HRDP_MODEL names nor still on this"
            " machine: run hrdp refresh, which rebuilds the index, or set the model back"
        )


def _known(connection: Connection, generation: int, hits: list[Hit]) -> list[Hit]:
    """The hits whose rows the catalogue names in a generation. For a while after a switch the index has rows that are
    superseded; and a refresh that lost its locks while a write of its was under way may leave rows of no generation."""
    table = schema.rows
    known: set[str] = set()
    for start in range(0, len(hits), _ROWS_A_READ):
        query = select(table.c.row_id).where(
            table.c.row_id.in_([hit.row_id for hit in hits[start : start + _ROWS_A_READ]]),
            table.c.to_generation > generation,
        )
        known.update(connection.execute(query).scalars())
    return [hit for hit in hits if hit.row_id in known]


def _joined(connection: Connection, found: Found) -> list[SearchResult]:
    hits, generation, moment = found.hits, found.where.generation, found.where.moment
    if not hits:
        return []
    versions, passages = schema.versions, schema.passages
    query = (
        select(
            versions.c.document_id,
            versions.c.version,
            versions.c.valid_from,
            versions.c.valid_to,
            versions.c.uri,
            passages.c.chunk_id,
            passages.c.start,
            passages.c.end,
        )
        .join(passages, passages.c.layout_id == versions.c.layout_id)
        .where(
            and_(
                # SQLite uses its index for a plain column only, not for a pair.
                versions.c.document_id.in_({hit.document_id for hit in hits}),
                tuple_(versions.c.document_id, passages.c.chunk_id).in_(
                    [(hit.document_id, hit.chunk_id) for hit in hits]
                ),
                versions.c.from_generation <= generation,
                versions.c.to_generation > generation,
                versions.c.valid_from <= moment,
                versions.c.valid_to > moment,
            )
        )
    )
    places = {row.chunk_id: row for row in connection.execute(query)}
    return [
        SearchResult(
            chunk_id=hit.chunk_id,
            document_id=hit.document_id,
            version=places[hit.chunk_id].version,
            source=hit.source,
            title=hit.title,
            heading_path=hit.heading_path,
            text=hit.body,
            start=places[hit.chunk_id].start,
            end=places[hit.chunk_id].end,
            score=round(hit.score, 6),
            valid_from=iso(places[hit.chunk_id].valid_from),
            valid_to=iso(places[hit.chunk_id].valid_to),
            uri=places[hit.chunk_id].uri,
        )
        for hit in hits
    ]
