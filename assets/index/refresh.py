"""The steps of a refresh, one after another, on an opened platform: what the Dagster assets and the command line call.

Each step can be repeated. The staged rows belong to one run; a step of another run refuses to go on with them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from assets.chunks.layout import LayoutReport, lay_out
from assets.documents import intake, registry
from assets.documents.changes import document_changes, known_of
from assets.documents.registry import RegisteredSource
from assets.documents.sources.base import Change, Known, Removed, Source
from assets.documents.timeline import TimelineEntry
from assets.index import serving
from assets.index.embedding_step import embed_staged
from assets.index.generation import served
from assets.index.judging import judge_of
from assets.index.recipe import LOST, Recipe, told
from assets.index.staged import SourceResult, staged_result
from assets.index.vectors import VectorStore
from assets.lineage import schema
from assets.lineage.moments import now
from assets.platform import Platform

HOUR = 3600 * 1_000_000
"""Microseconds an hour."""


class Superseded(Exception):
    """Another run has taken over the refresh of this source."""

    def __init__(self, source_name: str) -> None:
        super().__init__(f"another run has taken over the refresh of '{source_name}'; look at that one")


class RebuildNeeded(Exception):
    """The served index is gone or was made with another recipe; `reasons` names what differs."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(
            f"the index has to be built again ({told(reasons)}): run hrdp refresh, which does so beside the served one"
        )
        self.reasons = reasons


def recipe_of(platform: Platform) -> Recipe:
    """What the present settings and code would build an index with."""
    from assets.documents.parsing import PARSER_VERSION

    return Recipe(parser=PARSER_VERSION, chunker=platform.chunker.fingerprint, model=platform.embedder.model_hash)


def rebuild_reasons(platform: Platform) -> list[str]:
    """Why the served index has to be built again; empty where it is up to date or nothing is served."""
    with platform.catalogue.read() as connection:
        current = served(connection)
    if current is None:
        return []
    reasons = current.rebuild_reasons(recipe_of(platform))
    return reasons if reasons or platform.indexes.exists(current.index_version) else [LOST]


def stage_documents(
    platform: Platform,
    source_name: str,
    run_id: str,
    *,
    full: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> intake.DocumentCounts:
    """First step: looks at the source, reads and parses what changed, and stages it.

    A source's files are read whatever they look like when that was last done longer ago than the settings say.
    Raises SourceUnavailable, RebuildNeeded, SourceProblem.
    """
    platform.hold_source(source_name)
    reasons = rebuild_reasons(platform)
    if reasons:
        raise RebuildNeeded(reasons)
    source = registry.find(platform.catalogue, source_name)
    at = now()
    full = full or needs_full_look(platform, source, at)
    with platform.catalogue.write() as connection:
        intake.clear(connection, source_name)
    opened = open_registered(platform, source)
    # The look comes first: what changes during the scan looks different the next time.
    fingerprint = opened.look()
    known = known_of(platform.catalogue, source_name, source.state)
    if full:
        vector_store(platform).forget_lost()

    def is_kept(entry: TimelineEntry) -> bool:
        return not full or (platform.blobs.exists(entry.version) and platform.blobs.exists(entry.structure))

    with platform.parser_pool() as pool:
        if fingerprint != source.fingerprint:
            pool.prepare()
        changes = document_changes(
            platform.catalogue, source_name, opened, known, pool, platform.blobs.put, at=at, full=full, is_kept=is_kept
        )
        intake.stage(platform.catalogue, platform.blobs, source_name, changes, at=at, progress=progress)
    with platform.catalogue.write() as connection:
        if full or _tells_all(opened):
            intake.stage_settled(connection, source_name)
        connection.execute(
            insert(schema.staged_looks).values(
                source=source_name,
                run_id=run_id,
                at=at,
                # The first look has read everything too.
                full=int(full or source.state is None),
                state=opened.state(),
                fingerprint=fingerprint,
                embedded=0,
            )
        )
        return intake.staged_counts(connection, source_name, source.documents)


def stage_chunks(
    platform: Platform, source_name: str, run_id: str, progress: Callable[[int], None] = lambda _: None
) -> LayoutReport:
    """Second step: cuts and validates the staged documents. Raises Superseded."""
    _check_run(platform, source_name, run_id)
    return lay_out(platform.catalogue, platform.blobs, platform.chunker, source_name, progress=progress)


def embed(
    platform: Platform, source_name: str, run_id: str, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Third step: embeds the texts that no earlier refresh has. Returns how many. Raises Superseded."""
    _check_run(platform, source_name, run_id)
    if not _anything_to_write(platform, source_name):
        return 0
    embedded = embed_staged(
        platform.catalogue, platform.blobs, vector_store(platform), platform.embedder, source_name, progress=progress
    )
    with platform.catalogue.write() as connection:
        table = schema.staged_looks
        connection.execute(
            update(table).where(table.c.source == source_name).values(embedded=table.c.embedded + embedded)
        )
    return embedded


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """What a refresh of one source did, and what is served since."""

    result: SourceResult
    generation: int
    index_version: str | None


def write_and_serve(
    platform: Platform, source_name: str, run_id: str, progress: Callable[[int], None] = lambda _: None
) -> RefreshResult:
    """Last step: writes the rows, verifies them, and serves the next generation. Raises Superseded, IndexMismatch."""
    _check_run(platform, source_name, run_id)
    source = registry.find(platform.catalogue, source_name)
    with platform.catalogue.read() as connection:
        table = schema.staged_looks
        look = connection.execute(select(table).where(table.c.source == source_name)).one()
        result = staged_result(connection, source, look.embedded)
    generation = serving.serve(
        serving_parts(platform),
        [source],
        [result],
        {source_name: serving.Look(look.state, look.fingerprint, bool(look.full))},
        run_id=run_id,
        progress=progress,
    )
    with platform.catalogue.read() as connection:
        current = served(connection)
    return RefreshResult(result, generation, current.index_version if current else None)


def open_registered(platform: Platform, source: RegisteredSource) -> Source:
    """What to look at for a registered source."""
    return _Withdrawn() if source.removed else platform.open_source(source.spec)


def _tells_all(opened: Source) -> bool:
    """Whether every scan names all that can't be read. A later scan of a git repository tells only of new commits."""
    from assets.documents.sources.git import GitSource

    return not isinstance(opened, GitSource)


def needs_full_look(platform: Platform, source: RegisteredSource, at: int) -> bool:
    """Whether it is time to read files that look unchanged too."""
    if source.state is None:
        return False
    return source.full_look_at is None or at - source.full_look_at >= platform.settings.full_look_hours * HOUR


def vector_store(platform: Platform) -> VectorStore:
    """The vectors of the present model."""
    return VectorStore(platform.catalogue, platform.blobs, platform.embedder.model_hash, platform.embedder.dimension)


def serving_parts(platform: Platform) -> serving.Parts:
    """What serving works with, on this platform."""
    return serving.Parts(
        catalogue=platform.catalogue,
        blobs=platform.blobs,
        locks=platform.locks,
        indexes=platform.indexes,
        vectors=vector_store(platform),
        recipe=recipe_of(platform),
        dimension=platform.embedder.dimension,
        judge=judge_of(platform),
    )


class _Withdrawn:
    """A source that its owner has removed: it holds nothing any more."""

    def look(self) -> str:
        return "removed"

    def scan(self, known: Known, *, full: bool = False) -> Iterator[Change]:
        return (Removed(path) for path, _ in known.files())

    def state(self) -> str:
        return ""


def _check_run(platform: Platform, source_name: str, run_id: str) -> None:
    platform.hold_source(source_name)
    table = schema.staged_looks
    with platform.catalogue.read() as connection:
        owner = connection.execute(select(table.c.run_id).where(table.c.source == source_name)).scalar()
    if owner != run_id:
        raise Superseded(source_name)


def _anything_to_write(platform: Platform, source_name: str) -> bool:
    table = schema.staged_rows
    with platform.catalogue.read() as connection:
        query = select(table.c.staged_key).where(table.c.source == source_name, table.c.closes.is_(None)).limit(1)
        return connection.execute(query).first() is not None
