"""What a person is shown of the chunks of a staged refresh."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from assets.lineage import schema
from assets.platform import Platform
from assets.plots import bars

_CHUNKS_WORTH_A_PLOT = 100
_STEP = 100


def length_plot(platform: Platform, source_name: str) -> str:
    """A plot of the new chunks' lengths in characters, as Markdown; empty where there are few."""
    chunks, rows = schema.chunks, schema.staged_rows
    query = (
        select(chunks.c.end - chunks.c.start)
        .join(rows, rows.c.chunk_id == chunks.c.chunk_id)
        .where(rows.c.source == source_name, rows.c.closes.is_(None))
    )
    with platform.catalogue.read() as connection:
        lengths: Iterable[int] = connection.execute(query).scalars()
        counted = Counter(length // _STEP for length in lengths)
    if counted.total() < _CHUNKS_WORTH_A_PLOT:
        return ""
    return bars(
        [(str(step * _STEP), counted[step]) for step in range(max(counted) + 1)], "characters a chunk, from", "chunks"
    )
