"""Whether a dataset is distributed as the last snapshot was: its labels, the lengths of its texts, its words. Of a group of
near-duplicates one is counted, so that copies of a resume are no drift.

The measure is the population stability index, Σ (p-q)·ln(p/q) over the bins, a symmetric form of the Kullback-Leibler
divergence. Below 0.1 nothing changed, from 0.25 on it is a major shift: the rule of N. Siddiqi, "Credit risk scorecards"
(Wiley 2006). The index of two samples of one population is (1/n+1/m) times a chi-square of bins-1 degrees of freedom (B.
Yurdakul, J. Naranjo, "Statistical properties of the population stability index", Journal of Risk Model Validation 14, 2020).
What chance stays below in 95 of 100 cases is taken off, so that a small set does not drift by being small.

Words are compared in two bins, those that the last snapshot has and those that it has not. How often a further text of the
same kind would have a word that was never seen is known: as often as words that were seen once (I. Good, "The population
frequencies of species", Biometrika 40, 1953).
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAJOR = 0.25
_UNSEEN = 0.5
"""Counted for every bin beside what is in it: an empty one is small, not impossible."""
_DEVIATIONS = 1.645
_LENGTH_BINS = 10
_WORD = re.compile(r"\w{2,}")


@dataclass(frozen=True, slots=True)
class Drift:
    """The stability index of one thing that was compared, less what chance gives."""

    what: str
    index: float

    @property
    def is_major(self) -> bool:
        return self.index >= MAJOR


def compare(
    earlier_texts: Sequence[str], earlier_classes: Iterable[str], texts: Sequence[str], classes: Iterable[str]
) -> list[Drift]:
    """How far labels, lengths (in tenths of the earlier ones) and words moved; nothing where one side is empty."""
    if not earlier_texts or not texts:
        return []
    return [
        Drift("labels", stability_index(Counter(earlier_classes), Counter(classes))),
        Drift("lengths of texts", stability_index(*_lengths(earlier_texts, texts))),
        Drift("words", stability_index(*_words(earlier_texts, texts))),
    ]


def stability_index(earlier: Mapping[Any, int], later: Mapping[Any, int]) -> float:
    """The population stability index of two counts by bin, less what chance gives; 0 where there is nothing to compare."""
    total_earlier, total_later = sum(earlier.values()), sum(later.values())
    if not total_earlier or not total_later:
        return 0.0
    bins = sorted(set(earlier) | set(later), key=str)
    index = 0.0
    for each in bins:
        before = (earlier.get(each, 0) + _UNSEEN) / (total_earlier + _UNSEEN * len(bins))
        after = (later.get(each, 0) + _UNSEEN) / (total_later + _UNSEEN * len(bins))
        index += (after - before) * math.log(after / before)
    freedom = len(bins) - 1
    chance = (freedom + _DEVIATIONS * math.sqrt(2 * freedom)) * (1 / total_earlier + 1 / total_later)
    return round(max(0.0, index - chance), 4)


def _lengths(earlier: Sequence[str], later: Sequence[str]) -> tuple[Counter[int], Counter[int]]:
    lengths = sorted(map(len, earlier))
    edges = [lengths[len(lengths) * tenth // _LENGTH_BINS] for tenth in range(1, _LENGTH_BINS)]
    before, after = (Counter(bisect_right(edges, len(text)) for text in texts) for texts in (earlier, later))
    return before, after


def _words(earlier: Sequence[str], later: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
    known = Counter(word for text in earlier for word in _WORD.findall(text.lower()))
    once = sum(count == 1 for count in known.values())
    met = Counter(word in known for text in later for word in _WORD.findall(text.lower()))
    return {"known": known.total() - once, "new": once}, {"known": met[True], "new": met[False]}
