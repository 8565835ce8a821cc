"""Which rows the index has to hold for a document, and what a change of its timeline means for them: pure rules."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assets.lineage.moments import OPEN

_NAMESPACE = uuid.UUID("5f0d8a40-3f4c-5d0b-9a55-1f2a6d3c7be1")


@dataclass(frozen=True, slots=True)
class Stay:
    """A chunk that is valid without a gap from one moment to another."""

    chunk_id: str
    valid_from: int
    valid_to: int


@dataclass(frozen=True, slots=True)
class RowChange:
    """What is to be done for one document. `added` and `closed` count chunks as a person would: a chunk whose validity only
    got an end is closed, not closed and added."""

    to_add: tuple[Stay, ...]
    to_close: tuple[str, ...]
    added: int
    closed: int
    kept: int


def row_id(stay: Stay, from_generation: int) -> str:
    """The identity of a row: one stay of a chunk, from one generation on."""
    return str(uuid.uuid5(_NAMESPACE, f"{stay.chunk_id} {stay.valid_from} {stay.valid_to} {from_generation}"))


def stays(versions: Iterable[tuple[int, int, Sequence[str]]]) -> set[Stay]:
    """The stays of a document's chunks, from its timeline: (valid from, valid to, chunk ids) of each version. A chunk that
    follows itself without a gap stays; one that leaves and comes back stays twice."""
    intervals: dict[str, list[tuple[int, int]]] = {}
    for valid_from, valid_to, chunk_ids in sorted(versions, key=lambda version: version[0]):
        for chunk_id in chunk_ids:
            known = intervals.setdefault(chunk_id, [])
            if known and known[-1][1] == valid_from:
                known[-1] = (known[-1][0], valid_to)
            else:
                known.append((valid_from, valid_to))
    return {Stay(chunk_id, start, end) for chunk_id, known in intervals.items() for start, end in known}


def change(served: dict[str, Stay], wanted: set[Stay]) -> RowChange:
    """Compares the rows that are served (by row id) with the stays that are wanted."""
    to_close = {identity: stay for identity, stay in served.items() if stay not in wanted}
    to_add = wanted - set(served.values())
    ended_or_reopened = {(stay.chunk_id, stay.valid_from) for stay in to_close.values()}
    continued = {(stay.chunk_id, stay.valid_from): stay for stay in to_add}
    rebounded = ended_or_reopened & set(continued)
    reopened = sum(1 for identity in rebounded if continued[identity].valid_to == OPEN)
    return RowChange(
        to_add=tuple(sorted(to_add, key=lambda stay: (stay.valid_from, stay.chunk_id, stay.valid_to))),
        to_close=tuple(sorted(to_close)),
        added=len(to_add) - len(rebounded) + reopened,
        closed=len(to_close) - reopened,
        kept=len(served) - len(to_close),
    )
