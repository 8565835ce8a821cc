"""The catalogue's tables as typed rows: out of one moment of any catalogue, and into another one, whichever database it is."""

import base64
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, create_engine, delete, func, insert, select, text

from assets.backup.manifest import TableContent
from assets.backup.store import BackupStore
from assets.documents.intake import in_batches
from assets.documents.registry import without_secrets
from assets.lineage import schema
from assets.lineage.every_table import metadata

_ROWS_A_READ = 5000
_UNFINISHED = {*(table.name for table in schema.STAGED), schema.unfinished.name}
"""What a running refresh has prepared: it belongs to that run, and the next one begins by clearing it."""
_MIGRATIONS = Path(schema.__file__).parent / "migrations"


def kept_tables() -> list[Table]:
    """The tables that a backup holds, each after those that it refers to."""
    return [table for table in metadata.sorted_tables if table.name not in _UNFINISHED]


def export(connection: Connection, store: BackupStore) -> Iterator[TableContent]:
    """Writes every table's rows into a backup, streamed, in the order of the keys; tells of each table when it is written."""
    for table in kept_tables():
        query = select(table).order_by(*table.primary_key.columns)
        result = connection.execute(query, execution_options={"yield_per": _ROWS_A_READ})
        entries = ([_exported(table, name, value) for name, value in row._mapping.items()] for row in result)
        parts = tuple(store.put_entries(entries))
        columns = tuple(column.name for column in table.columns)
        yield TableContent(table.name, columns, sum(part.entries for part in parts), parts)


def fill(path: Path, revision: str, contents: Iterable[TableContent], store: BackupStore) -> None:
    """Makes an SQLite database with the schema of a revision and a backup's rows. Raises BackupUnusable."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, revision)
        # The tables of that revision, which may be earlier than the ones that this release knows.
        tables = MetaData()
        tables.reflect(engine)
        with engine.begin() as connection:
            for content in contents:
                rows = (
                    dict(zip(content.columns, map(_imported, entry), strict=True))
                    for entry in store.entries(content.parts)
                )
                for batch in in_batches(rows, _ROWS_A_READ):
                    connection.execute(insert(tables.tables[content.name]), batch)
    finally:
        engine.dispose()


def contents(connection: Connection) -> dict[str, int]:
    """Rows by table, of the tables that say that a platform is in use."""
    told = [table for table in kept_tables() if table is not schema.models]
    counted = {table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in told}
    return {name: rows for name, rows in counted.items() if rows}


def copy(origin: Connection, target: Connection, progress: Callable[[int], None]) -> None:
    """Copies every table's rows between catalogues of the present schema, streamed, inside the target's transaction.

    The target holds nothing yet but what an interrupted refresh or restore leaves. Automatic keys go on after the highest.
    `progress` hears of the rows done since it was last told.
    """
    for table in (schema.models, schema.unfinished):
        target.execute(delete(table))
    for table in kept_tables():
        result = origin.execute(select(table), execution_options={"yield_per": _ROWS_A_READ})
        for batch in in_batches((dict(row._mapping) for row in result), _ROWS_A_READ):
            target.execute(insert(table), batch)
            progress(len(batch))
        if target.dialect.name == "postgresql":
            _continue_keys(target, table)


def _continue_keys(target: Connection, table: Table) -> None:
    column = table.autoincrement_column
    highest = None if column is None else target.execute(select(func.max(column))).scalar()
    if column is not None and highest is not None:
        target.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
            {"table": table.name, "column": column.name, "highest": highest},
        )


def _exported(table: Table, column: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    if table is schema.sources and column == "location":
        return without_secrets(value)
    return value


def _imported(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
