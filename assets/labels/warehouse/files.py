"""A task's warehouse: a DuckDB file under the home. It is derived: whatever happens to it, it is made again from the batches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from assets.platform import Platform

_FILLED = 1
"""Rises with every change of how the tables below are filled."""
_MEMORY = "2GB"
_THREADS = 2
_WAIT_SECONDS = 60.0

_TABLES = """
CREATE SCHEMA IF NOT EXISTS raw;
CREATE TABLE IF NOT EXISTS raw.layout (version VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS raw.batches (
    batch_id VARCHAR NOT NULL, sequence BIGINT NOT NULL, source VARCHAR NOT NULL, added_at BIGINT NOT NULL,
    rows_blob VARCHAR NOT NULL
);
CREATE TABLE IF NOT EXISTS raw.label_rows (
    batch_id VARCHAR NOT NULL, sequence BIGINT NOT NULL, source VARCHAR NOT NULL, added_at BIGINT NOT NULL,
    "row" INTEGER NOT NULL, person_id VARCHAR NOT NULL, text_hash VARCHAR NOT NULL, text VARCHAR NOT NULL,
    label VARCHAR NOT NULL, opening_hash VARCHAR, opening_text VARCHAR, labelled_at BIGINT, labeller VARCHAR,
    copies BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS raw.text_signatures (
    text_hash VARCHAR NOT NULL, shingles INTEGER NOT NULL, signature BLOB NOT NULL, seat DOUBLE NOT NULL
);
CREATE TABLE IF NOT EXISTS raw.duplicate_groups (
    text_hash VARCHAR NOT NULL, group_id VARCHAR NOT NULL, seat DOUBLE NOT NULL
);
"""

_LAYOUT = sha256(f"{_FILLED} {_TABLES}".encode()).hexdigest()[:16]
"""A warehouse of another layout is made again."""


class WarehouseUnavailable(Exception):
    """A task's warehouse is not there, or somebody else works on it; the message says what to do."""


def path_of(platform: "Platform", task: str) -> Path:
    """Where a task's DuckDB file lies."""
    return platform.home / "warehouse" / f"{task}.duckdb"


def work_folder(platform: "Platform", task: str) -> Path:
    """Where dbt keeps what it compiles and logs for a task, and where DuckDB puts what doesn't fit into memory."""
    return platform.home / "warehouse" / "work" / task


@contextmanager
def open_warehouse(platform: "Platform", task: str) -> Iterator["DuckDBPyConnection"]:
    """A connection that only reads. Raises WarehouseUnavailable."""
    import duckdb

    path = path_of(platform, task)
    if not path.exists():
        raise WarehouseUnavailable(
            f"there is no dataset of the task '{task}' yet: build one with `hrdp dataset build --task {task}`"
        )
    try:
        connection = _opened(platform, task, read_only=True)
    except duckdb.Error:
        raise WarehouseUnavailable(
            f"the warehouse of '{task}' is damaged: make it again with `hrdp dataset build --task {task}`"
        ) from None
    with connection:
        yield connection


@contextmanager
def write_warehouse(platform: "Platform", task: str) -> Iterator["DuckDBPyConnection"]:
    """A connection that writes, to a file with all tables; one that can't be read, or has another layout, is made again.

    The caller holds the lock `labels/TASK`.
    """
    connection = _connected(platform, task)
    if connection is None:
        remove_warehouse(platform, task)
        connection = _connected(platform, task)
    if connection is None:
        raise WarehouseUnavailable(
            f"the warehouse of '{task}' can't be written: see that {path_of(platform, task).parent} is a folder with room"
            " that this user may write to"
        )
    with connection:
        yield connection


def remove_warehouse(platform: "Platform", task: str) -> None:
    """Removes a task's warehouse with all that was written beside it; nothing happens where there is none."""
    path = path_of(platform, task)
    for each in (path, path.with_name(f"{path.name}.wal")):
        each.unlink(missing_ok=True)
    rmtree(work_folder(platform, task), ignore_errors=True)


def _connected(platform: "Platform", task: str) -> "DuckDBPyConnection | None":
    import duckdb

    path_of(platform, task).parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _opened(platform, task, read_only=False)
    except duckdb.Error:
        return None
    try:
        connection.execute(_TABLES)
        found = connection.execute("SELECT version FROM raw.layout").fetchall()
        if not found:
            connection.execute("INSERT INTO raw.layout VALUES (?)", [_LAYOUT])
    except duckdb.Error:
        connection.close()
        return None
    if found in ([], [(_LAYOUT,)]):
        return connection
    connection.close()
    return None


def _opened(platform: "Platform", task: str, *, read_only: bool) -> "DuckDBPyConnection":
    """Waits for who has the file open: a reader has it for a moment, and dbt may outlive a run that was killed."""
    import duckdb

    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return duckdb.connect(path_of(platform, task), read_only=read_only, config=_configuration(platform, task))
        except duckdb.Error as error:
            here = isinstance(error, duckdb.ConnectionException)
            if not here and "Could not set lock" not in str(error):
                raise
            if here or time.monotonic() >= deadline:
                raise WarehouseUnavailable(
                    f"the warehouse of '{task}' is being read or written: wait until that has ended, and try again"
                ) from None
        time.sleep(0.1)


def _configuration(platform: "Platform", task: str) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "memory_limit": _MEMORY,
        "threads": _THREADS,
        "preserve_insertion_order": "false",
        "temp_directory": str(work_folder(platform, task) / "spilled"),
        "autoinstall_known_extensions": "false",
    }
