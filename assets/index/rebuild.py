"""Builds a new index beside the served one when parser, chunker, model or schema changed, and switches to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby

from sqlalchemy import select

from assets.chunks.layout import lay_out
from assets.documents import intake, registry, structure
from assets.documents.changes import DocumentChange, Problem, served_timeline
from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.pool import ParserPool
from assets.documents.timeline import TimelineEntry
from assets.index import serving
from assets.index.embedding_step import embed_staged
from assets.index.generation import served
from assets.index.recipe import LOST
from assets.index.recovery import recover
from assets.index.refresh import rebuild_reasons, serving_parts, vector_store
from assets.index.staged import SourceResult, staged_result
from assets.lineage import schema
from assets.lineage.moments import OPEN, now
from assets.platform import Platform
from assets.storage.hashing import content_hash


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What a rebuild did, source by source, and the generation that is served since."""

    results: tuple[SourceResult, ...]
    generation: int
    reasons: tuple[str, ...]


def rebuild(platform: Platform, run_id: str, progress: Callable[[str], None] = lambda _: None) -> RebuildResult | None:
    """Rebuilds the index from the stored bytes with the present recipe, and serves it. None where nothing is served yet. One
    that is only lost is made again as it was.

    Every source is held meanwhile; a refresh that runs is waited for. Can be repeated after a kill: a text that was
    embedded is not embedded again.
    """
    platform.hold_rebuild()
    for source in registry.listed(platform.catalogue, with_removed=True):
        platform.hold_source(source.spec.name)
    with platform.catalogue.read() as connection:
        current = served(connection)
    if current is None:
        return None
    reasons = rebuild_reasons(platform)
    if reasons == [LOST]:
        progress("making the lost index again")
        return RebuildResult(tuple(recover(platform, run_id)), current.generation, tuple(reasons))
    sources = registry.listed(platform.catalogue, with_removed=True)
    results = []
    for source in sources:
        name = source.spec.name
        with platform.catalogue.write() as connection:
            intake.clear(connection, name)
        progress(f"{name}: parsing and cutting")
        with platform.parser_pool() as pool:
            changes = rebuilt_documents(platform, name, pool, reasons)
            intake.stage(platform.catalogue, platform.blobs, name, changes, at=now())
        lay_out(platform.catalogue, platform.blobs, platform.chunker, name, rebuild=True)
        progress(f"{name}: embedding")
        embedded = embed_staged(platform.catalogue, platform.blobs, vector_store(platform), platform.embedder, name)
        with platform.catalogue.read() as connection:
            results.append(staged_result(connection, source, embedded, rebuild=True))
    progress("writing the new index")
    generation = serving.serve(serving_parts(platform), sources, results, {}, run_id=run_id, rebuild=True)
    return RebuildResult(tuple(results), generation, tuple(reasons))


def rebuilt_documents(
    platform: Platform, source_name: str, pool: ParserPool, reasons: list[str]
) -> Iterator[DocumentChange]:
    """Every served document of a source as a rebuild for these reasons would have it."""
    return _reparsed(platform, source_name, pool) if "parser" in reasons else _unchanged(platform, source_name)


def _timelines(platform: Platform, source_name: str) -> Iterator[tuple[str, list[TimelineEntry]]]:
    """Every served document of a source with its timeline, streamed."""
    table = schema.versions
    after = ""
    while True:
        query = (
            select(table.c.document_id)
            .where(table.c.source == source_name, table.c.to_generation == OPEN, table.c.document_id > after)
            .distinct()
            .order_by(table.c.document_id)
            .limit(200)
        )
        with platform.catalogue.read() as connection:
            names: list[str] = list(connection.execute(query).scalars())
            timelines = [(name, served_timeline(connection, name)) for name in names]
        if not names:
            return
        after = names[-1]
        yield from timelines


def _change(
    source_name: str,
    document_id: str,
    timeline: list[TimelineEntry],
    wanted: list[TimelineEntry],
    parsed: dict[tuple[str, str], ParsedDocument],
    problems: list[Problem],
) -> DocumentChange:
    return DocumentChange(
        document_id=document_id,
        path=document_id.removeprefix(f"{source_name}/"),
        outcome="changed",
        served=timeline,
        wanted=[replace(entry, key=None) for entry in wanted],
        fingerprint=None,
        raw=timeline[-1].raw,
        gone=False,
        parsed=parsed,
        problems=problems,
    )


def _unchanged(platform: Platform, source_name: str) -> Iterator[DocumentChange]:
    for document_id, timeline in _timelines(platform, source_name):
        yield _change(source_name, document_id, timeline, timeline, {}, [])


def _reparsed(platform: Platform, source_name: str, pool: ParserPool) -> Iterator[DocumentChange]:
    """The same timelines with every version parsed anew. One that can't be parsed any more stays as it was."""

    def tasks() -> Iterator[tuple[tuple[str, int], bytes, str, str | None]]:
        for document_id, timeline in _timelines(platform, source_name):
            for position, entry in enumerate(timeline):
                path = document_id.removeprefix(f"{source_name}/")
                yield (document_id, position), platform.blobs.get(entry.raw), path, entry.media_type

    parsed_texts = groupby(pool.parse_many(tasks()), key=lambda item: item[0][0])
    for (document_id, timeline), (_, results) in zip(_timelines(platform, source_name), parsed_texts, strict=True):
        wanted: list[TimelineEntry] = []
        parsed: dict[tuple[str, str], ParsedDocument] = {}
        problems: list[Problem] = []
        for entry, (_, result) in zip(timeline, results, strict=True):
            if isinstance(result, UnreadableDocument):
                wanted.append(entry)
                problems.append(Problem("parse", result.reason, result.advice, entry.raw))
                continue
            version = content_hash(result.text.encode())
            structure_hash = content_hash(structure.dump(result))
            parsed[(version, structure_hash)] = result
            title = entry.title if entry.title_stated else result.title
            wanted.append(replace(entry, version=version, structure=structure_hash, title=title))
        yield _change(source_name, document_id, timeline, wanted, parsed, problems)
