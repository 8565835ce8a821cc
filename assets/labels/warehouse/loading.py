"""Batches of labelled resumes into a task's warehouse, each once."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from assets.labels.warehouse.files import remove_warehouse, write_warehouse
from assets.lineage.label_tables import label_batches

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from assets.platform import Platform

_ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class KnownBatch:
    """A batch as catalogue and warehouse know it; another `rows_blob` means that rows were erased from it."""

    batch_id: str
    sequence: int
    source: str
    added_at: int
    rows_blob: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the warehouse holds, and how many batches and rows this load added to it."""

    batches: int
    rows: int
    new_batches: int
    new_rows: int
    made_again: bool


def load(platform: "Platform", task: str, heard: Callable[[int], None] | None = None) -> Loaded:
    """Brings the warehouse up to date with the catalogue's batches; `heard` is told the rows so far.

    Where a batch was changed or taken away, the file is made anew: DuckDB leaves the bytes of deleted rows in it. Raises
    StorageError, CatalogueUnavailable and WarehouseUnavailable. The caller holds the lock `labels/TASK`.
    """
    wanted = _batches(platform, task)
    with write_warehouse(platform, task) as connection:
        held = _held(connection)
    made_again = not held <= wanted
    if made_again:
        remove_warehouse(platform, task)
        held = set()
    new_rows = 0
    with write_warehouse(platform, task) as connection:
        missing = sorted(wanted - held, key=lambda batch: batch.sequence)
        for batch in missing:
            new_rows += _add(platform, connection, batch)
            if heard:
                heard(new_rows)
        [[rows]] = connection.execute("SELECT count(*) FROM raw.label_rows").fetchall()
    return Loaded(len(wanted), rows, len(missing), new_rows, made_again)


def _batches(platform: "Platform", task: str) -> set[KnownBatch]:
    columns = (label_batches.c[name] for name in KnownBatch.__slots__)
    with platform.catalogue.read() as connection:
        found = connection.execute(select(*columns).where(label_batches.c.task == task))
        return {KnownBatch(**row) for row in found.mappings()}


def _held(connection: "DuckDBPyConnection") -> set[KnownBatch]:
    names = ", ".join(KnownBatch.__slots__)
    return {KnownBatch(*row) for row in connection.execute(f"SELECT {names} FROM raw.batches").fetchall()}


def _add(platform: "Platform", connection: "DuckDBPyConnection", batch: KnownBatch) -> int:
    """One transaction a batch: it is there as a whole or not at all."""
    from io import BytesIO

    from pyarrow.parquet import ParquetFile

    file = ParquetFile(BytesIO(platform.blobs.get(batch.rows_blob)))
    known = asdict(batch)
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO raw.batches BY NAME"
        " SELECT $batch_id AS batch_id, $sequence AS sequence, $source AS source, $added_at AS added_at,"
        " $rows_blob AS rows_blob",
        known,
    )
    del known["rows_blob"]
    for rows in file.iter_batches(batch_size=_ROWS_AT_ONCE):
        connection.register("arrived", rows)
        connection.execute(
            "INSERT INTO raw.label_rows BY NAME"
            " SELECT $batch_id AS batch_id, $sequence AS sequence, $source AS source, $added_at AS added_at, * FROM arrived",
            known,
        )
        connection.unregister("arrived")
    connection.execute("COMMIT")
    return int(file.metadata.num_rows)
