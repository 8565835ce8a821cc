"""What earlier batches say of the persons and texts of a file that comes in."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from assets.documents.intake import in_batches
from assets.labels.intake.record_file import values
from assets.labels.intake.settling import Claim, claim
from assets.labels.tasks.task import Task
from assets.lineage.label_tables import label_batches, label_rows
from assets.platform import Platform

_AT_ONCE = 500
_COLUMNS = ("row", "person_id", "text_hash", "opening_hash", "label", "labelled_at", "text", "opening_text")
"""The number, and what makes a claim."""


def earlier_claims(platform: Platform, task: Task, claims: Iterable[Claim]) -> list[Claim]:
    """The kept claims on any of these persons or texts, in the order in which they came in. Only batches that hold some
    are read."""
    claims = list(claims)
    persons = {each.person_id for each in claims}
    texts = {each.text_hash for each in claims}
    rows: dict[str, set[int]] = {}
    with platform.catalogue.read() as connection:
        for column, wanted in ((label_rows.c.person_id, persons), (label_rows.c.text_hash, texts)):
            for some in in_batches(sorted(wanted), _AT_ONCE):
                query = select(label_rows.c.batch_id, label_rows.c.row).where(
                    label_rows.c.task == task.name, column.in_(some)
                )
                for found in connection.execute(query):
                    rows.setdefault(found.batch_id, set()).add(found.row)
        batches = _in_order(connection, task.name, rows)
    return [each for batch_id, blob in batches for each in _claims(task, platform.blobs.get(blob), rows[batch_id])]


def _in_order(connection: Connection, task: str, wanted: Iterable[str]) -> list[tuple[str, str]]:
    wanted = set(wanted)
    query = (
        select(label_batches.c.batch_id, label_batches.c.rows_blob)
        .where(label_batches.c.task == task)
        .order_by(label_batches.c.sequence)
    )
    return [(row.batch_id, row.rows_blob) for row in connection.execute(query) if row.batch_id in wanted]


def _claims(task: Task, data: bytes, rows: set[int]) -> Iterable[Claim]:
    for row, *said in values(data, _COLUMNS):
        if row in rows:
            yield claim(task, *said)
