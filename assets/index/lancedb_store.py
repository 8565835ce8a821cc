"""The embedded index: a LanceDB table on a local disk, for one writing process at a time and any number of reading ones.

Every write is one commit of a new table version; a reader works on one version and looks for a newer one before each search.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from assets.index import lancedb_engine as engine
from assets.index import lancedb_search as searching
from assets.index import lancedb_table as layout
from assets.index.digest import checksum
from assets.index.keywords import NO_STATISTICS, Statistics, collect, drifted
from assets.index.resident import Resident
from assets.index.store import OPEN, Hit, IndexRow, RowState, SearchFilter
from assets.index.terms import terms

T = TypeVar("T")

RESIDENT_ROWS = 250_000
"""Up to this many rows a process that searches holds vectors and terms in memory (384 floats and 60 terms each: 0.5 GB) and
searches the vectors exactly; above it the engine's vector index is asked, and what it proposes is scored exactly."""
ATTEMPTS = 6
READER_GRACE = timedelta(hours=1)
"""How long an old version stays on disk for readers in other processes."""


class LanceIndex:
    """One physical index in the folder `path`. May be shared by threads."""

    def __init__(self, path: Path, name: str) -> None:
        """Opens; `LanceIndex.open` reads better. Raises IndexUnavailable where there is none."""
        self._path = path
        self._name = name
        self._lock = threading.Lock()
        self._seen: searching.Version | None = None
        with engine.clear_errors(self._describe("opened", "Run hrdp refresh, which makes it again where it is lost.")):
            if not self.exists(path, name):
                raise RuntimeError("there is none")
            self._database = engine.connect(path)
            self._probe = self._database.open_table(name)
            self._table = self._database.open_table(name)
            self._statistics = self._database.open_table(engine.statistics_name(name))
            self._dimension: int = self._table.schema.field("vector").type.list_size

    @classmethod
    def create(cls, path: Path, name: str, dimension: int) -> "LanceIndex":
        """A new, empty index for vectors of `dimension` numbers. Raises IndexUnavailable where it exists."""
        with engine.clear_errors(f"The vector index {name} in {path} could not be created. Is the folder writable?"):
            if cls.exists(path, name):
                raise RuntimeError("it exists already")
            path.mkdir(parents=True, exist_ok=True)
            database = engine.connect(path)
            with engine.writing(path, name):
                for leftover in (name, engine.statistics_name(name)):
                    database.drop_table(leftover, ignore_missing=True)
                engine.index_keywords(database.create_table(name, schema=layout.schema(dimension)))
                # Last, because both tables together make an index that exists.
                database.create_table(engine.statistics_name(name), engine.statistics_table(NO_STATISTICS))
        return cls(path, name)

    @classmethod
    def open(cls, path: Path, name: str) -> "LanceIndex":
        """Raises IndexUnavailable where there is none."""
        return cls(path, name)

    @staticmethod
    def exists(path: Path, name: str) -> bool:
        return (path / f"{name}.lance" / "_versions").is_dir() and (
            path / f"{engine.statistics_name(name)}.lance" / "_versions"
        ).is_dir()

    @staticmethod
    def drop(path: Path, name: str) -> None:
        """Removes the index and its files; nothing happens where there is none."""
        with engine.clear_errors(f"The vector index {name} in {path} could not be removed. Is the folder writable?"):
            if path.is_dir():
                database = engine.connect(path)
                with engine.writing(path, name):
                    for table in (name, engine.statistics_name(name)):
                        database.drop_table(table, ignore_missing=True)
                (path / f"{name}.lock").unlink(missing_ok=True)

    def add(self, rows: Sequence[IndexRow]) -> None:
        unique = list({row.row_id: row for row in rows}.values())
        if not unique:
            return
        data = layout.to_arrow(unique, self._dimension)
        self._write(
            lambda: (
                self._table.merge_insert("row_id").when_matched_update_all().when_not_matched_insert_all().execute(data)
            )
        )

    def close(self, row_ids: Sequence[str], generation: int) -> None:
        if row_ids:
            self._write(lambda: self._set_ends(row_ids, generation))

    def sweep(self, served: int) -> int:
        def undo() -> int:
            touched = int(self._table.count_rows(f"from_generation > {served:d}"))
            if touched:
                self._table.delete(f"from_generation > {served:d}")
            closed = engine.scan(self._table, ("row_id",), f"to_generation > {served:d} AND to_generation < {OPEN:d}")
            row_ids = [row_id for batch in closed for row_id in batch.column("row_id").to_pylist()]
            if row_ids:
                self._set_ends(row_ids, OPEN)
            return touched + len(row_ids)

        return self._write(undo)

    def count(self, generation: int) -> int:
        return self._count(layout.served(generation))

    def count_added(self, generation: int) -> int:
        return self._count(f"from_generation = {generation:d}")

    def count_closed(self, generation: int) -> int:
        return self._count(f"to_generation = {generation:d}")

    def rows(self) -> Iterator[RowState]:
        with engine.clear_errors(self._describe("read", "Try again.")):
            for batch in engine.scan(self._newest(), layout.STATE):
                yield from layout.states(batch)

    def checksum(self, generation: int) -> str:
        def digests(table: Any) -> str:
            batches = engine.scan(table, layout.DIGEST, layout.served(generation))
            return checksum(digest for batch in batches for digest in layout.digests(batch))

        return self._read(lambda: digests(self._newest()))

    def erase(self, row_ids: Iterable[str]) -> int:
        """As in IndexStore. Every file is written anew, the keyword index too: neither engine nor disk keeps a trace."""
        unique = list(dict.fromkeys(row_ids))
        condition = layout.one_of(unique)

        def remove() -> int:
            removed = int(self._table.count_rows(condition))
            if removed:
                self._table.delete(condition)
            # Before the next commit, because readers look at the statistics when the table has a new version.
            self._collect_statistics()
            self._table.update(values_sql={"to_generation": "to_generation"})
            engine.index_keywords(self._table)
            if self._table.count_rows() > RESIDENT_ROWS:
                engine.index_vectors(self._table)
            for table in (self._statistics, self._table):
                engine.tidy(table, timedelta(0))
            return removed

        return self._write(remove) if unique else 0

    def optimize(self) -> None:
        def keep_up() -> None:
            rows = self._table.count_rows()
            if drifted(engine.read_statistics(self._statistics), rows):
                self._collect_statistics()
            if rows > RESIDENT_ROWS and not any("vector" in index.columns for index in self._table.list_indices()):
                engine.index_vectors(self._table)
            for table in (self._statistics, self._table):
                engine.tidy(table, READER_GRACE)

        self._write(keep_up)

    def search(self, query: str, vector: NDArray[np.float32], k: int, where: SearchFilter) -> list[Hit]:
        """As in IndexStore. Raises ValueError for a vector of another dimension."""
        if vector.shape != (self._dimension,):
            raise ValueError(
                f"The question's vector must hold {self._dimension} numbers; embed it with the index's model."
            )
        question = np.ascontiguousarray(vector, dtype=np.float32)
        return self._read(lambda: searching.search(self._current(), terms(query), question, k, where))

    def statistics(self) -> Statistics:
        return self._read(lambda: self._current().statistics)

    def _current(self) -> searching.Version:
        """The newest version, brought into memory as far as it is not there yet."""
        with self._lock:
            self._probe.checkout_latest()
            number = self._probe.version
            if self._seen is None or self._seen.number != number:
                table = self._newest()
                resident = (self._seen and self._seen.resident) or Resident.empty(self._dimension)
                fits = table.count_rows() <= RESIDENT_ROWS
                self._seen = searching.Version(
                    number, table, self._newest_statistics(), searching.loaded(table, resident) if fits else None
                )
            return self._seen

    def _newest(self) -> Any:
        """A handle that stays on the version which is the newest one now."""
        return self._database.open_table(self._name)

    def _newest_statistics(self) -> Statistics:
        return engine.read_statistics(self._database.open_table(engine.statistics_name(self._name)))

    def _count(self, condition: str) -> int:
        return self._read(lambda: int(self._newest().count_rows(condition)))

    def _set_ends(self, row_ids: Iterable[str], generation: int) -> None:
        """One commit for any number of rows. Only the column of ends is written: the rows stay in the keyword index."""
        ends = layout.ends_to_arrow(row_ids, generation)
        self._table.merge_insert("row_id").when_matched_update_all().execute(ends)

    def _collect_statistics(self) -> None:
        batches = engine.scan(self._table, ("terms",))
        statistics = collect(text for batch in batches for text in batch.column("terms").to_pylist())
        self._statistics.add(engine.statistics_table(statistics), mode="overwrite")

    def _read(self, action: Callable[[], T]) -> T:
        """Erasure removes the files of the version that a reader works on: it then goes on with the newest one."""
        with engine.clear_errors(self._describe("read", "Try again.")):
            for attempt in range(ATTEMPTS - 1):
                try:
                    return action()
                except engine.engine_errors():
                    self._seen = None
                    time.sleep(0.02 * 2**attempt)
            return action()

    def _write(self, action: Callable[[], T]) -> T:
        """Writers wait for each other; a conflict with one that holds no lock is tried again on the newest version."""
        with (
            engine.clear_errors(self._describe("written", "Is there space on the disk? It is safe to run it again.")),
            engine.writing(self._path, self._name),
        ):
            for attempt in range(ATTEMPTS - 1):
                try:
                    return self._on_newest(action)
                except engine.engine_errors() as error:
                    if "conflict" not in str(error).lower():
                        raise
                    time.sleep(0.05 * 2**attempt)
            return self._on_newest(action)

    def _on_newest(self, action: Callable[[], T]) -> T:
        self._table.checkout_latest()
        self._statistics.checkout_latest()
        return action()

    def _describe(self, what: str, advice: str) -> str:
        return f"The vector index {self._name} in {self._path} could not be {what}. {advice}"
