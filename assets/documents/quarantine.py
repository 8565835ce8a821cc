"""What could not be read, parsed or validated, and still stands."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from assets.lineage import schema
from assets.lineage.moments import OPEN, iso


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document in quarantine: `reason` is a short code, `advice` tells a person what to do."""

    document_id: str
    stage: str
    reason: str
    advice: str
    raw: str | None
    noticed_at: str | None


def standing(connection: Connection, source_name: str | None = None) -> list[Quarantined]:
    """What is in quarantine now, by document."""
    table = schema.quarantine
    query = select(table).where(table.c.resolved_at == OPEN).order_by(table.c.document_id, table.c.reason)
    if source_name is not None:
        query = query.where(table.c.source == source_name)
    return [
        Quarantined(row.document_id, row.stage, row.reason, row.advice, row.raw, iso(row.noticed_at))
        for row in connection.execute(query)
    ]
