"""Cuts the staged versions of a refresh into chunks and stages the rows that the index will gain and lose: its second step."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, delete, insert, select, update

from assets.chunks.chunker import Chunker
from assets.chunks.cutting import NewLayout, cut, layout_identity, validated
from assets.chunks.validation import CheckOutcome
from assets.documents import structure
from assets.index.rows import RowChange, Stay, change, stays
from assets.lineage import schema
from assets.lineage.catalogue import Catalogue
from assets.lineage.moments import OPEN
from assets.storage.blobs import Blobs

_DOCUMENTS_A_BATCH = 200


@dataclass(slots=True)
class LayoutReport:
    """What cutting found: documents cut, chunks validated, documents that failed validation, and the checks by name."""

    documents: int = 0
    chunks: int = 0
    failed_documents: int = 0
    checks: dict[str, CheckOutcome] = field(default_factory=dict)


def lay_out(
    catalogue: Catalogue,
    blobs: Blobs,
    chunker: Chunker,
    source_name: str,
    *,
    rebuild: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> LayoutReport:
    """Chunks and validates every staged document of a source and stages the changes of its rows, batch by batch.

    A document with a chunk that fails validation goes to the quarantine as a whole; what is served of it stays. With
    `rebuild`, every row is staged anew, whatever is served; a document that fails is told, and goes on being served. Can be
    repeated after a kill.
    """
    report = LayoutReport()
    kind = _kind(catalogue, source_name)
    after = ""
    while True:
        with catalogue.read() as connection:
            batch = _next_batch(connection, source_name, after)
        if not batch:
            return report
        after = batch[-1][0]
        _lay_out_batch(catalogue, blobs, chunker, source_name, kind, batch, report, rebuild)
        report.documents += len(batch)
        progress(report.documents)


def _kind(catalogue: Catalogue, source_name: str) -> str:
    with catalogue.read() as connection:
        kind: str = connection.execute(
            select(schema.sources.c.kind).where(schema.sources.c.name == source_name)
        ).scalar_one()
        return kind


StagedVersion = Row[tuple[object, ...]]


def _next_batch(connection: Connection, source_name: str, after: str) -> list[tuple[str, list[StagedVersion]]]:
    """The next documents, by id, each with its staged timeline (empty: the document goes away entirely)."""
    documents, versions = schema.staged_documents, schema.staged_versions
    names: list[str] = list(
        connection.execute(
            select(documents.c.document_id)
            .where(
                documents.c.source == source_name,
                documents.c.document_id > after,
                documents.c.outcome.not_in(("unchanged", "quarantined")),
            )
            .order_by(documents.c.document_id)
            .limit(_DOCUMENTS_A_BATCH)
        ).scalars()
    )
    timelines: dict[str, list[StagedVersion]] = {name: [] for name in names}
    if names:
        query = (
            select(versions)
            .where(versions.c.source == source_name, versions.c.document_id.in_(names))
            .order_by(versions.c.document_id, versions.c.valid_from)
        )
        for row in connection.execute(query):
            timelines[row.document_id].append(row)
    return list(timelines.items())


def _lay_out_batch(
    catalogue: Catalogue,
    blobs: Blobs,
    chunker: Chunker,
    source_name: str,
    kind: str,
    batch: Sequence[tuple[str, list[StagedVersion]]],
    report: LayoutReport,
    rebuild: bool,
) -> None:
    identities = {
        row.staged_key: layout_identity(row.document_id, row.version, row.structure, row.title, chunker.fingerprint)
        for _, timeline in batch
        for row in timeline
    }
    with catalogue.read() as connection:
        known = _known_layouts(connection, set(identities.values()))
    fresh: dict[str, NewLayout] = {}
    for _, timeline in batch:
        for row in timeline:
            identity = identities[row.staged_key]
            if identity not in known and identity not in fresh:
                fresh[identity] = _cut(blobs, chunker, identity, row)
    failed = _validate(list(fresh.values()), chunker, source_name, kind, report)
    with catalogue.write() as connection:
        for document_id, reason in failed.items():
            _to_quarantine(connection, source_name, document_id, reason)
            if not rebuild:
                _leave_out(connection, source_name, document_id)
        # A rebuild has no earlier rows of a document to fall back on: it is served as it is, rather than not at all.
        left_out = set() if rebuild else failed.keys()
        _write_layouts(connection, [layout for layout in fresh.values() if layout.document_id not in left_out], known)
        staged_rows: list[dict[str, object]] = []
        for document_id, timeline in batch:
            if document_id in left_out:
                continue
            keyed = [(row, known[identities[row.staged_key]]) for row in timeline]
            change_of_rows = row_change(connection, document_id, keyed, rebuild=rebuild)
            _stage_document(connection, source_name, document_id, keyed, change_of_rows)
            staged_rows += _row_values(source_name, document_id, change_of_rows)
        if staged_rows:
            connection.execute(insert(schema.staged_rows), staged_rows)


def _known_layouts(connection: Connection, identities: set[str]) -> dict[str, int]:
    table = schema.layouts
    found: dict[str, int] = {}
    ordered = sorted(identities)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        query = select(table.c.identity, table.c.layout_id).where(table.c.identity.in_(part))
        found.update({row.identity: row.layout_id for row in connection.execute(query)})
    return found


def _cut(blobs: Blobs, chunker: Chunker, identity: str, row: StagedVersion) -> NewLayout:
    text = blobs.get_text(row.version)
    document = structure.load(text, blobs.get(row.structure), row.title, row.media_type)
    return cut(chunker, identity, row.document_id, document, row)


def _validate(
    layouts: Sequence[NewLayout], chunker: Chunker, source_name: str, kind: str, report: LayoutReport
) -> dict[str, str]:
    """Validates the chunks of new layouts; returns the documents that failed, with the reason."""
    result, failed = validated(layouts, chunker, source_name, kind)
    report.chunks += sum(len(layout.chunks) for layout in layouts)
    report.failed_documents += len(failed)
    for outcome in result.checks:
        before = report.checks.get(outcome.name)
        report.checks[outcome.name] = outcome if before is None else before.plus(outcome)
    return failed


def _write_layouts(connection: Connection, layouts: Sequence[NewLayout], known: dict[str, int]) -> None:
    """Writes new layouts with their chunks, and adds their keys to `known`. Facts that another run wrote meanwhile stay."""
    already = _known_layouts(connection, {layout.identity for layout in layouts})
    known.update(already)
    new = [layout for layout in layouts if layout.identity not in already]
    if not new:
        return
    connection.execute(insert(schema.layouts), [{"identity": layout.identity} for layout in new])
    known.update(_known_layouts(connection, {layout.identity for layout in new}))
    connection.execute(insert(schema.passages), list(_passages(new, known)))
    facts = {
        chunk.chunk_id: {
            "chunk_id": chunk.chunk_id,
            "document_id": layout.document_id,
            "text_hash": chunk.text_hash,
            "title": layout.title,
            "header": chunk.header,
            "heading_path": json.dumps(chunk.heading_path, ensure_ascii=False),
            "version": layout.version,
            "start": chunk.start,
            "end": chunk.end,
        }
        for layout in new
        for chunk in layout.chunks
    }
    present = _present_chunks(connection, list(facts))
    missing = [values for chunk_id, values in facts.items() if chunk_id not in present]
    if missing:
        connection.execute(insert(schema.chunks), missing)


def _passages(layouts: Sequence[NewLayout], known: dict[str, int]) -> Iterator[dict[str, object]]:
    for layout in layouts:
        for ordinal, chunk in enumerate(layout.chunks):
            yield {
                "layout_id": known[layout.identity],
                "ordinal": ordinal,
                "chunk_id": chunk.chunk_id,
                "start": chunk.start,
                "end": chunk.end,
            }


def _present_chunks(connection: Connection, chunk_ids: Sequence[str]) -> set[str]:
    table = schema.chunks
    present: set[str] = set()
    for start in range(0, len(chunk_ids), 500):
        query = select(table.c.chunk_id).where(table.c.chunk_id.in_(chunk_ids[start : start + 500]))
        present.update(connection.execute(query).scalars())
    return present


def row_change(
    connection: Connection, document_id: str, timeline: Sequence[tuple[StagedVersion, int]], *, rebuild: bool
) -> RowChange:
    """What a document's staged timeline, with the layout of each entry, means for its rows."""
    layouts = {layout_id for _, layout_id in timeline}
    chunk_ids: dict[int, list[str]] = {layout_id: [] for layout_id in layouts}
    table = schema.passages
    for layout_id in layouts:
        query = select(table.c.chunk_id).where(table.c.layout_id == layout_id).order_by(table.c.ordinal)
        chunk_ids[layout_id] = list(connection.execute(query).scalars())
    wanted = stays((row.valid_from, row.valid_to, chunk_ids[layout_id]) for row, layout_id in timeline)
    return change({} if rebuild else served_rows(connection, document_id), wanted)


def served_rows(connection: Connection, document_id: str) -> dict[str, Stay]:
    """The rows of a document that are served, by row id."""
    table = schema.rows
    query = select(table.c.row_id, table.c.chunk_id, table.c.valid_from, table.c.valid_to).where(
        table.c.document_id == document_id, table.c.to_generation == OPEN
    )
    return {row.row_id: Stay(row.chunk_id, row.valid_from, row.valid_to) for row in connection.execute(query)}


def _stage_document(
    connection: Connection,
    source_name: str,
    document_id: str,
    timeline: Sequence[tuple[StagedVersion, int]],
    row_changes: RowChange,
) -> None:
    versions, documents, rows = schema.staged_versions, schema.staged_documents, schema.staged_rows
    for row, layout_id in timeline:
        connection.execute(update(versions).where(versions.c.staged_key == row.staged_key).values(layout_id=layout_id))
    connection.execute(
        update(documents)
        .where(documents.c.source == source_name, documents.c.document_id == document_id)
        .values(chunks_added=row_changes.added, chunks_closed=row_changes.closed)
    )
    connection.execute(delete(rows).where(rows.c.source == source_name, rows.c.document_id == document_id))


def _row_values(source_name: str, document_id: str, row_changes: RowChange) -> Iterator[dict[str, object]]:
    for stay in row_changes.to_add:
        yield {
            "source": source_name,
            "document_id": document_id,
            "closes": None,
            "chunk_id": stay.chunk_id,
            "valid_from": stay.valid_from,
            "valid_to": stay.valid_to,
        }
    for row_id in row_changes.to_close:
        yield {
            "source": source_name,
            "document_id": document_id,
            "closes": row_id,
            "chunk_id": "",
            "valid_from": 0,
            "valid_to": 0,
        }


def _leave_out(connection: Connection, source_name: str, document_id: str) -> None:
    """Takes a document out of the refresh; what is served of it stays."""
    documents, versions = schema.staged_documents, schema.staged_versions
    connection.execute(delete(versions).where(versions.c.source == source_name, versions.c.document_id == document_id))
    connection.execute(
        update(documents)
        .where(documents.c.source == source_name, documents.c.document_id == document_id)
        .values(outcome="quarantined")
    )


def _to_quarantine(connection: Connection, source_name: str, document_id: str, reason: str) -> None:
    documents, problems = schema.staged_documents, schema.staged_quarantine
    raw = connection.execute(
        select(documents.c.raw).where(documents.c.source == source_name, documents.c.document_id == document_id)
    ).scalar()
    connection.execute(
        insert(problems).values(
            source=source_name,
            document_id=document_id,
            stage="validate",
            reason="failed_validation",
            advice=f"A chunk of this document failed the check '{reason}': look at the file, and mend what it names.",
            raw=raw,
        )
    )
