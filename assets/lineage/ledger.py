"""The tamper-evident ledger: one hash-chained entry for every change, written in the transaction of that change."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from assets.lineage import schema
from assets.lineage.moments import iso, now

GENESIS = "0" * 64
"""What the first entry names as its predecessor."""


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a check of the whole chain found; `broken_at` is the sequence of the first entry that does not fit."""

    entries: int
    head: str
    broken_at: int | None

    @property
    def intact(self) -> bool:
        return self.broken_at is None


def entry_hash(sequence: int, at: int, kind: str, subject: str, payload: str, previous: str) -> str:
    """SHA-256 over the canonical JSON list of an entry's fields."""
    fields = json.dumps([sequence, at, kind, subject, payload, previous], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(fields.encode()).hexdigest()


def append(connection: Connection, kind: str, subject: str, payload: dict[str, Any]) -> str:
    """Adds an entry inside the caller's write transaction and returns its hash. `payload` holds identifiers and numbers
    only: never a document's text, a name or a secret."""
    last = connection.execute(
        select(schema.ledger.c.sequence, schema.ledger.c.hash).order_by(schema.ledger.c.sequence.desc()).limit(1)
    ).first()
    sequence, previous = (last.sequence + 1, last.hash) if last else (1, GENESIS)
    at = now()
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = entry_hash(sequence, at, kind, subject, text, previous)
    connection.execute(
        insert(schema.ledger).values(
            sequence=sequence, at=at, kind=kind, subject=subject, payload=text, previous=previous, hash=digest
        )
    )
    return digest


def check(connection: Connection) -> LedgerReport:
    """Recomputes the whole chain, streaming."""
    previous, count = GENESIS, 0
    result = connection.execution_options(yield_per=1000).execute(
        select(schema.ledger).order_by(schema.ledger.c.sequence)
    )
    for row in result:
        digest = entry_hash(row.sequence, row.at, row.kind, row.subject, row.payload, previous)
        if row.sequence != count + 1 or row.previous != previous or row.hash != digest:
            return LedgerReport(entries=count, head=previous, broken_at=count + 1)
        previous, count = row.hash, count + 1
    return LedgerReport(entries=count, head=previous, broken_at=None)


def entries(connection: Connection, *, since: int | None = None, subject: str | None = None) -> list[dict[str, Any]]:
    """Entries in order, as plain values, from a moment on or about one subject."""
    query = select(schema.ledger).order_by(schema.ledger.c.sequence)
    if since is not None:
        query = query.where(schema.ledger.c.at >= since)
    if subject is not None:
        query = query.where(schema.ledger.c.subject == subject)
    return [
        {
            "sequence": row.sequence,
            "at": iso(row.at),
            "kind": row.kind,
            "subject": row.subject,
            "payload": json.loads(row.payload),
            "hash": row.hash,
            "previous": row.previous,
        }
        for row in connection.execute(query)
    ]
