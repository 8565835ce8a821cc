"""What an index store does, whichever engine is behind it. One physical index per index version; rows carry generations."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assets.index.keywords import Statistics
from assets.lineage.moments import BEGINNING, OPEN

__all__ = ["BEGINNING", "OPEN", "Hit", "IndexRow", "IndexStore", "IndexUnavailable", "RowState", "SearchFilter"]


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One unbroken stay of a chunk in the index. `body` is shown and searched by keyword, `vector` (float32, unit length)
    is the embedding of header and body. It holds no offsets: the catalogue joins them."""

    row_id: str
    chunk_id: str
    document_id: str
    source: str
    kind: str
    jurisdiction: str
    title: str
    heading_path: tuple[str, ...]
    body: str
    vector: NDArray[np.float32]
    valid_from: int
    valid_to: int
    from_generation: int


@dataclass(frozen=True, slots=True)
class SearchFilter:
    """Which rows a search may see: those served in `generation` that were valid at `moment` (microseconds, UTC)."""

    generation: int
    moment: int
    kind: str | None = None
    jurisdiction: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that was found, with its fused score (higher is better, 0 to 1)."""

    row_id: str
    chunk_id: str
    document_id: str
    source: str
    title: str
    heading_path: tuple[str, ...]
    body: str
    score: float


@dataclass(frozen=True, slots=True)
class RowState:
    """What `verify` compares between the catalogue and the index."""

    row_id: str
    chunk_id: str
    valid_from: int
    valid_to: int
    from_generation: int
    to_generation: int


class IndexUnavailable(Exception):
    """The index can't be opened, read or written; the message says what to do."""


class IndexStore(Protocol):
    """One physical index. Every write is atomic by itself and safe to repeat."""

    def add(self, rows: Sequence[IndexRow]) -> None:
        """Writes rows (some thousands at most), open-ended in generations; a row id that is there already is replaced."""
        ...

    def close(self, row_ids: Sequence[str], generation: int) -> None:
        """Sets `to_generation` of rows; a reader of an earlier generation goes on seeing them, at every moment."""
        ...

    def sweep(self, served: int) -> int:
        """Undoes what a killed refresh left: rows from a generation above `served` go, closings above it are reopened.
        Returns how many rows it touched."""
        ...

    def count(self, generation: int) -> int:
        """Rows that are served in a generation, whatever their validity."""
        ...

    def count_added(self, generation: int) -> int:
        """Rows whose `from_generation` is exactly this."""
        ...

    def count_closed(self, generation: int) -> int:
        """Rows whose `to_generation` is exactly this."""
        ...

    def rows(self) -> Iterator[RowState]:
        """Every row, in no order, streamed."""
        ...

    def checksum(self, generation: int) -> str:
        """A digest over the rows served in a generation (ids, validity, texts, vectors), whatever their physical order."""
        ...

    def erase(self, row_ids: Iterable[str]) -> int:
        """Removes rows for good, from every earlier snapshot too. Returns how many there were."""
        ...

    def search(self, query: str, vector: NDArray[np.float32], k: int, where: SearchFilter) -> list[Hit]:
        """The `k` best rows for a question, by keyword and by embedding together."""
        ...

    def statistics(self) -> Statistics:
        """What the keyword side knows of the collection: in how many rows each term stands."""
        ...

    def optimize(self) -> None:
        """Housekeeping after a refresh: merges small files, brings the keyword index up to date. Readers are not disturbed."""
        ...
