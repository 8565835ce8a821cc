"""How far a figure may be from the truth: draws of whole groups, with replacement.

Rows of a group are near-duplicates: drawn one by one they would make intervals look narrower than they are (the cluster
bootstrap; A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8). The same rows give the
same draws, so that two models are compared draw by draw.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assets.models.evaluation.model import EvaluationImpossible, Numbers, Score

DRAWS = 2000
CONFIDENCE = 0.95
SEED = 20_240_601
_CELLS_A_BLOCK = 4_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the two-sided 95 % interval of its draws."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one model scores above another on the same rows. `lower_end` is that of the one-sided 95 % interval: above
    0, the better one is better by more than the choice of rows explains. `groups` is how many could be drawn."""

    value: float
    lower_end: float
    groups: int


def draws(groups: Sequence[str], seed: int = SEED, at_once: int | None = None) -> Iterator[Numbers]:
    """How often each row counts in each draw: blocks of shape (at_once draws, rows), DRAWS in all.

    `at_once` is what some tens of megabytes hold, where it isn't said; the draws do not depend on it.
    """
    names, member = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    generator = np.random.default_rng(seed)
    even = np.full(len(names), 1 / len(names))
    block = at_once or max(1, _CELLS_A_BLOCK // max(1, len(groups)))
    done = 0
    while done < DRAWS:
        count = min(block, DRAWS - done)
        yield generator.multinomial(len(names), even, size=count)[:, member].astype(np.float64)
        done += count


def interval(score: Score) -> Interval:
    """The figure with its interval."""
    drawn = _drawn(score, score.statistic)
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(score.value, float(low), float(high))


def difference(better: Score, other: Score) -> Difference:
    """The paired difference of two models' figures on the same rows. Raises EvaluationImpossible for different rows."""
    if better.groups != other.groups:
        raise EvaluationImpossible("two models can only be compared on the same rows: evaluate both on one dataset")
    drawn = _drawn(better, lambda weights: better.statistic(weights) - other.statistic(weights))
    return Difference(better.value - other.value, float(np.quantile(drawn, 1 - CONFIDENCE)), len(set(better.groups)))


def _drawn(score: Score, statistic: Callable[[Numbers], Numbers]) -> Numbers:
    return np.concatenate([statistic(weights) for weights in draws(score.groups)])
