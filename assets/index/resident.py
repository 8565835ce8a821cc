"""Exact dense search in memory over one version of an index, carried from version to version at the cost of what changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    terms: NDArray[np.object_]
    labels: NDArray[np.int32]
    codes: dict[str, int]

    @classmethod
    def empty(cls, dimension: int) -> "Resident":
        ids, numbers = np.empty(0, np.uint64), np.empty(0, np.int64)
        spans = Spans(ids, numbers, numbers, numbers, numbers)
        vectors, labels = np.empty((0, dimension), np.float32), np.empty((0, 3), np.int32)
        return cls(spans, numbers, 0, vectors, np.empty(0, object), labels, {})

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
        vectors, terms, labels = self.vectors, self.terms, self.labels
        if (used + added) * 3 > len(spans.ids) * 4:
            kept, capacity = slots[~fresh], len(spans.ids)
            used = len(kept)
            slots[~fresh] = np.arange(used)
            vectors, terms, labels = (_grown(buffer[kept], capacity) for buffer in (vectors, terms, labels))
        elif used + added > len(vectors):
            capacity = (used + added) * 5 // 4
            vectors, terms, labels = (_grown(buffer[:used], capacity) for buffer in (vectors, terms, labels))
        slots[fresh] = np.arange(used, used + added)
        wanted = spans.ids[fresh]
        for start in range(0, added, LOADED_AT_ONCE):
            part = wanted[start : start + LOADED_AT_ONCE]
            fixed = load(part)
            end = used + len(part)
            vectors[used:end] = fixed.vectors
            terms[used:end] = fixed.terms
            for column, values in enumerate((fixed.kinds, fixed.jurisdictions, fixed.sources)):
                labels[used:end, column] = [codes.setdefault(value, len(codes)) for value in values]
            used = end
        return Resident(spans, slots, used, vectors, terms, labels, codes)

    def nearest(self, vector: NDArray[np.float32], k: int, where: SearchFilter) -> Ids:
        """The ids of the at most `k` rows with the highest cosine among those that the filter lets through, in no order."""
        rows = np.flatnonzero(self._visible(where))
        if len(rows) > k:
            cosines = _products(self.vectors[: self.used], vector)[self.slots[rows]]
            rows = rows[np.argpartition(-cosines, k)[:k]]
        return self.spans.ids[rows]

    def cosines(self, ids: Ids, vector: NDArray[np.float32]) -> NDArray[np.float64]:
        """The cosines of rows, which must be there, in the order of `ids`."""
        return _products(self.vectors[self._slots_of(ids)], vector).astype(np.float64)

    def texts(self, ids: Ids) -> list[str]:
        """The stored terms of rows, which must be there, in the order of `ids`."""
        texts: list[str] = self.terms[self._slots_of(ids)].tolist()
        return texts

    def _slots_of(self, ids: Ids) -> NDArray[np.int64]:
        return self.slots[np.searchsorted(self.spans.ids, ids)]

    def _visible(self, where: SearchFilter) -> NDArray[np.bool_]:
        spans = self.spans
        visible = (spans.from_generation <= where.generation) & (spans.to_generation > where.generation)
        visible &= (spans.valid_from <= where.moment) & (spans.valid_to > where.moment)
        for column, value in enumerate((where.kind, where.jurisdiction, where.source)):
            if value is not None:
                visible &= self.labels[self.slots, column] == self.codes.get(value, -1)
        return visible


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
