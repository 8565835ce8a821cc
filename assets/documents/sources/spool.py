"""Rows that are written in one order and read in another, in constant memory: a temporary table on disk."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Any

_BATCH = 5_000


class Spool:
    """Rows whose first column is a key, given back grouped by key, ascending by code point, each group in the order
    written.

    A context manager; the table vanishes with it. Values are what SQLite holds: text, bytes, integers, None.
    """

    def __init__(self, columns: int) -> None:
        """`columns` is the width of a row, the key included."""
        # An empty name is a temporary file that SQLite deletes, in its cache as long as it is small.
        self._connection = sqlite3.connect("", check_same_thread=False)
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("PRAGMA journal_mode=OFF")
        self._connection.execute(f"CREATE TABLE spool ({', '.join(f'c{number}' for number in range(columns))})")
        self._insert = f"INSERT INTO spool VALUES ({', '.join('?' * columns)})"
        self._waiting: list[tuple[Any, ...]] = []

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def add(self, row: tuple[Any, ...]) -> None:
        """Adds a row."""
        self._waiting.append(row)
        if len(self._waiting) >= _BATCH:
            self._flush()

    def groups(self) -> Iterator[tuple[Any, Iterable[tuple[Any, ...]]]]:
        """Each key with its rows."""
        self._flush()
        # SQLite compares text by its UTF-8 bytes, which is the order of code points.
        yield from groupby(self._connection.execute("SELECT * FROM spool ORDER BY c0, rowid"), itemgetter(0))

    def _flush(self) -> None:
        self._connection.executemany(self._insert, self._waiting)
        self._waiting.clear()
