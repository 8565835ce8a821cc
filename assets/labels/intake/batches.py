"""The object of a batch's anonymized rows: Parquet with the columns of AnonymizedRow, in the order of the file."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from assets.labels.intake.record_file import values
from assets.labels.model import AnonymizedRow

if TYPE_CHECKING:
    import pyarrow

_COLUMNS = tuple(field.name for field in fields(AnonymizedRow))
_NUMBERS = ("row", "labelled_at", "copies")
_OPTIONAL = ("opening_hash", "opening_text", "labelled_at", "labeller")


def rows_schema(batch_id: str) -> "pyarrow.Schema":
    """With the batch's id, so that two batches of the same rows are two objects: erasing deletes what only one refers to."""
    import pyarrow

    return pyarrow.schema(
        [
            pyarrow.field(name, pyarrow.int64() if name in _NUMBERS else pyarrow.string(), nullable=name in _OPTIONAL)
            for name in _COLUMNS
        ],
        metadata={b"batch_id": batch_id.encode()},
    )


def read_rows(source: Path | bytes) -> Iterator[AnonymizedRow]:
    """The rows of an object, streamed."""
    for row in values(source, _COLUMNS):
        yield AnonymizedRow(*row)
