"""The persons that the catalogue knows, each with a key of its own, wrapped; an erased one stays known without it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from assets.documents.intake import in_batches
from assets.labels.vault.vault import Vault
from assets.lineage.label_tables import persons
from assets.lineage.moments import now

_AT_ONCE = 500


class PersonUnknown(Exception):
    """No row of that person ever came in; the message says which ids can be given, and repeats none."""


@dataclass(frozen=True, slots=True)
class KnownPersons:
    """Keys by person id, and those who were erased."""

    keys: dict[str, bytes]
    erased: frozenset[str]


def known_persons(connection: Connection, vault: Vault, person_ids: Iterable[str]) -> KnownPersons:
    """What is known of some persons; who is new is in neither."""
    keys: dict[str, bytes] = {}
    erased: set[str] = set()
    for batch in in_batches(person_ids, _AT_ONCE):
        query = select(persons.c.person_id, persons.c.wrapped_key).where(persons.c.person_id.in_(batch))
        for row in connection.execute(query):
            if row.wrapped_key is None:
                erased.add(row.person_id)
            else:
                keys[row.person_id] = vault.unwrap(row.person_id, row.wrapped_key)
    return KnownPersons(keys, frozenset(erased))


def add_persons(connection: Connection, vault: Vault, keys: Collection[tuple[str, bytes]]) -> None:
    """New persons and their keys, inside the caller's write transaction."""
    at = now()
    for batch in in_batches(keys, _AT_ONCE):
        connection.execute(
            insert(persons),
            [
                {"person_id": person_id, "wrapped_key": vault.wrap(person_id, key), "added_at": at}
                for person_id, key in batch
            ],
        )


def destroy_key(connection: Connection, person_id: str) -> None:
    """Destroys a person's key, inside the caller's write transaction: no original of theirs can be read from then on."""
    connection.execute(
        update(persons)
        .where(persons.c.person_id == person_id, persons.c.wrapped_key.is_not(None))
        .values(wrapped_key=None, erased_at=now())
    )
