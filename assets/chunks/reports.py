"""What a person is shown of the chunks of a staged refresh."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select

from assets.lineage import schema
from assets.platform import Platform
from assets.plots import bars

COLUMNS = {
    "chunk_id": ("string", "UUIDv5 of document, text, occurrence and chunker version"),
    "document_id": ("string", "Source and path"),
    "heading_path": ("string[]", "The headings above the chunk, outermost first"),
    "header": ("string", "Title and headings, embedded before the body"),
    "start": ("integer", "First character of the body in the canonical text"),
    "end": ("integer", "Character after its last"),
    "text_hash": ("string", "SHA-256 of header and body, exactly as embedded"),
}
"""The columns of the chunks: type and description."""

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
