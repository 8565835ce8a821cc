"""What a refresh would do, without doing it: the same rules as the refresh, counted instead of carried out."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from assets.chunks.layout import layout_identity, served_rows
from assets.documents import intake, registry, structure
from assets.documents.changes import DocumentChange, document_changes, known_of
from assets.documents.registry import RegisteredSource
from assets.documents.timeline import TimelineEntry
from assets.index.rebuild import rebuilt_documents
from assets.index.refresh import needs_full_look, open_registered, rebuild_reasons, vector_store
from assets.index.rows import change, stays
from assets.lineage import schema
from assets.lineage.moments import now
from assets.platform import Platform
from assets.storage.hashing import content_hash

_TEXTS_PER_SECOND = 100.0
"""Assumed until this installation has measured its own."""

_SECONDS_A_DOCUMENT = 0.003
"""Parsing, cutting and writing."""


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What a refresh of a source would do. `rebuild` names what of the recipe changed; empty: no rebuild."""

    documents: intake.DocumentCounts
    chunks_add: int
    chunks_keep: int
    chunks_close: int
    to_embed: int
    seconds_estimated: float
    rebuild: tuple[str, ...]


def plan(platform: Platform, source_name: str) -> SourcePlan:
    """Looks at a source and counts. Nothing is changed. Raises SourceUnavailable, SourceProblem."""
    source = registry.find(platform.catalogue, source_name)
    reasons = rebuild_reasons(platform)
    at = now()
    with platform.parser_pool() as pool:
        if reasons:
            return _counted(platform, source, rebuilt_documents(platform, source_name, pool, reasons), reasons)
        opened = open_registered(platform, source)
        known = known_of(platform.catalogue, source_name, source.state)
        full = needs_full_look(platform, source, at)
        changes = document_changes(platform.catalogue, source_name, opened, known, pool, content_hash, at=at, full=full)
        return _counted(platform, source, changes, [])


def _counted(
    platform: Platform, source: RegisteredSource, changes: Iterable[DocumentChange], reasons: list[str]
) -> SourcePlan:
    outcomes: list[tuple[str, str | None]] = []
    quarantined = added = closed = row_closings = 0
    new_texts: set[bytes] = set()
    cutter = _Cutter(platform)
    for document in changes:
        quarantined += bool(document.problems)
        if document.outcome in ("unchanged", "quarantined"):
            continue
        if not reasons:
            outcomes.append((document.outcome, document.raw))
        with platform.catalogue.read() as connection:
            timeline = [
                (entry.valid_from, entry.valid_to, cutter.chunk_ids(connection, document, entry))
                for entry in document.wanted
            ]
            served = {} if reasons else served_rows(connection, document.document_id)
            rows = change(served, stays(timeline))
            added += rows.added
            closed += rows.closed
            row_closings += len(rows.to_close)
            new_texts |= cutter.text_hashes(connection, {stay.chunk_id for stay in rows.to_add})
    to_embed = _without_vector(platform, new_texts)
    speed = (vector_store(platform).texts_per_second() if to_embed else None) or _TEXTS_PER_SECOND
    return SourcePlan(
        documents=intake.count(outcomes, quarantined, source.documents),
        chunks_add=added,
        chunks_keep=0 if reasons else source.rows - row_closings,
        chunks_close=source.rows if reasons else closed,
        to_embed=to_embed,
        seconds_estimated=round(to_embed / speed + len(outcomes) * _SECONDS_A_DOCUMENT, 1),
        rebuild=tuple(reasons),
    )


class _Cutter:
    """Finds the chunks of a timeline's entries: those that are known in the catalogue, else by cutting."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._hashes: dict[str, str] = {}

    def chunk_ids(self, connection: Connection, document: DocumentChange, entry: TimelineEntry) -> list[str]:
        identity = layout_identity(
            document.document_id, entry.version, entry.structure, entry.title, self._platform.chunker.fingerprint
        )
        layouts, passages = schema.layouts, schema.passages
        layout_id = connection.execute(select(layouts.c.layout_id).where(layouts.c.identity == identity)).scalar()
        if layout_id is not None:
            return list(
                connection.execute(select(passages.c.chunk_id).where(passages.c.layout_id == layout_id)).scalars()
            )
        parsed = document.parsed.get((entry.version, entry.structure))
        if parsed is None:
            blobs = self._platform.blobs
            text = blobs.get_text(entry.version)
            parsed = structure.load(text, blobs.get(entry.structure), entry.title, entry.media_type)
        chunks = self._platform.chunker.chunk(document.document_id, parsed, entry.title)
        self._hashes.update({chunk.chunk_id: chunk.text_hash for chunk in chunks})
        return [chunk.chunk_id for chunk in chunks]

    def text_hashes(self, connection: Connection, chunk_ids: set[str]) -> set[bytes]:
        """The hashes of the texts of chunks, as bytes: a plan may hold a million."""
        found = {self._hashes.pop(chunk_id) for chunk_id in chunk_ids & self._hashes.keys()}
        known = sorted(chunk_ids - self._hashes.keys())
        table = schema.chunks
        for start in range(0, len(known), 500):
            query = select(table.c.text_hash).where(table.c.chunk_id.in_(known[start : start + 500]))
            found.update(connection.execute(query).scalars())
        self._hashes.clear()
        return {bytes.fromhex(text_hash) for text_hash in found}


def _without_vector(platform: Platform, texts: set[bytes]) -> int:
    if not texts:
        return 0
    with platform.catalogue.read() as connection:
        return len(vector_store(platform).missing(connection, (text.hex() for text in texts)))
