"""The index on a Weaviate server or cluster: a collection for each index version, for one writing process at a time.

A row is closed by writing it again, which the server does by taking it out for a moment: a search just then can miss it.
A write of many rows is many writes to the server. Each can be repeated, none is seen in the generation that is served, and what a
kill leaves is undone by `sweep`: so the whole is what the protocol asks for.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.index import weaviate_cluster as cluster
from assets.index import weaviate_filters as filters
from assets.index import weaviate_schema as layout
from assets.index import weaviate_search as searching
from assets.index.digest import checksum
from assets.index.keywords import NO_STATISTICS, Statistics, collect, drifted
from assets.index.store import OPEN, Hit, IndexRow, IndexUnavailable, RowState, SearchFilter
from assets.index.terms import terms
from assets.index.weaviate_client import Server
from assets.index.weaviate_errors import clear_errors
from assets.index.weaviate_nodes import Node
from assets.index.weaviate_statistics import StatisticsStore
from assets.index.weaviate_writing import BATCH_ROWS, Writer

_ROWS_A_READ = 1_000
_IDS_A_DELETION = 1_000
_STATISTICS_SECONDS = 2.0
"""How old the statistics of a search may be: they change by one in a hundred before they are collected again."""
_SEARCHES_AT_ONCE = 32
_LAST = 2**53 - 1
"""The last generation that the server keeps exactly."""


class WeaviateIndex:
    """One physical index on a server. May be shared by threads."""

    def __init__(self, server: Server, deployment: layout.Deployment, index_version: str) -> None:
        """Opens; `WeaviateIndex.open` reads better. Raises IndexUnavailable where there is none."""
        self._server = server
        self._deployment = deployment
        self.name = deployment.collection(index_version)
        self._lock = threading.Lock()
        self._statistics: tuple[float, Statistics] | None = None
        self._unindexed = False
        self._whole: set[tuple[int, Node]] = set()
        self._writer = Writer(server, self._collection)
        self._kept = StatisticsStore(self.name, lambda client: self._handle(client, deployment.statistics))
        self._beside = ThreadPoolExecutor(_SEARCHES_AT_ONCE, thread_name_prefix="weaviate")
        self._prefer_whole(_LAST)
        with self._clear("opened"):
            if not self.exists(server, deployment, index_version):
                raise IndexUnavailable(
                    f"There is no vector index {self.name} on Weaviate at {server}: a refresh creates it."
                )
            self._dimension = server.read(self._kept.dimension)

    @classmethod
    def create(
        cls, server: Server, deployment: layout.Deployment, index_version: str, dimension: int
    ) -> "WeaviateIndex":
        """A new, empty index for vectors of `dimension` numbers. Raises IndexUnavailable where it exists."""
        if cls.exists(server, deployment, index_version):
            raise IndexUnavailable(
                f"The vector index {deployment.collection(index_version)} on Weaviate at {server} could not be created: it"
                " exists already."
            )
        cls.drop(server, deployment, index_version)
        name = deployment.collection(index_version)
        cluster.create(server, deployment.statistics, layout.statistics_configuration(deployment))
        cluster.create(server, name, layout.configuration(deployment))
        # Last, because the collection and its statistics together make an index that exists.
        kept = StatisticsStore(name, lambda client: _handle(client, deployment, deployment.statistics))
        server.write(lambda client: kept.write(client, NO_STATISTICS, dimension))
        return cls(server, deployment, index_version)

    @classmethod
    def open(cls, server: Server, deployment: layout.Deployment, index_version: str) -> "WeaviateIndex":
        """Raises IndexUnavailable where there is none."""
        return cls(server, deployment, index_version)

    @staticmethod
    def exists(server: Server, deployment: layout.Deployment, index_version: str) -> bool:
        name = deployment.collection(index_version)

        def found(client: Any) -> bool:
            kept = StatisticsStore(name, lambda client: _handle(client, deployment, deployment.statistics))
            there = client.collections.exists
            return there(name) and there(deployment.statistics) and kept.exists(client)

        return bool(server.read(found))

    @staticmethod
    def drop(server: Server, deployment: layout.Deployment, index_version: str) -> None:
        """Removes the index; nothing happens where there is none."""
        name = deployment.collection(index_version)

        def remove(client: Any) -> None:
            if client.collections.exists(deployment.statistics):
                kept = StatisticsStore(name, lambda client: _handle(client, deployment, deployment.statistics))
                kept.delete(client)
            cluster.drop_alias(client, deployment.prefix, name)
            client.collections.delete(name)

        server.write(remove)

    def add(self, rows: Sequence[IndexRow]) -> None:
        unique = list({row.row_id: row for row in rows}.values())
        layout.check(unique, self._dimension)
        with self._clear("written"):
            self._unindexed = True
            self._writer.insert(
                layout.to_objects(unique[start : start + BATCH_ROWS]) for start in range(0, len(unique), BATCH_ROWS)
            )

    def close(self, row_ids: Sequence[str], generation: int) -> None:
        self._prefer_whole(_LAST)
        with self._clear("written"):
            self._writer.set_ends([layout.object_id(row_id) for row_id in dict.fromkeys(row_ids)], generation)

    def sweep(self, served: int) -> int:
        self._prefer_whole(_LAST)
        with self._clear("written"):
            removed = self._writer.delete(filters.added_after(served))
            return removed + self._writer.reopen(filters.closed_after(served), OPEN)

    def count(self, generation: int) -> int:
        return self._count(filters.served(generation))

    def count_added(self, generation: int) -> int:
        return self._count(filters.generation_is("from_generation", generation))

    def count_closed(self, generation: int) -> int:
        return self._count(filters.generation_is("to_generation", generation))

    def rows(self) -> Iterator[RowState]:
        return (layout.state(found) for found in self._scan(layout.STATE))

    def checksum(self, generation: int) -> str:
        found = self._scan((*layout.DIGEST[:-1], "from_generation", "to_generation"), include_vector=True)
        return checksum(
            layout.digest(each)
            for each in found
            if each.properties["from_generation"] <= generation < each.properties["to_generation"]
        )

    def erase(self, row_ids: Iterable[str]) -> int:
        """As in IndexStore. No answer of the server holds the rows any more; the bytes leave its disk when it next compacts
        its files, and its backups when they are removed."""
        unique = list(dict.fromkeys(row_ids))
        removed = 0
        with self._clear("written"):
            for start in range(0, len(unique), _IDS_A_DELETION):
                rows = filters.one_of(unique[start : start + _IDS_A_DELETION])
                removed += self._writer.count(rows)
                self._writer.delete(rows)
            if removed:
                self._collect_statistics()
        return removed

    def optimize(self) -> None:
        with self._clear("written"):
            self._await_vectors()
            if drifted(self._server.read(self._kept.read), self._writer.count(filters.added_until(_LAST))):
                self._collect_statistics()

    def search(self, query: str, vector: NDArray[np.float32], k: int, where: SearchFilter) -> list[Hit]:
        """As in IndexStore. Raises ValueError for a vector of another dimension."""
        if vector.shape != (self._dimension,):
            raise ValueError(
                f"The question's vector must hold {self._dimension} numbers; embed it with the index's model."
            )
        question, asked = np.ascontiguousarray(vector, dtype=np.float32), terms(query)
        with self._clear("read"):
            self._await_vectors()
            if (where.generation, self._server.preferred) not in self._whole:
                self._prefer_whole(where.generation)
                self._whole.add((where.generation, self._server.preferred))
            statistics = self._newest_statistics()
            return self._server.read(
                lambda client: searching.search(
                    self._collection(client), self._beside, asked, question, k, where, statistics
                )
            )

    def statistics(self) -> Statistics:
        with self._clear("read"):
            return self._newest_statistics()

    def _prefer_whole(self, generation: int) -> None:
        """The node that is asked has all rows, and all their ends, that were written up to a generation."""
        if self._deployment.replication == 1 or len(self._server.nodes) == 1:
            return
        written = filters.added_until(generation), filters.closed_until(generation)
        cluster.prefer_whole(self._server, lambda client: sum(self._writer.count_of(client, each) for each in written))

    def _newest_statistics(self) -> Statistics:
        with self._lock:
            if self._statistics is None or time.monotonic() - self._statistics[0] > _STATISTICS_SECONDS:
                self._statistics = time.monotonic(), self._server.read(self._kept.read)
            return self._statistics[1]

    def _collect_statistics(self) -> None:
        statistics = collect(found.properties["terms"] for found in self._scan(("terms",)))
        self._server.write(lambda client: self._kept.write(client, statistics, self._dimension))
        with self._lock:
            self._statistics = None

    def _count(self, condition: Any) -> int:
        self._prefer_whole(_LAST)
        with self._clear("read"):
            self._await_vectors()
            return self._writer.count(condition)

    def _await_vectors(self) -> None:
        """What this process has written is in the vector index before anything is concluded from it."""
        if self._unindexed:
            cluster.await_vector_index(self._server, self.name)
            self._unindexed = False

    def _scan(self, properties: Sequence[str], include_vector: bool = False) -> Iterator[Any]:
        """Every object, streamed in the order of ids; a page that a node fails to give is asked of the next one."""
        self._prefer_whole(_LAST)
        after: Any = None
        while True:

            def page(client: Any, after: Any = after) -> list[Any]:
                found: list[Any] = (
                    self._collection(client)
                    .query.fetch_objects(
                        limit=_ROWS_A_READ,
                        after=after,
                        return_properties=list(properties),
                        include_vector=include_vector,
                    )
                    .objects
                )
                return found

            with self._clear("read"):
                objects = self._server.read(page)
            yield from objects
            if len(objects) < _ROWS_A_READ:
                return
            after = objects[-1].uuid

    def _collection(self, client: Any) -> Any:
        return self._handle(client, self.name)

    def _handle(self, client: Any, name: str) -> Any:
        return _handle(client, self._deployment, name)

    def _clear(self, what: str) -> Any:
        return clear_errors(
            f"The vector index {self.name} on Weaviate at {self._server} could not be {what}: it is not there. Run hrdp"
            " verify, which says what is missing."
        )


def _handle(client: Any, deployment: layout.Deployment, name: str) -> Any:
    """In a cluster, what most replicas of a row say."""
    from weaviate.classes.config import ConsistencyLevel

    collection = client.collections.use(name)
    return collection.with_consistency_level(ConsistencyLevel.QUORUM) if deployment.replication > 1 else collection
