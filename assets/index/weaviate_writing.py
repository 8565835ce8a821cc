"""Writing to a Weaviate collection: batches of which every object is accounted for, deletions that end when nothing is left."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from assets.index import weaviate_client as connection
from assets.index import weaviate_errors as errors
from assets.index.store import IndexUnavailable
from assets.storage.concurrency import at_once

BATCH_ROWS = 500
_BATCHES_AT_ONCE = 2
"""The server works on one batch while the next one is made ready."""
_WAIT, _LONGEST_WAIT = 0.05, 2.0


class Writer:
    """Writes to one collection. `collection_of` gives its handle from a client."""

    def __init__(self, server: connection.Server, collection_of: Callable[[Any], Any]) -> None:
        self._server = server
        self._collection_of = collection_of

    def insert(self, batches: Iterable[Sequence[Any]]) -> None:
        """Writes batches of objects, at most BATCH_ROWS each, every object in place of the one that has its id. Raises
        IndexUnavailable where the server refuses one, or accepts it and does not have it afterwards."""
        for _ in at_once(self._write, batches, _BATCHES_AT_ONCE):
            pass

    def _write(self, batch: Sequence[Any]) -> None:
        self._insert(batch)
        self._check_presence(batch)

    def set_ends(self, ids: Sequence[Any], generation: int) -> None:
        """Sets `to_generation` of the objects that are there. The server has no update of many objects: they are read and
        written whole, nearly three times faster than one by one; with an equal vector the vector index is left alone."""
        from weaviate.classes.data import DataObject
        from weaviate.classes.query import Filter

        def ended(start: int) -> list[Any]:
            wanted = Filter.by_id().contains_any(list(ids[start : start + BATCH_ROWS]))
            return [
                DataObject(
                    uuid=each.uuid,
                    vector=each.vector["default"],
                    properties={**each.properties, "to_generation": generation},
                )
                for each in self._fetch(wanted, BATCH_ROWS)
                if each.properties["to_generation"] != generation
            ]

        self.insert(batch for start in range(0, len(ids), BATCH_ROWS) if (batch := ended(start)))

    def reopen(self, condition: Any, generation: int) -> int:
        """Sets `to_generation` of every object that matches, after which it no longer may. Returns how many."""
        done: set[Any] = set()
        while found := [each.uuid for each in self._fetch(condition, 10 * BATCH_ROWS, whole=False)]:
            if done.issuperset(found):
                raise IndexUnavailable(
                    f"Weaviate at {self._server} took changes and does not show them: look at its log, and run it again."
                )
            done.update(found)
            self.set_ends(found, generation)
        return len(done)

    def delete(self, condition: Any) -> int:
        """Removes every object that matches; the server takes 10,000 at a time. Returns how many."""
        removed, idle = 0, 0
        while True:
            result = self._server.write(lambda client: self._collection_of(client).data.delete_many(where=condition))
            removed += int(result.successful)
            if not result.matches:
                return removed
            idle = 0 if result.successful else idle + 1
            if idle > 3:
                raise IndexUnavailable(
                    f"Weaviate at {self._server} did not remove {result.failed} rows: look at its log, and run it again."
                )

    def count(self, condition: Any) -> int:
        """Objects that match. (Without a condition the server asks all replicas, and says 0 where one of them is gone.)"""
        return int(self._server.write(lambda client: self.count_of(client, condition)))

    def count_of(self, client: Any, condition: Any) -> int:
        """The same, as the node of a client has them. Raises what the client library raises."""
        return int(self._collection_of(client).aggregate.over_all(filters=condition, total_count=True).total_count)

    def _fetch(self, condition: Any, limit: int, *, whole: bool = True) -> list[Any]:
        def fetched(client: Any) -> list[Any]:
            found: list[Any] = (
                self._collection_of(client)
                .query.fetch_objects(
                    filters=condition,
                    limit=limit,
                    include_vector=whole,
                    return_properties=None if whole else False,
                )
                .objects
            )
            return found

        return self._server.write(fetched)

    def _insert(self, batch: Sequence[Any]) -> None:
        pending, deadline, wait = list(batch), time.monotonic() + connection.PATIENCE, _WAIT
        while True:
            refused = self._refusals(pending)
            if not refused:
                return
            reason = next((each for each in refused.values() if not errors.passing_words(each)), "")
            if reason or time.monotonic() > deadline:
                raise errors.refusal(self._server, reason or next(iter(refused.values())), len(refused), len(pending))
            pending = [pending[position] for position in refused]
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    def _refusals(self, objects: Sequence[Any]) -> dict[int, str]:
        return self._server.write(lambda client: refusals(self._collection_of(client), objects))

    def _check_presence(self, batch: Sequence[Any]) -> None:
        """The server has reported batches as written that it had not."""
        from weaviate.classes.query import Filter

        ids = Filter.by_id().contains_any([each.uuid for each in batch])
        deadline, wait = time.monotonic() + connection.PATIENCE, _WAIT
        while (found := self.count(ids)) != len(batch):
            if time.monotonic() > deadline:
                raise IndexUnavailable(
                    f"Weaviate at {self._server} accepted {len(batch)} rows and has {found} of them: look at its log, and"
                    " run it again."
                )
            # A replica that was away may answer before it has caught up.
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def refusals(collection: Any, objects: Sequence[Any]) -> dict[int, str]:
    """Writes one batch. What the server says of each object that it did not take, by its position."""
    from weaviate.exceptions import WeaviateInsertManyAllFailedError

    try:
        result = collection.data.insert_many(objects)
    except WeaviateInsertManyAllFailedError as error:
        return dict.fromkeys(range(len(objects)), errors.first_line(error))
    refused = {position: str(each.message) for position, each in result.errors.items()}
    if len(refused) + len(result.uuids) != len(objects):
        answered = {*refused, *result.uuids}
        refused |= {position: errors.NO_ANSWER for position in range(len(objects)) if position not in answered}
    return refused
