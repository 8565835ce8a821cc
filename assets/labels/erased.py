"""What the ledger says of persons who were erased: the proof, which datasets held them, how much was predicted of them."""

import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select

from assets.lineage import schema

PERSON_ERASED, PREDICTIONS_ERASED = "person.erased", "predictions.erased"
_LEDGER = schema.ledger


def proof(connection: Connection, person_id: str) -> Row[Any] | None:
    """The ledger's last entry of a person's erasure; None where that was not carried out yet."""
    query = select(_LEDGER).where(_LEDGER.c.subject == person_id, _LEDGER.c.kind == PERSON_ERASED)
    return connection.execute(query.order_by(_LEDGER.c.sequence.desc()).limit(1)).first()


def predictions_erased(connection: Connection, person_id: str) -> int:
    """Of how many predictions about the person the outputs were destroyed."""
    query = select(_LEDGER.c.payload).where(_LEDGER.c.subject == person_id, _LEDGER.c.kind == PREDICTIONS_ERASED)
    payloads: list[str] = list(connection.execute(query).scalars())
    return sum(json.loads(payload)["predictions"] for payload in payloads)


def erased_from(connection: Connection, versions: Collection[str]) -> dict[str, frozenset[str]]:
    """For each of some datasets the persons whom it held and who were erased since."""
    found: dict[str, set[str]] = {version: set() for version in versions}
    query = select(_LEDGER.c.subject, _LEDGER.c.payload).where(_LEDGER.c.kind == PERSON_ERASED)
    for entry in connection.execute(query):
        for version in found.keys() & json.loads(entry.payload)["snapshots"]:
            found[version].add(entry.subject)
    return {version: frozenset(persons) for version, persons in found.items()}
