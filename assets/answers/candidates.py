"""The statements of the passages that a search found."""

from bisect import bisect_left
from collections.abc import Sequence

from assets.answers.model import Piece
from assets.answers.reading import Readings
from assets.answers.retrieval import Passage
from assets.answers.statements import core, piece, statements


def candidates(passages: Sequence[Passage], readings: Readings) -> list[Piece]:
    """Every statement that begins in one of the passages, once, with the passage's score; in the order of the passages."""
    found: dict[tuple[str, str, int], Piece] = {}
    for passage in passages:
        version = passage.version
        reading = readings.of(version.version, version.structure, version.title)
        every = statements(reading)
        first = bisect_left(every, passage.start, key=lambda each: core(reading, each)[0])
        for statement in every[first:]:
            start, _ = core(reading, statement)
            if start >= passage.end:
                break
            key = (version.document_id, version.version, start)
            if key not in found:
                found[key] = piece(reading, version, statement, "found", passage.score)
    return list(found.values())
