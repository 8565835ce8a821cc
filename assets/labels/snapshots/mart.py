"""What dbt made of a task's labels: the rows that a snapshot is taken of."""

from typing import TYPE_CHECKING

from sqlalchemy import select

from assets.labels.warehouse.files import open_warehouse
from assets.lineage.label_tables import label_rows

if TYPE_CHECKING:
    import pyarrow

    from assets.platform import Platform

MART_COLUMNS = ("text_hash", "text", "label", "opening_hash", "opening_text", "group_id", "split")


class NoLabels(Exception):
    """A task has no labelled resumes yet; the message says what to do."""


def require_labels(platform: "Platform", task: str) -> None:
    """Raises NoLabels where no labelled resume of the task came in."""
    query = select(label_rows.c.row).where(label_rows.c.task == task).limit(1)
    with platform.catalogue.read() as connection:
        if connection.execute(query).first() is None:
            raise _no_labels(task)


def read_mart(platform: "Platform", task: str) -> "pyarrow.Table":
    """The rows of the mart `dataset` with MART_COLUMNS, in order. Raises WarehouseUnavailable and NoLabels."""
    with open_warehouse(platform, task) as connection:
        names = ", ".join(MART_COLUMNS)
        query = f"SELECT {names} FROM dataset ORDER BY text_hash, opening_hash NULLS FIRST"
        table = connection.sql(query).to_arrow_table()
    if not table.num_rows:
        raise _no_labels(task)
    return table


def _no_labels(task: str) -> NoLabels:
    return NoLabels(
        f"there are no labelled resumes of the task '{task}' yet: add some with hrdp labels add FILE --task {task}"
    )
