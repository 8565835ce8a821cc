"""Labelled resumes for tests of the warehouse: written as an intake writes them, without reading and anonymizing files."""

import io
from collections.abc import Iterable
from dataclasses import fields

from sqlalchemy import func, insert, select

from assets.labels.model import AnonymizedRow
from assets.labels.normalizing import text_hash
from assets.lineage.label_tables import label_batches
from assets.platform import Platform

ADDED = 1_790_000_000_000_000


def labelled(
    row: int,
    text: str,
    label: str,
    *,
    person: str | None = None,
    opening: str | None = None,
    labelled_at: int | None = None,
) -> AnonymizedRow:
    """A row whose person, by default, is one of that text alone."""
    return AnonymizedRow(
        row=row,
        person_id=f"person-{person or text_hash(text)[:16]}",
        text_hash=text_hash(text),
        text=text,
        label=label,
        opening_hash=text_hash(opening) if opening else None,
        opening_text=opening,
        labelled_at=labelled_at,
        labeller=None,
    )


def parquet(rows: Iterable[AnonymizedRow]) -> bytes:
    """The object of a batch's rows."""
    import pyarrow as pa
    from pyarrow import parquet as files

    rows = list(rows)
    types = {"row": pa.int32(), "labelled_at": pa.int64(), "copies": pa.int64()}
    columns = {
        field.name: pa.array([getattr(row, field.name) for row in rows], types.get(field.name, pa.string()))
        for field in fields(AnonymizedRow)
    }
    written = io.BytesIO()
    files.write_table(pa.table(columns), written, compression="zstd")
    return written.getvalue()


def add_batch(platform: Platform, task: str, rows: Iterable[AnonymizedRow], *, name: str | None = None) -> str:
    """Adds a batch to the catalogue and returns its id."""
    rows = list(rows)
    blob = platform.blobs.put(parquet(rows))
    with platform.catalogue.write() as connection:
        sequence = connection.execute(select(func.count()).select_from(label_batches)).scalar_one() + 1
        batch_id = name or f"batch-{sequence}"
        connection.execute(
            insert(label_batches).values(
                batch_id=batch_id,
                sequence=sequence,
                task=task,
                source="upload",
                rows_blob=blob,
                originals_blob=blob,
                rows=len(rows),
                accepted=len(rows),
                duplicates=0,
                quarantined=0,
                unique_resumes=len({row.text_hash for row in rows}),
                options="{}",
                added_at=ADDED + sequence,
            )
        )
    return batch_id
