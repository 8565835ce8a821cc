"""Everything that an installation holds, as text that can be searched: each file as it is, and what is compressed in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet


def everything(home: Path) -> Iterator[tuple[Path, str]]:
    """Each file's path with its bytes as text, and again with the values that databases and Parquet hold in it."""
    for path in sorted(home.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield path, data.decode("latin-1")
            yield path, data.decode("utf-8", "replace")
            if data[:4] == data[-4:] == b"PAR1":
                yield path, str(pyarrow.parquet.read_table(path).to_pylist())
            elif data.startswith(b"SQLite format 3"):
                yield path, _sqlite(path)
            elif data[8:12] == b"DUCK":
                yield path, _duckdb(path)


def holding(home: Path, markers: list[str]) -> dict[str, set[Path]]:
    """The files that hold each marker, whatever its case."""
    found: dict[str, set[Path]] = {marker: set() for marker in markers}
    for path, content in everything(home):
        folded = content.casefold()
        for marker in markers:
            if marker.casefold() in folded:
                found[marker].add(path)
    return {marker: paths for marker, paths in found.items() if paths}


def _sqlite(path: Path) -> str:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return str([connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names])


def _duckdb(path: Path) -> str:
    with duckdb.connect(path, read_only=True) as connection:
        tables = connection.sql("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
        return str([connection.sql(f'SELECT * FROM "{schema}"."{name}"').fetchall() for schema, name in tables])
