"""Records in Parquet: written as they come and read again in the same order, some hundreds in memory at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import pyarrow

_AT_ONCE = 512


class RecordWriter:
    """Writes dataclasses whose fields are the columns of a schema; a context manager."""

    def __init__(self, target: "Path | BytesIO", schema: "pyarrow.Schema") -> None:
        import pyarrow.parquet

        self._schema = schema
        # Statistics would hold texts in clear beside the compressed pages.
        self._writer = pyarrow.parquet.ParquetWriter(target, schema, compression="zstd", write_statistics=False)
        self._waiting: list[dict[str, Any]] = []

    def add(self, record: Any) -> None:
        """Takes a record, after all that came before."""
        self._waiting.append(asdict(record))
        if len(self._waiting) >= _AT_ONCE:
            self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._write()
        self._writer.close()

    def _write(self) -> None:
        import pyarrow

        if self._waiting:
            self._writer.write_table(pyarrow.Table.from_pylist(self._waiting, schema=self._schema))
            self._waiting.clear()


def as_object(records: Iterable[Any], schema: "pyarrow.Schema") -> bytes:
    """Records as the bytes of one file."""
    target = BytesIO()
    with RecordWriter(target, schema) as writer:
        for record in records:
            writer.add(record)
    return target.getvalue()


def values(source: "Path | bytes", columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Some columns of each record, streamed; the others are not decoded."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(BytesIO(source) if isinstance(source, bytes) else source) as file:
        for batch in file.iter_batches(batch_size=_AT_ONCE, columns=list(columns)):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
