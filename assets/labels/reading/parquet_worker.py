"""A process that reads Parquet for `parquet`: rows as lines of JSON on its standard output, until the file ends.

The first line is the list of the columns' names. A row is an object, or the reason why it can't be taken as a string.
"""

import contextlib
import json
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, BinaryIO

from assets.labels.reading.columns import LONGEST_NAME, Columns, relevant
from assets.labels.reading.limits import MAX_COLUMNS, MAX_TEXT_CHARACTERS

_ROWS = 16
_BUFFER = 1024 * 1024


def lines(columns: Columns) -> Iterator[Any]:
    """What to write, a line each. Standard input is the file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pa.set_memory_pool(pa.system_memory_pool())
    try:
        source: BinaryIO = os.fdopen(0, "rb")
        # Without a pre-buffer a column is read piece by piece, not as a whole.
        file = pq.ParquetFile(
            source if source.seekable() else BytesIO(source.read()), buffer_size=_BUFFER, pre_buffer=False
        )
        names = file.schema_arrow.names
        if len(names) > MAX_COLUMNS:
            yield {"fault": "too_many_columns"}
            return
        yield [name[: LONGEST_NAME + 1] for name in names]
        wanted = relevant(tuple(names), columns)
        for batch in file.iter_batches(batch_size=_ROWS, columns=wanted, use_threads=False):
            arrays = [_in_microseconds(array) for array in batch.columns]
            for number in range(batch.num_rows):
                yield _row(batch.schema.names, arrays, number)
    except (pa.ArrowMemoryError, MemoryError):
        yield {"fault": "too_much_memory"}
    except (pa.ArrowException, OSError, ValueError, KeyError):
        yield {"fault": "corrupt"}


def _in_microseconds(array: Any) -> Any:
    """The array, times in it without the billionths that Python's can't hold."""
    import pyarrow as pa

    if pa.types.is_timestamp(array.type):
        return array.cast(pa.timestamp("us", array.type.tz), safe=False)
    return array


def _row(names: Sequence[str], arrays: Sequence[Any], number: int) -> Any:
    values: dict[str, Any] = {}
    for name, array in zip(names, arrays, strict=True):
        scalar = array[number]
        try:
            value = _plain(scalar.as_py())
        except UnicodeDecodeError:
            return "bad_encoding"
        except (ValueError, TypeError, OverflowError):
            return "not_the_type"
        if isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS:
            return "too_large"
        values[name] = value
    return {"row": values}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value


def main() -> None:
    """Arguments: bytes of memory, and the columns that were named as JSON."""
    memory_bytes = int(sys.argv[1])
    # Some systems have no such limit.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Whatever a library prints must not end up between the lines.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    for line in lines(Columns(**json.loads(sys.argv[2]))):
        answers.write(json.dumps(line) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
