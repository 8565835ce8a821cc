"""Exact search in memory over one version of an index, dense and by keyword, carried from version to version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.index.keywords import Statistics
from assets.index.postings import Postings
from assets.index.store import SearchFilter

Ids = NDArray[np.uint64]
LOADED_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Spans:
    """What filters look at and a write may change in place, by physical row id, ascending; each of shape (rows,)."""

    ids: Ids
    valid_from: NDArray[np.int64]
    valid_to: NDArray[np.int64]
    from_generation: NDArray[np.int64]
    to_generation: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fixed:
    """What never changes under a physical row id: vectors of shape (rows, dimension), and per row the terms as they are stored,
    kind, jurisdiction and source."""

    vectors: NDArray[np.float32]
    terms: list[str]
    kinds: list[str]
    jurisdictions: list[str]
    sources: list[str]


@dataclass(frozen=True, slots=True)
class Resident:
    """One version in memory. Never changed; a later version shares the buffers, whose used part nobody writes to again.

    `slots` gives each row's place in the buffers. Places of rows that are gone stay unused until a quarter are; then the
    buffers are made anew.
    """

    spans: Spans
    slots: NDArray[np.int64]
    used: int
    vectors: NDArray[np.float32]
    postings: Postings
    labels: NDArray[np.int32]
    codes: dict[str, int]

    @classmethod
    def empty(cls, dimension: int) -> "Resident":
        ids, numbers = np.empty(0, np.uint64), np.empty(0, np.int64)
        spans = Spans(ids, numbers, numbers, numbers, numbers)
        vectors, labels = np.empty((0, dimension), np.float32), np.empty((0, 3), np.int32)
        return cls(spans, numbers, 0, vectors, Postings.empty(), labels, {})

    def moved_to(self, spans: Spans, load: Callable[[Ids], Fixed]) -> "Resident":
        """The version that has these rows; `load` is called with ids that are new, some thousands at a time, and
        keeps their order."""
        known = np.searchsorted(self.spans.ids, spans.ids)
        known[known == len(self.spans.ids)] = 0
        fresh = np.ones(len(spans.ids), bool) if not len(self.spans.ids) else self.spans.ids[known] != spans.ids
        slots = np.empty(len(spans.ids), np.int64)
        slots[~fresh] = self.slots[known[~fresh]]
        added = int(fresh.sum())
        used, codes = self.used, dict(self.codes)
        vectors, postings, labels = self.vectors, self.postings, self.labels
        if (used + added) * 3 > len(spans.ids) * 4:
            kept, capacity = slots[~fresh], len(spans.ids)
            used = len(kept)
            slots[~fresh] = np.arange(used)
            vectors, labels = _grown(vectors[kept], capacity), _grown(labels[kept], capacity)
            postings = postings.kept(kept)
        elif used + added > len(vectors):
            capacity = (used + added) * 5 // 4
            vectors, labels = _grown(vectors[:used], capacity), _grown(labels[:used], capacity)
        slots[fresh] = np.arange(used, used + added)
        wanted = spans.ids[fresh]
        for start in range(0, added, LOADED_AT_ONCE):
            part = wanted[start : start + LOADED_AT_ONCE]
            fixed = load(part)
            end = used + len(part)
            vectors[used:end] = fixed.vectors
            postings = postings.appended(fixed.terms)
            for column, values in enumerate((fixed.kinds, fixed.jurisdictions, fixed.sources)):
                labels[used:end, column] = [codes.setdefault(value, len(codes)) for value in values]
            used = end
        return Resident(spans, slots, used, vectors, postings, labels, codes)

    def nearest(self, vector: NDArray[np.float32], k: int, rows: NDArray[np.int64]) -> Ids:
        """The ids of the at most `k` rows with the highest cosine among these (positions, of `visible`), in no order."""
        if len(rows) > k:
            cosines = _products(self.vectors[: self.used], vector)[self.slots[rows]]
            rows = rows[np.argpartition(-cosines, k)[:k]]
        return self.spans.ids[rows]

    def cosines(self, ids: Ids, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """The cosines of rows, which must be there, in the order of `ids`."""
        return _products(self.vectors[self._slots_of(ids)], vector).astype(np.float64)

    def best_by_keyword(self, scores: NDArray[np.float64], k: int, rows: NDArray[np.int64]) -> Ids:
        """The ids of the at most `k` rows with the highest `keyword_scores` above 0 among these (positions, of `visible`), in no
        order."""
        found = scores[self.slots[rows]]
        rows, found = rows[found > 0], found[found > 0]
        return self.spans.ids[rows[np.argpartition(-found, k)[:k]] if len(rows) > k else rows]

    def keyword_scores(self, query: Sequence[str], statistics: Statistics) -> NDArray[np.float64]:
        """The keyword score of every place in the buffers, shape (used,)."""
        return self.postings.scores(query, statistics)

    def scores_of(self, ids: Ids, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The `keyword_scores` of rows, which must be there, in the order of `ids`."""
        return scores[self._slots_of(ids)]

    def _slots_of(self, ids: Ids) -> NDArray[np.int64]:
        return self.slots[np.searchsorted(self.spans.ids, ids)]

    def visible(self, where: SearchFilter) -> NDArray[np.int64]:
        """The positions of the rows that the filter lets through, ascending."""
        spans = self.spans
        visible = (spans.from_generation <= where.generation) & (spans.to_generation > where.generation)
        visible &= (spans.valid_from <= where.moment) & (spans.valid_to > where.moment)
        for column, value in enumerate((where.kind, where.jurisdiction, where.source)):
            if value is not None:
                visible &= self.labels[self.slots, column] == self.codes.get(value, -1)
        return np.flatnonzero(visible)


def _products(vectors: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Not `@`: it would wake the threads of the linear algebra library, which wait for each other on a busy machine (20 times
    slower at the 95th percentile with two cores), to save nothing on a product that memory bandwidth bounds."""
    products: NDArray[np.float32] = np.einsum("ij,j->i", vectors, vector)
    return products


def _grown(buffer: NDArray[Any], capacity: int) -> NDArray[Any]:
    """A copy with room for `capacity` rows."""
    grown = np.empty((max(capacity, len(buffer)), *buffer.shape[1:]), buffer.dtype)
    grown[: len(buffer)] = buffer
    return grown
