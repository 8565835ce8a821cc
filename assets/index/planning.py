"""What a refresh would do, without doing it: the same rules as the refresh, counted instead of carried out."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from assets.chunks.layout import layout_identity, served_rows
from assets.documents import intake, registry, structure
from assets.documents.changes import DocumentChange, document_changes, known_of
from assets.documents.registry import RegisteredSource
from assets.documents.timeline import TimelineEntry
from assets.index.rebuild import rebuilt_documents
from assets.index.refresh import needs_full_look, open_registered, rebuild_reasons, vector_store
from assets.index.rows import RowChange, Stay, change, stays
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
    """Looks at a source and counts. Nothing is changed. Raises SourceUnavailable, SourceProblem.

    Where the index has to be rebuilt, the counts are those of the rebuild and of the refresh that follows it."""
    source = registry.find(platform.catalogue, source_name)
    reasons = rebuild_reasons(platform)
    at = now()
    counting = _Counting(platform, reasons)
    with platform.parser_pool() as pool:
        if reasons:
            for document in rebuilt_documents(platform, source_name, pool, reasons):
                counting.rebuilt(document)
        opened = open_registered(platform, source)
        known = known_of(platform.catalogue, source_name, source.state)
        # After a rebuild everything is read.
        full = needs_full_look(platform, source, at) or (bool(reasons) and source.state is not None)
        for document in document_changes(
            platform.catalogue, source_name, opened, known, pool, content_hash, at=at, full=full
        ):
            counting.changed(document)
    return counting.plan(source)


class _Counting:
    """Adds up what a rebuild for some reasons and the refresh after it would do."""

    def __init__(self, platform: Platform, reasons: list[str]) -> None:
        self._platform = platform
        self._reasons = reasons
        self._cutter = _Cutter(platform)
        self._outcomes: list[tuple[str, str | None]] = []
        self._quarantined: set[str] = set()
        self._added = self._closed = self._row_closings = 0
        self._new_texts: set[bytes] = set()

    def rebuilt(self, document: DocumentChange) -> None:
        """Counts a served document of a rebuild: all its chunks are added anew."""
        with self._platform.catalogue.read() as connection:
            self._count(connection, change({}, self._stays(connection, document, document.wanted)))

    def changed(self, document: DocumentChange) -> None:
        """Counts a document of a refresh."""
        if document.problems:
            self._quarantined.add(document.document_id)
        if document.outcome in ("unchanged", "quarantined"):
            return
        self._outcomes.append((document.outcome, document.raw))
        with self._platform.catalogue.read() as connection:
            if self._reasons:
                rebuilt = self._stays(connection, document, document.served)
                served = {str(number): stay for number, stay in enumerate(rebuilt)}
            else:
                served = served_rows(connection, document.document_id)
            self._count(connection, change(served, self._stays(connection, document, document.wanted)))

    def plan(self, source: RegisteredSource) -> SourcePlan:
        """The sums."""
        to_embed = _without_vector(self._platform, self._new_texts)
        speed = (vector_store(self._platform).texts_per_second() if to_embed else None) or _TEXTS_PER_SECOND
        return SourcePlan(
            documents=intake.count(self._outcomes, len(self._quarantined), source.documents),
            chunks_add=self._added,
            chunks_keep=0 if self._reasons else source.rows - self._row_closings,
            chunks_close=self._closed + (source.rows if self._reasons else 0),
            to_embed=to_embed,
            seconds_estimated=round(to_embed / speed + len(self._outcomes) * _SECONDS_A_DOCUMENT, 1),
            rebuild=tuple(self._reasons),
        )

    def _stays(self, connection: Connection, document: DocumentChange, timeline: Sequence[TimelineEntry]) -> set[Stay]:
        return stays(
            (entry.valid_from, entry.valid_to, self._cutter.chunk_ids(connection, document, entry))
            for entry in timeline
        )

    def _count(self, connection: Connection, rows: RowChange) -> None:
        self._added += rows.added
        self._closed += rows.closed
        self._row_closings += len(rows.to_close)
        self._new_texts |= self._cutter.text_hashes(connection, {stay.chunk_id for stay in rows.to_add})


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
