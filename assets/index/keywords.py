"""The keyword score: BM25 over terms and neighbouring pairs of terms, with the index's own statistics.

The engine's keyword search finds the candidates; their scores are computed here, because engines differ in their constants,
in what they count as the collection, and while a part of the rows is not yet in the keyword index.
"""

import json
import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

K1 = 0.9
B = 0.5
PAIR_WEIGHT = 0.6
"""What a pair of neighbouring terms counts against a single term."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What BM25 knows of the collection: rows, terms in all of them, and in how many rows each term stands."""

    rows: int
    length: int
    frequencies: Mapping[str, int]

    def to_bytes(self) -> bytes:
        """Compressed, the same bytes for equal statistics."""
        record = {"rows": self.rows, "length": self.length, "frequencies": dict(sorted(self.frequencies.items()))}
        return zlib.compress(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Statistics":
        record = json.loads(zlib.decompress(data))
        return cls(record["rows"], record["length"], record["frequencies"])

    def weight(self, term: str) -> float:
        """How much a term tells: its inverse document frequency, never negative; the highest for an unknown term."""
        frequency = self.frequencies.get(term, 0)
        return math.log1p((max(self.rows - frequency, 0) + 0.5) / (frequency + 0.5))


NO_STATISTICS = Statistics(0, 0, {})
"""Of an index that holds nothing yet."""


def collect(texts: Iterable[str]) -> Statistics:
    """The statistics of a collection, from each row's terms as they are stored (separated by spaces), streamed."""
    rows = length = 0
    frequencies: Counter[str] = Counter()
    for text in texts:
        row = text.split()
        rows += 1
        length += len(row)
        frequencies.update(set(row))
    return Statistics(rows, length, frequencies)


def drifted(statistics: Statistics, rows: int) -> bool:
    """Whether a collection has grown or shrunk by more than one in a hundred since its statistics were collected."""
    return abs(rows - statistics.rows) * 100 > statistics.rows


def query_weights(query: Sequence[str], statistics: Statistics) -> dict[str | tuple[str, str], float]:
    """What each term of a question, and each pair of neighbouring ones, weighs.

    A pair of terms that stand side by side in both weighs what its rarer term weighs: counting every pair of the collection
    would take many times the memory and ranks hardly better.
    """
    weights: dict[str | tuple[str, str], float] = {
        term: count * statistics.weight(term) for term, count in Counter(query).items()
    }
    for (first, second), count in Counter(pairwise(query)).items():
        weights[first, second] = PAIR_WEIGHT * count * max(statistics.weight(first), statistics.weight(second))
    return weights


def saturation(length: Any, mean: float) -> Any:
    """How many repetitions count for half in a row of so many terms (a number or an array), where the mean row has `mean`."""
    return K1 * (1 - B + B * length / max(mean, 1.0))


def keyword_scores(query: Sequence[str], texts: Sequence[str], statistics: Statistics) -> NDArray[np.float64]:
    """A score for each text (its terms as they are stored), shape (len(texts),); 0 where no term of the query stands."""
    rows = [text.split() for text in texts]
    terms = set(query)
    weights = query_weights(query, statistics)
    length, count = (statistics.length, statistics.rows) if statistics.rows else (sum(map(len, rows)), len(rows))
    scores = np.zeros(len(rows))
    for position, row in enumerate(rows):
        counts: dict[str | tuple[str, str], int] = {}
        before = ""
        for term in row:
            if term in terms:
                counts[term] = counts.get(term, 0) + 1
                if before and (pair := (before, term)) in weights:
                    counts[pair] = counts.get(pair, 0) + 1
                before = term
            else:
                before = ""
        damped = saturation(len(row), length / max(count, 1))
        scores[position] = sum(weights[key] * count * (K1 + 1) / (count + damped) for key, count in counts.items())
    return scores
