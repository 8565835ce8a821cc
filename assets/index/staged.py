"""What a refresh has staged, counted and read back: for reports, for writing, and for the record."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select

from assets.documents import intake
from assets.documents.registry import RegisteredSource
from assets.index.rows import Stay
from assets.lineage import schema

_ROWS_A_READ = 2000


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What a refresh did to one source; `rows` counts index rows, `seconds` the work from the look to the switch."""

    source: str
    documents: intake.DocumentCounts
    chunks_added: int
    chunks_kept: int
    chunks_closed: int
    embedded: int


def recorded_result(connection: Connection, run_id: str, source_name: str) -> SourceResult:
    """What a refresh that ended well recorded of itself."""
    table = schema.refreshes
    text: str = connection.execute(
        select(table.c.result).where(table.c.run_id == run_id, table.c.source == source_name)
    ).scalar_one()
    values: dict[str, Any] = json.loads(text)
    documents = intake.DocumentCounts(**values.pop("documents"))
    return SourceResult(source=source_name, documents=documents, **values)


def after_rebuild(rebuilt: SourceResult, refreshed: SourceResult) -> SourceResult:
    """What a rebuild and the refresh after it did together: the documents are those of the refresh."""
    return replace(
        refreshed,
        chunks_added=rebuilt.chunks_added + refreshed.chunks_added,
        chunks_kept=rebuilt.chunks_kept,
        chunks_closed=rebuilt.chunks_closed + refreshed.chunks_closed,
        embedded=rebuilt.embedded + refreshed.embedded,
    )


def staged_result(
    connection: Connection, source: RegisteredSource, embedded: int, *, rebuild: bool = False
) -> SourceResult:
    """The counts of a staged refresh of one source. A rebuild adds every chunk anew and closes all that were served."""
    table = schema.staged_documents
    counted = connection.execute(
        select(
            func.coalesce(func.sum(table.c.chunks_added), 0), func.coalesce(func.sum(table.c.chunks_closed), 0)
        ).where(table.c.source == source.spec.name)
    ).one()
    _, row_closings = staged_row_counts(connection, source.spec.name)
    return SourceResult(
        source=source.spec.name,
        documents=intake.staged_counts(connection, source.spec.name, source.documents),
        chunks_added=counted[0],
        chunks_kept=0 if rebuild else source.rows - row_closings,
        chunks_closed=source.rows if rebuild else counted[1],
        embedded=embedded,
    )


def staged_row_counts(connection: Connection, source_name: str) -> tuple[int, int]:
    """Staged rows to add and to close."""
    table = schema.staged_rows
    total, closings = connection.execute(
        select(func.count(), func.count(table.c.closes)).where(table.c.source == source_name)
    ).one()
    return total - closings, closings


def changes_anything(connection: Connection, source_name: str) -> bool:
    table = schema.staged_documents
    return (
        connection.execute(
            select(table.c.document_id)
            .where(table.c.source == source_name, table.c.outcome.not_in(("unchanged", "quarantined")))
            .limit(1)
        ).first()
        is not None
    )


def staged_additions(connection: Connection, source_name: str, after: int) -> list[tuple[int, Stay]]:
    table = schema.staged_rows
    query = (
        select(table.c.staged_key, table.c.chunk_id, table.c.valid_from, table.c.valid_to)
        .where(table.c.source == source_name, table.c.closes.is_(None), table.c.staged_key > after)
        .order_by(table.c.staged_key)
        .limit(_ROWS_A_READ)
    )
    return [
        (row.staged_key, Stay(row.chunk_id, row.valid_from, row.valid_to)) for row in connection.execute(query).all()
    ]


def recordable(result: SourceResult) -> dict[str, object]:
    values = asdict(result)
    del values["source"]
    return values
