"""Keyword search in memory: where each term stands, as arrays, so that all rows of an index are scored exactly at once.

Scores are those of `keywords.keyword_scores`; that one reads texts, this one has read them before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.index.keywords import K1, Statistics, query_weights, saturation


@dataclass(frozen=True, slots=True)
class _Segment:
    """Rows one after another: the codes of their terms, shape (terms,), and where each row begins, shape (rows + 1,).

    `order` holds the positions ordered by code, shape (terms,); `known` the different codes, ascending, and `firsts`, one
    longer, where each begins in that order.
    """

    codes: NDArray[np.int32]
    starts: NDArray[np.int64]
    order: NDArray[np.int64]
    known: NDArray[np.int32]
    firsts: NDArray[np.int64]

    @classmethod
    def of(cls, codes: NDArray[np.int32], lengths: NDArray[np.int64]) -> "_Segment":
        starts = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        order = np.argsort(codes, kind="stable")
        known, firsts = np.unique(codes[order], return_index=True)
        return cls(codes, starts, order, known, np.append(firsts, len(codes)))

    @property
    def rows(self) -> int:
        return len(self.starts) - 1

    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.starts)

    def positions(self, code: int) -> NDArray[np.int64]:
        """Where a term stands, ascending."""
        # The code's own type: another one would have the whole array converted each time.
        place = int(np.searchsorted(self.known, np.int32(code)))
        here = place < len(self.known) and self.known[place] == code
        found: NDArray[np.int64] = self.order[self.firsts[place] : self.firsts[place + 1]] if here else self.order[:0]
        return found

    def pairs(self, first: int, second: int) -> NDArray[np.int64]:
        """Where a term stands right before another one of the same row, ascending."""
        positions = self.positions(first)
        positions = positions[positions + 1 < len(self.codes)]
        positions = positions[self.codes[positions + 1] == second]
        within: NDArray[np.int64] = positions[self.rows_of(positions) == self.rows_of(positions + 1)]
        return within

    def rows_of(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        rows: NDArray[np.int64] = np.searchsorted(self.starts, positions, side="right") - 1
        return rows

    def kept(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The codes and the lengths of some rows, in the order in which they are named."""
        lengths = self.lengths()[rows]
        ends = np.cumsum(lengths)
        within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)
        return self.codes[np.repeat(self.starts[:-1][rows], lengths) + within], lengths


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of rows that are numbered from 0 on. Never changed; a later version shares the segments.

    The vocabulary only grows, and is shared too.
    """

    vocabulary: dict[str, int]
    segments: tuple[_Segment, ...]

    @classmethod
    def empty(cls) -> "Postings":
        return cls({}, ())

    def __len__(self) -> int:
        return sum(segment.rows for segment in self.segments)

    def appended(self, texts: Iterable[str]) -> "Postings":
        """With further rows, from their terms as they are stored (separated by spaces)."""
        code = self.vocabulary.setdefault
        size = self.vocabulary.__len__
        rows = [[code(term, size()) for term in text.split()] for text in texts]
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        codes = np.fromiter((each for row in rows for each in row), np.int32, int(lengths.sum()))
        segments = [*self.segments, _Segment.of(codes, lengths)]
        # A segment is at least twice as large as the next one: few of them, and each row is ordered again only a few times.
        while len(segments) > 1 and len(segments[-2].codes) < 2 * len(segments[-1].codes):
            last, before = segments.pop(), segments.pop()
            merged = np.concatenate((before.codes, last.codes))
            segments.append(_Segment.of(merged, np.concatenate((before.lengths(), last.lengths()))))
        return Postings(self.vocabulary, tuple(segments))

    def kept(self, rows: NDArray[np.int64]) -> "Postings":
        """Only these rows, numbered anew in this order."""
        whole = _Segment.of(
            np.concatenate([segment.codes for segment in self.segments] or [np.empty(0, np.int32)]),
            np.concatenate([segment.lengths() for segment in self.segments] or [np.empty(0, np.int64)]),
        )
        return Postings(self.vocabulary, (_Segment.of(*whole.kept(rows)),))

    def scores(self, query: Sequence[str], statistics: Statistics) -> NDArray[np.float64]:
        """The keyword score of every row, shape (rows,); 0 where no term of the query stands."""
        scores = np.zeros(len(self))
        length, count = statistics.length, statistics.rows
        if not count:
            length, count = sum(len(segment.codes) for segment in self.segments), len(self)
        weights = query_weights(query, statistics)
        base = 0
        for segment in self.segments:
            part = scores[base : base + segment.rows]
            base += segment.rows
            for key, weight in weights.items():
                rows, counts = np.unique(segment.rows_of(self._positions(segment, key)), return_counts=True)
                damped = saturation(segment.starts[rows + 1] - segment.starts[rows], length / max(count, 1))
                part[rows] += weight * counts * (K1 + 1) / (counts + damped)
        return scores

    def _positions(self, segment: _Segment, key: str | tuple[str, str]) -> NDArray[np.int64]:
        codes = [self.vocabulary.get(term, -1) for term in ([key] if isinstance(key, str) else key)]
        if -1 in codes:
            return np.empty(0, np.int64)
        return segment.positions(codes[0]) if len(codes) == 1 else segment.pairs(*codes)
