"""Finds passages for a question as of a date, as known at a time, with the document versions that they stand in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, func, select

from assets.answers.model import Scope
from assets.index import searching
from assets.index.generation import Served
from assets.index.keywords import Statistics
from assets.index.store import Hit, SearchFilter
from assets.lineage import schema
from assets.lineage.moments import iso
from assets.platform import Platform


class NotKnownThen(Exception):
    """What was known at a time can't be searched; the message says why and what can be."""


@dataclass(frozen=True, slots=True)
class Version:
    """A document version as it stands in the catalogue, with the passages of its layout as (chunk id, start, end)."""

    document_id: str
    version: str
    structure: str
    title: str
    source: str
    kind: str
    jurisdiction: str
    valid_from: int
    valid_to: int
    uri: str
    passages: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that was found: characters `start` to `end` of a version; its score is from 0 to 1."""

    chunk_id: str
    start: int
    end: int
    score: float
    version: Version


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave, best first, in which generation of which index, and the index's statistics of terms."""

    passages: tuple[Passage, ...]
    generation: int
    index_version: str
    statistics: Statistics


def retrieve(
    platform: Platform, question: str, k: int, scope: Scope, embed: Callable[[Sequence[str]], NDArray[np.float32]]
) -> Found:
    """The `k` best passages; `embed` gives vectors of the model that is set.

    Raises NothingServed, ModelMismatch, IndexUnavailable, NotKnownThen.
    """

    def where(connection: Connection, current: Served) -> SearchFilter:
        generation = _generation(connection, current, scope.known_at)
        return SearchFilter(generation, scope.moment, scope.kind, scope.jurisdiction, scope.source)

    found = searching.find(platform, question, k, where, embed)
    generation, index_version = found.where.generation, found.served.index_version
    with platform.catalogue.read() as connection:
        versions = versions_of(connection, {hit.document_id for hit in found.hits}, generation, scope.moment)
    statistics = platform.indexes.open(index_version).statistics()
    return Found(tuple(_placed(found.hits, versions)), generation, index_version, statistics)


def versions_of(connection: Connection, document_ids: set[str], generation: int, moment: int) -> dict[str, Version]:
    """The versions of documents that were valid at a moment, by document id, as recorded in a generation."""
    if not document_ids:
        return {}
    versions, sources, passages = schema.versions, schema.sources, schema.passages
    query = (
        select(versions, sources.c.kind, sources.c.jurisdiction)
        .join(sources, sources.c.name == versions.c.source)
        .where(
            versions.c.document_id.in_(document_ids),
            and_(versions.c.from_generation <= generation, versions.c.to_generation > generation),
            and_(versions.c.valid_from <= moment, versions.c.valid_to > moment),
        )
    )
    rows = connection.execute(query).all()
    layouts = {row.layout_id for row in rows}
    spans: dict[int, list[tuple[str, int, int]]] = {layout_id: [] for layout_id in layouts}
    placed = (
        select(passages).where(passages.c.layout_id.in_(layouts)).order_by(passages.c.layout_id, passages.c.ordinal)
    )
    for row in connection.execute(placed):
        spans[row.layout_id].append((row.chunk_id, row.start, row.end))
    return {
        row.document_id: Version(
            document_id=row.document_id,
            version=row.version,
            structure=row.structure,
            title=row.title,
            source=row.source,
            kind=row.kind,
            jurisdiction=row.jurisdiction or "",
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            uri=row.uri,
            passages=tuple(spans[row.layout_id]),
        )
        for row in rows
    }


def _generation(connection: Connection, current: Served, known_at: int | None) -> int:
    """The last generation that was served by `known_at`, which has to be one of the present index."""
    if known_at is None:
        return current.generation
    table = schema.generations
    query = select(func.max(table.c.generation)).where(table.c.recorded_at <= known_at)
    generation: int | None = connection.execute(query).scalar()
    oldest = connection.execute(
        select(func.min(table.c.generation), func.min(table.c.recorded_at)).where(
            table.c.index_version == current.index_version
        )
    ).one()
    first, since = int(oldest[0]), int(oldest[1])
    if generation is None or generation < first:
        raise NotKnownThen(
            f"what was known at {iso(known_at)} can't be searched: the served index goes back to {iso(since)}; ask as known"
            " at a later time, or leave --known-at out"
        )
    return generation


def _placed(hits: Sequence[Hit], versions: dict[str, Version]) -> list[Passage]:
    """The hits with their offsets. One whose version the catalogue doesn't name was left by a broken-off refresh."""
    found = []
    for hit in hits:
        version = versions.get(hit.document_id)
        spans = [] if version is None else [each for each in version.passages if each[0] == hit.chunk_id]
        if version is not None and spans:
            found.append(Passage(hit.chunk_id, spans[0][1], spans[0][2], hit.score, version))
    return found
