"""Turns staged rows of the catalogue into served ones: parts of the one transaction that serves a generation."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, ColumnElement, Connection, delete, insert, literal, select, update

from assets.index.rows import row_id
from assets.index.staged import staged_additions
from assets.lineage import schema
from assets.lineage.moments import OPEN


def apply_versions(connection: Connection, source_name: str, generation: int) -> None:
    versions, staged, documents = schema.versions, schema.staged_versions, schema.staged_documents
    touched = select(documents.c.document_id).where(
        documents.c.source == source_name, documents.c.outcome.not_in(("unchanged", "quarantined"))
    )
    kept = select(staged.c.kept_key).where(staged.c.source == source_name, staged.c.kept_key.is_not(None))
    connection.execute(
        update(versions)
        .where(
            versions.c.source == source_name,
            versions.c.to_generation == OPEN,
            versions.c.document_id.in_(touched),
            versions.c.version_key.not_in(kept),
        )
        .values(to_generation=generation)
    )
    copied = [column.name for column in staged.c if column.name not in ("staged_key", "kept_key")]
    connection.execute(
        insert(versions).from_select(
            [*copied, "from_generation", "to_generation"],
            select(*(staged.c[name] for name in copied), _literal(generation), _literal(OPEN)).where(
                staged.c.source == source_name, staged.c.kept_key.is_(None)
            ),
        )
    )


def apply_rows(connection: Connection, source_name: str, generation: int, index_version: str, *, rebuild: bool) -> None:
    rows, staged = schema.rows, schema.staged_rows
    closing = update(rows).where(rows.c.to_generation == OPEN).values(to_generation=generation)
    if rebuild:
        connection.execute(closing.where(rows.c.source == source_name))
    else:
        closings = select(staged.c.closes).where(staged.c.source == source_name, staged.c.closes.is_not(None))
        connection.execute(closing.where(rows.c.row_id.in_(closings)))
    after = 0
    while batch := staged_additions(connection, source_name, after):
        after = batch[-1][0]
        documents = _documents_of(connection, [stay.chunk_id for _, stay in batch])
        connection.execute(
            insert(rows),
            [
                {
                    "row_id": row_id(stay, generation),
                    "index_version": index_version,
                    "source": source_name,
                    "document_id": documents[stay.chunk_id],
                    "chunk_id": stay.chunk_id,
                    "valid_from": stay.valid_from,
                    "valid_to": stay.valid_to,
                    "from_generation": generation,
                    "to_generation": OPEN,
                }
                for _, stay in batch
            ],
        )


def _documents_of(connection: Connection, chunk_ids: Sequence[str]) -> dict[str, str]:
    table = schema.chunks
    found: dict[str, str] = {}
    for start in range(0, len(chunk_ids), 500):
        query = select(table.c.chunk_id, table.c.document_id).where(
            table.c.chunk_id.in_(chunk_ids[start : start + 500])
        )
        found.update({row.chunk_id: row.document_id for row in connection.execute(query)})
    return found


def apply_files(connection: Connection, source_name: str) -> None:
    files, staged = schema.files, schema.staged_files
    looked_at = select(staged.c.path).where(staged.c.source == source_name)
    connection.execute(delete(files).where(files.c.source == source_name, files.c.path.in_(looked_at)))
    connection.execute(
        insert(files).from_select(
            ["source", "path", "fingerprint", "raw"],
            select(staged.c.source, staged.c.path, staged.c.fingerprint, staged.c.raw).where(
                staged.c.source == source_name, staged.c.fingerprint.is_not(None)
            ),
        )
    )


def apply_quarantine(connection: Connection, source_name: str, at: int) -> None:
    """Resolves what no longer stands of the documents that were looked at, and adds what is new."""
    standing, staged, documents = schema.quarantine, schema.staged_quarantine, schema.staged_documents
    same = (
        select(staged.c.staged_key)
        .where(
            staged.c.source == source_name,
            staged.c.document_id == standing.c.document_id,
            staged.c.reason == standing.c.reason,
        )
        .exists()
    )
    looked_at = select(documents.c.document_id).where(documents.c.source == source_name)
    connection.execute(
        update(standing)
        .where(
            standing.c.source == source_name,
            standing.c.resolved_at == OPEN,
            standing.c.document_id.in_(looked_at),
            ~same,
        )
        .values(resolved_at=at)
    )
    already = (
        select(standing.c.quarantine_id)
        .where(
            standing.c.source == source_name,
            standing.c.resolved_at == OPEN,
            standing.c.document_id == staged.c.document_id,
            standing.c.reason == staged.c.reason,
        )
        .exists()
    )
    copied = ("source", "document_id", "stage", "reason", "advice", "raw")
    connection.execute(
        insert(standing).from_select(
            [*copied, "noticed_at", "resolved_at"],
            select(*(staged.c[name] for name in copied), _literal(at), _literal(OPEN)).where(
                staged.c.source == source_name, ~already
            ),
        )
    )


def _literal(value: int) -> ColumnElement[int]:
    return literal(value, BigInteger)
