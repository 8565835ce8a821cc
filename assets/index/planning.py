"""What a refresh would do, without doing it: the same rules as the refresh, counted instead of carried out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from assets.chunks.cutting import NewLayout, cut, layout_identity, validated
from assets.chunks.layout import served_rows
from assets.documents import intake, registry, structure
from assets.documents.changes import DocumentChange, document_changes, known_of
from assets.documents.intake import in_batches
from assets.documents.registry import RegisteredSource
from assets.documents.timeline import TimelineEntry
from assets.index.rebuild import rebuilt_documents
from assets.index.recipe import LOST
from assets.index.refresh import needs_full_look, open_registered, rebuild_reasons, vector_store
from assets.index.rows import RowChange, Stay, change, stays
from assets.lineage import schema
from assets.lineage.moments import now
from assets.platform import Platform
from assets.storage.hashing import content_hash

_TEXTS_PER_SECOND = 100.0
"""Assumed until this installation has measured its own."""

_DOCUMENTS_A_BATCH = 200

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
    building = rebuild_reasons(platform)
    # An index that is only lost is made again as it was.
    reasons = [reason for reason in building if reason != LOST]
    at = now()
    counting = _Counting(platform, source, reasons)
    with platform.parser_pool() as pool:
        if reasons:
            for batch in in_batches(rebuilt_documents(platform, source_name, pool, reasons), _DOCUMENTS_A_BATCH):
                counting.rebuilt(batch)
        opened = open_registered(platform, source)
        known = known_of(platform.catalogue, source_name, source.state)
        # After a rebuild everything is read.
        full = needs_full_look(platform, source, at) or (bool(reasons) and source.state is not None)
        changes = document_changes(platform.catalogue, source_name, opened, known, pool, content_hash, at=at, full=full)
        for batch in in_batches(changes, _DOCUMENTS_A_BATCH):
            counting.changed(batch)
    return replace(counting.plan(), rebuild=tuple(building))


class _Counting:
    """Adds up what a rebuild for some reasons and the refresh after it would do."""

    def __init__(self, platform: Platform, source: RegisteredSource, reasons: list[str]) -> None:
        self._platform = platform
        self._source = source
        self._reasons = reasons
        self._cutter = _Cutter(platform)
        self._outcomes: list[tuple[str, str | None]] = []
        self._quarantined: set[str] = set()
        self._added = self._closed = self._row_closings = 0
        self._new_texts: set[bytes] = set()

    def rebuilt(self, documents: Sequence[DocumentChange]) -> None:
        """Counts served documents of a rebuild: all their chunks are added anew, also where one fails validation."""
        with self._platform.catalogue.read() as connection:
            for document in documents:
                self._count(connection, change({}, self._stays(connection, document, document.wanted)))
        self._cutter.forget()

    def changed(self, documents: Sequence[DocumentChange]) -> None:
        """Counts documents of a refresh; one that fails validation goes to the quarantine."""
        self._quarantined.update(document.document_id for document in documents if document.problems)
        counted = [document for document in documents if document.outcome not in ("unchanged", "quarantined")]
        with self._platform.catalogue.read() as connection:
            wanted = {document.document_id: self._stays(connection, document, document.wanted) for document in counted}
            failed = self._cutter.failed(self._source)
            self._quarantined |= failed
            for document in counted:
                if document.document_id in failed:
                    continue
                self._outcomes.append((document.outcome, document.raw))
                if self._reasons:
                    rebuilt = self._stays(connection, document, document.served)
                    served = {str(number): stay for number, stay in enumerate(rebuilt)}
                else:
                    served = served_rows(connection, document.document_id)
                self._count(connection, change(served, wanted[document.document_id]))
        self._cutter.forget()

    def plan(self) -> SourcePlan:
        """The sums."""
        to_embed = _without_vector(self._platform, self._new_texts)
        speed = (vector_store(self._platform).texts_per_second() if to_embed else None) or _TEXTS_PER_SECOND
        return SourcePlan(
            documents=intake.count(self._outcomes, len(self._quarantined), self._source.documents),
            chunks_add=self._added,
            chunks_keep=0 if self._reasons else self._source.rows - self._row_closings,
            chunks_close=self._closed + (self._source.rows if self._reasons else 0),
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
    """Finds the chunks of a timeline's entries: those that are known in the catalogue, else by cutting. Holds what it has cut
    until it is told to forget."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._layouts: dict[str, NewLayout] = {}
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
        if identity not in self._layouts:
            parsed = document.parsed.get((entry.version, entry.structure))
            if parsed is None:
                blobs = self._platform.blobs
                text = blobs.get_text(entry.version)
                parsed = structure.load(text, blobs.get(entry.structure), entry.title, entry.media_type)
            layout = cut(self._platform.chunker, identity, document.document_id, parsed, entry)
            self._layouts[identity] = layout
            self._hashes.update({chunk.chunk_id: chunk.text_hash for chunk in layout.chunks})
        return [chunk.chunk_id for chunk in self._layouts[identity].chunks]

    def failed(self, source: RegisteredSource) -> set[str]:
        """The documents of what was cut that would go to the quarantine."""
        if not self._layouts:
            return set()
        _, failed = validated(list(self._layouts.values()), self._platform.chunker, source.spec.name, source.spec.kind)
        return set(failed)

    def text_hashes(self, connection: Connection, chunk_ids: set[str]) -> set[bytes]:
        """The hashes of the texts of chunks, as bytes: a plan may hold a million."""
        found = {self._hashes[chunk_id] for chunk_id in chunk_ids & self._hashes.keys()}
        known = sorted(chunk_ids - self._hashes.keys())
        table = schema.chunks
        for start in range(0, len(known), 500):
            query = select(table.c.text_hash).where(table.c.chunk_id.in_(known[start : start + 500]))
            found.update(connection.execute(query).scalars())
        return {bytes.fromhex(text_hash) for text_hash in found}

    def forget(self) -> None:
        """Lets go of what was cut."""
        self._layouts.clear()
        self._hashes.clear()


def _without_vector(platform: Platform, texts: set[bytes]) -> int:
    if not texts:
        return 0
    with platform.catalogue.read() as connection:
        return len(vector_store(platform).missing(connection, (text.hex() for text in texts)))
