"""The embedded index: a LanceDB table on a local disk, for one writing process at a time and any number of reading ones.

Every write is one commit of a new table version; a reader works on one version and looks for a newer one before each search.
"""

import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from assets.index import lancedb_table as layout
from assets.index.digest import checksum
from assets.index.fusion import best, fuse
from assets.index.keywords import NO_STATISTICS, Statistics, collect, drifted, keyword_scores
from assets.index.resident import Fixed, Ids, Resident, Spans
from assets.index.store import OPEN, Hit, IndexRow, IndexUnavailable, RowState, SearchFilter
from assets.index.terms import terms

T = TypeVar("T")

CANDIDATES = 100
"""How many rows each side proposes at least; all of them are scored on both sides."""
RESIDENT_ROWS = 250_000
"""Up to this many rows a process that searches holds the vectors in memory (384 floats each: 0.4 GB) and searches them
exactly; above it the engine's vector index is asked, and what it proposes is scored exactly."""
PROBES = 40
REFINED = 4
ATTEMPTS = 6
READER_GRACE = timedelta(hours=1)
"""How long an old version stays on disk for readers in other processes."""
WRITER_PATIENCE = 600.0
"""Seconds that a writer waits for another one."""
STREAMED_ROWS = 2_048


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of the table, as a search sees it. `resident` is None where the table is too large."""

    number: int
    table: Any
    statistics: Statistics
    resident: Resident | None


class LanceIndex:
    """One physical index in the folder `path`. May be shared by threads."""

    def __init__(self, path: Path, name: str) -> None:
        """Opens; `LanceIndex.open` reads better. Raises IndexUnavailable where there is none."""
        self._path = path
        self._name = name
        self._lock = threading.Lock()
        self._seen: _Version | None = None
        with _clear_errors(self._describe("opened", "Was it created? A refresh creates it.")):
            if not self.exists(path, name):
                raise RuntimeError("there is none")
            self._database = _connect(path)
            self._probe = self._database.open_table(name)
            self._table = self._database.open_table(name)
            self._statistics = self._database.open_table(_statistics_name(name))
            self._dimension: int = self._table.schema.field("vector").type.list_size

    @classmethod
    def create(cls, path: Path, name: str, dimension: int) -> "LanceIndex":
        """A new, empty index for vectors of `dimension` numbers. Raises IndexUnavailable where it exists."""
        with _clear_errors(f"The vector index {name} in {path} could not be created. Is the folder writable?"):
            if cls.exists(path, name):
                raise RuntimeError("it exists already")
            path.mkdir(parents=True, exist_ok=True)
            database = _connect(path)
            with _writing(path, name):
                for leftover in (name, _statistics_name(name)):
                    database.drop_table(leftover, ignore_missing=True)
                _index_keywords(database.create_table(name, schema=layout.schema(dimension)))
                # Last, because both tables together make an index that exists.
                database.create_table(_statistics_name(name), _statistics_table(NO_STATISTICS))
        return cls(path, name)

    @classmethod
    def open(cls, path: Path, name: str) -> "LanceIndex":
        """Raises IndexUnavailable where there is none."""
        return cls(path, name)

    @staticmethod
    def exists(path: Path, name: str) -> bool:
        return (path / f"{name}.lance" / "_versions").is_dir() and (
            path / f"{_statistics_name(name)}.lance" / "_versions"
        ).is_dir()

    @staticmethod
    def drop(path: Path, name: str) -> None:
        """Removes the index and its files; nothing happens where there is none."""
        with _clear_errors(f"The vector index {name} in {path} could not be removed. Is the folder writable?"):
            if path.is_dir():
                database = _connect(path)
                with _writing(path, name):
                    for table in (name, _statistics_name(name)):
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
            closed = self._scan(self._table, ("row_id",), f"to_generation > {served:d} AND to_generation < {OPEN:d}")
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
        with _clear_errors(self._describe("read", "Try again.")):
            for batch in self._scan(self._newest(), layout.STATE):
                yield from layout.states(batch)

    def checksum(self, generation: int) -> str:
        def digests(table: Any) -> str:
            batches = self._scan(table, layout.DIGEST, layout.served(generation))
            return checksum(digest for batch in batches for digest in layout.digests(batch, self._dimension))

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
            _index_keywords(self._table)
            if self._table.count_rows() > RESIDENT_ROWS:
                _index_vectors(self._table)
            for table in (self._statistics, self._table):
                _tidy(table, timedelta(0))
            return removed

        return self._write(remove) if unique else 0

    def optimize(self) -> None:
        def keep_up() -> None:
            rows = self._table.count_rows()
            if drifted(_read_statistics(self._statistics), rows):
                self._collect_statistics()
            if rows > RESIDENT_ROWS and not any("vector" in index.columns for index in self._table.list_indices()):
                _index_vectors(self._table)
            for table in (self._statistics, self._table):
                _tidy(table, READER_GRACE)

        self._write(keep_up)

    def search(self, query: str, vector: NDArray[np.float32], k: int, where: SearchFilter) -> list[Hit]:
        """As in IndexStore. Raises ValueError for a vector of another dimension."""
        if vector.shape != (self._dimension,):
            raise ValueError(
                f"The question's vector must hold {self._dimension} numbers; embed it with the index's model."
            )
        question = np.ascontiguousarray(vector, dtype=np.float32)
        return self._read(lambda: self._search(self._current(), terms(query), question, k, where))

    def _search(
        self, version: _Version, query: list[str], vector: NDArray[np.float32], k: int, where: SearchFilter
    ) -> list[Hit]:
        wanted = max(CANDIDATES, k)
        condition = layout.visible(where)
        found: dict[int, tuple[str, str]] = {}
        if query:
            found |= _texts(self._keyword_candidates(version.table, query, wanted, condition))
        if version.resident:
            near = version.resident.nearest(vector, wanted, where)
        else:
            near = self._vector_candidates(version.table, vector, wanted, condition)
        missing = [row for row in near.tolist() if row not in found]
        if missing:
            found |= _texts(version.table.take_row_ids(missing).select(["row_id", "terms"]).with_row_id().to_arrow())
        if not found:
            return []
        ids = np.array(list(found), np.uint64)
        cosines = (
            version.resident.cosines(ids, vector) if version.resident else self._cosines(version.table, ids, vector)
        )
        scores = fuse(keyword_scores(query, [text for _, text in found.values()], version.statistics), cosines)
        chosen = best(scores, [name for name, _ in found.values()], k)
        order = [int(ids[position]) for position in chosen]
        table = version.table.take_row_ids(order).select(list(layout.HIT)).with_row_id().to_arrow()
        return layout.hits(table, order, [float(scores[position]) for position in chosen])

    def _keyword_candidates(self, table: Any, query: list[str], wanted: int, condition: str) -> Any:
        from lancedb.query import MatchQuery

        match = MatchQuery(" ".join(query), "terms")  # type: ignore[call-arg]
        search = table.search(match, query_type="fts").where(condition, prefilter=True)
        return search.limit(wanted).select(["row_id", "terms", "_score"]).with_row_id(True).to_arrow()

    def _vector_candidates(self, table: Any, vector: NDArray[np.float32], wanted: int, condition: str) -> Ids:
        search = table.search(vector, vector_column_name="vector").distance_type("dot").where(condition, prefilter=True)
        found = search.nprobes(PROBES).refine_factor(REFINED).limit(wanted).select(["_distance"]).with_row_id(True)
        return np.asarray(found.to_arrow()["_rowid"], np.uint64)

    def _cosines(self, table: Any, ids: Ids, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        found = table.take_row_ids(ids.tolist()).select(["vector"]).with_row_id().to_arrow()
        order = np.asarray(found["_rowid"], np.uint64)
        cosines = layout.vectors_of(found["vector"], self._dimension) @ vector
        exact: NDArray[np.float64] = cosines[np.searchsorted(order, ids)].astype(np.float64)
        return exact

    def _current(self) -> _Version:
        """The newest version, brought into memory as far as it is not there yet."""
        with self._lock:
            self._probe.checkout_latest()
            number = self._probe.version
            if self._seen is None or self._seen.number != number:
                table = self._newest()
                resident = (self._seen and self._seen.resident) or Resident.empty(self._dimension)
                fits = table.count_rows() <= RESIDENT_ROWS
                self._seen = _Version(
                    number, table, self._newest_statistics(), self._loaded(table, resident) if fits else None
                )
            return self._seen

    def _loaded(self, table: Any, resident: Resident) -> Resident:
        scanned = table.search().select(list(layout.SPANS)).with_row_id(True).limit(None).to_arrow()
        ids = np.asarray(scanned["_rowid"], np.uint64)
        order = np.argsort(ids)
        spans = Spans(ids[order], *(np.asarray(scanned[name], np.int64)[order] for name in layout.SPANS))

        def load(wanted: Ids) -> Fixed:
            columns = ["vector", "kind", "jurisdiction", "source"]
            found = table.take_row_ids(wanted.tolist()).select(columns).with_row_id().to_arrow()
            if not np.array_equal(np.asarray(found["_rowid"], np.uint64), wanted):
                raise RuntimeError("rows went missing between two reads of one version")
            vectors = layout.vectors_of(found["vector"], self._dimension)
            return Fixed(vectors, *(found[name].to_pylist() for name in columns[1:]))

        return resident.moved_to(spans, load)

    def _newest(self) -> Any:
        """A handle that stays on the version which is the newest one now."""
        return self._database.open_table(self._name)

    def _newest_statistics(self) -> Statistics:
        return _read_statistics(self._database.open_table(_statistics_name(self._name)))

    def _scan(self, table: Any, columns: Sequence[str], condition: str | None = None) -> Iterator[Any]:
        query = table.search().select(list(columns)).limit(None)
        yield from (query.where(condition) if condition else query).to_batches(STREAMED_ROWS)

    def _count(self, condition: str) -> int:
        return self._read(lambda: int(self._newest().count_rows(condition)))

    def _set_ends(self, row_ids: Iterable[str], generation: int) -> None:
        """One commit for any number of rows. Only the column of ends is written: the rows stay in the keyword index."""
        ends = layout.ends_to_arrow(row_ids, generation)
        self._table.merge_insert("row_id").when_matched_update_all().execute(ends)

    def _collect_statistics(self) -> None:
        batches = self._scan(self._table, ("terms",))
        statistics = collect(text for batch in batches for text in batch.column("terms").to_pylist())
        self._statistics.add(_statistics_table(statistics), mode="overwrite")

    def _read(self, action: Callable[[], T]) -> T:
        """Erasure removes the files of the version that a reader works on: it then goes on with the newest one."""
        with _clear_errors(self._describe("read", "Try again.")):
            for attempt in range(ATTEMPTS - 1):
                try:
                    return action()
                except _engine_errors():
                    self._seen = None
                    time.sleep(0.02 * 2**attempt)
            return action()

    def _write(self, action: Callable[[], T]) -> T:
        """Writers wait for each other; a conflict with one that holds no lock is tried again on the newest version."""
        with (
            _clear_errors(self._describe("written", "Is there space on the disk? It is safe to run it again.")),
            _writing(self._path, self._name),
        ):
            for attempt in range(ATTEMPTS):
                self._table.checkout_latest()
                self._statistics.checkout_latest()
                try:
                    return action()
                except _engine_errors() as error:
                    if attempt == ATTEMPTS - 1 or "conflict" not in str(error).lower():
                        raise
                    time.sleep(0.05 * 2**attempt)
            raise AssertionError("unreachable")

    def _describe(self, what: str, advice: str) -> str:
        return f"The vector index {self._name} in {self._path} could not be {what}. {advice}"


def _connect(path: Path) -> Any:
    import lancedb

    return lancedb.connect(path)


def _index_keywords(table: Any) -> None:
    """Made of the terms as they are stored; they were stemmed and sifted before."""
    from lancedb.index import FTS

    plain = FTS(
        base_tokenizer="whitespace",
        max_token_length=None,
        lower_case=False,
        stem=False,
        remove_stop_words=False,
        ascii_folding=False,
    )
    table.create_index("terms", config=plain, replace=True)


def _index_vectors(table: Any) -> None:
    from lancedb.index import HnswSq

    table.create_index("vector", config=HnswSq(distance_type="dot"), replace=True)


def _tidy(table: Any, grace: timedelta) -> None:
    """Merges files, brings indexes up to date and removes versions older than `grace`, and what killed writers left.

    Under the writers' lock nobody else is half-way through a write, so that files of no version may go at once.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"optimize\(cleanup_older_than=0\)", category=UserWarning)
        table.optimize(cleanup_older_than=grace, delete_unverified=True)


def _statistics_name(name: str) -> str:
    return f"{name}-statistics"


def _statistics_table(statistics: Statistics) -> Any:
    import pyarrow as pa

    return pa.table({"statistics": pa.array([statistics.to_bytes()], pa.large_binary())})


def _read_statistics(table: Any) -> Statistics:
    return Statistics.from_bytes(table.to_arrow()["statistics"][0].as_py())


def _texts(table: Any) -> dict[int, tuple[str, str]]:
    """Row id and terms by physical row id."""
    columns = (table[name].to_pylist() for name in ("_rowid", "row_id", "terms"))
    return {row: (name, text) for row, name, text in zip(*columns, strict=True)}


@contextmanager
def _writing(path: Path, name: str) -> Iterator[None]:
    """Lets one writer at a time into an index; the operating system frees the lock of a process that was killed."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path / f"{name}.lock", timeout=WRITER_PATIENCE):
            yield
    except Timeout as error:
        raise RuntimeError(f"another process has been writing for {WRITER_PATIENCE:.0f} seconds") from error


def _engine_errors() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return (pa.ArrowException, ValueError, RuntimeError, OSError)


@contextmanager
def _clear_errors(sentence: str) -> Iterator[None]:
    """Turns what LanceDB and Arrow raise into IndexUnavailable, with the first line of the cause."""
    try:
        yield
    except _engine_errors() as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise IndexUnavailable(f"{sentence} ({cause})") from error
