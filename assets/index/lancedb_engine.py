"""LanceDB as this platform uses it: connections, indexes, housekeeping, its errors, and one writer at a time."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from assets.index.keywords import Statistics
from assets.index.store import IndexUnavailable

WRITER_PATIENCE = 600.0
"""Seconds that a writer waits for another one."""
STREAMED_ROWS = 2_048


def connect(path: Path) -> Any:
    # The engine warns of ordinary things, a table that it is about to create among them; its errors are raised anyway.
    os.environ.setdefault("LANCE_LOG", "error")
    # Merging files would read as many ahead as fit, and hold the more the larger the index is.
    os.environ.setdefault("LANCE_DEFAULT_FRAGMENT_READAHEAD", "1")
    import lancedb

    return lancedb.connect(path)


def index_keywords(table: Any) -> None:
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


def index_vectors(table: Any) -> None:
    """Partitions of vectors in one byte a number: as good as a graph index once refined, and built in a fraction of its time."""
    from lancedb.index import IvfSq

    table.create_index("vector", config=IvfSq(distance_type="dot"), replace=True)


def tidy(table: Any, grace: timedelta) -> None:
    """Merges files, brings indexes up to date and removes versions older than `grace`, and what killed writers left.

    Under the writers' lock nobody else is half-way through a write, so that files of no version may go at once.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"optimize\(cleanup_older_than=0\)", category=UserWarning)
        table.optimize(cleanup_older_than=grace, delete_unverified=True)


def statistics_name(name: str) -> str:
    return f"{name}-statistics"


def statistics_table(statistics: Statistics) -> Any:
    import pyarrow as pa

    return pa.table({"statistics": pa.array([statistics.to_bytes()], pa.large_binary())})


def read_statistics(table: Any) -> Statistics:
    return Statistics.from_bytes(table.to_arrow()["statistics"][0].as_py())


def scan(table: Any, columns: Sequence[str], condition: str | None = None) -> Iterator[Any]:
    """Record batches of the rows that a condition lets through, streamed, in no order."""
    query = table.search().select(list(columns)).limit(None)
    yield from (query.where(condition) if condition else query).to_batches(STREAMED_ROWS)


@contextmanager
def writing(path: Path, name: str) -> Iterator[None]:
    """Lets one writer at a time into an index; the operating system frees the lock of a process that was killed."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(path / f"{name}.lock", timeout=WRITER_PATIENCE):
            yield
    except Timeout as error:
        raise RuntimeError(f"another process has been writing for {WRITER_PATIENCE:.0f} seconds") from error


def engine_errors() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return (pa.ArrowException, ValueError, RuntimeError, OSError)


@contextmanager
def clear_errors(sentence: str) -> Iterator[None]:
    """Turns what LanceDB and Arrow raise into IndexUnavailable, with the first line of the cause."""
    try:
        yield
    except engine_errors() as error:
        cause = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise IndexUnavailable(f"{sentence} ({cause})") from error
