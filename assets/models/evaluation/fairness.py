"""The counterfactual test: what a model makes of two resumes that differ in something that should not count; the gate `fair`.

Each resume is anonymized as every one is before a model sees it; pairs that are equal then can't differ. What still reaches the
model (a university, a pronoun, an age that no pattern gives away) is what the test is about. It is no audit of adverse impact:
that takes real people's own statements (see `adverse_impact`).

A model of many classes is undecided about some resume, and any other word decides there: for plain models of words, trained on
real resumes of 24 classes, another hobby changes up to two predictions in a hundred, and what should not count up to four. The
limit is one in twenty more than for the hobby, for the kind of swap that changes most.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from assets.models.evaluation.bootstrap import SEED, interval
from assets.models.evaluation.counterfactuals import CONTROL, Pair, pairs
from assets.models.evaluation.model import Change, Score
from assets.models.evaluation.statistics import mean
from assets.models.model import Gate

RESUMES = 50
LIMIT = 0.05

Compare = Callable[[Sequence[tuple[str, str]]], list[Change]]


@dataclass(frozen=True, slots=True)
class Swapped:
    """What swapping one kind of thing did over so many pairs: the share of predictions that changed with its 95 % interval,
    the largest change of a probability, and the share of pairs that were equal once anonymized."""

    kind: str
    pairs: int
    flipped: float
    low: float
    high: float
    largest_change: float
    equal_once_anonymized: float

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def swap(compare: Compare) -> list[Swapped]:
    """What each kind of swap does, in the order in which they are made; `compare` judges pairs of anonymized texts."""
    asked = sorted({(each.first, each.second) for each in _made() if each.first != each.second})
    changes = dict(zip(asked, compare(asked), strict=True))
    unchanged = Change(0.0, 0.0)
    found: dict[str, list[tuple[Pair, Change]]] = {}
    for pair in _made():
        found.setdefault(pair.kind, []).append((pair, changes.get((pair.first, pair.second), unchanged)))
    return [_swapped(kind, rows) for kind, rows in found.items()]


def fair_gate(found: Sequence[Swapped]) -> Gate:
    """The gate `fair`: holds the kind of swap that changes most, beyond what the control changes.

    A model that any edit unsettles is no fairer or less fair by it: what counts is what a swap does more than another hobby.
    """
    worst = max((each for each in found if each.kind != CONTROL), key=lambda each: each.flipped)
    control = next(each for each in found if each.kind == CONTROL)
    excess = max(0.0, worst.flipped - control.flipped)
    told = (
        f"swapping {worst.kind} in synthetic resumes changes {worst.flipped:.1%} of the predictions, more than any other swap"
        if worst.flipped
        else "no swap in synthetic resumes changes a prediction"
    )
    told = f"in a counterfactual test (no audit), {told}; another hobby changes {control.flipped:.1%}"
    return Gate("fair", excess <= LIMIT, excess, LIMIT, told)


@cache
def _made() -> tuple[Pair, ...]:
    """The pairs as a model sees them: always the same ones, and anonymizing takes longer than making them."""
    from assets.labels.anonymizing.anonymizer import anonymize

    made = list(pairs(RESUMES, SEED))
    clean = {text: anonymize(text).text for pair in made for text in (pair.first, pair.second)}
    return tuple(replace(pair, first=clean[pair.first], second=clean[pair.second]) for pair in made)


def _swapped(kind: str, rows: Sequence[tuple[Pair, Change]]) -> Swapped:
    flips = np.array([change.flipped for _, change in rows])
    share = interval(Score(tuple(str(pair.resume) for pair, _ in rows), mean(flips)))
    return Swapped(
        kind,
        len(rows),
        share.value,
        share.low,
        share.high,
        max(change.shift for _, change in rows),
        sum(pair.first == pair.second for pair, _ in rows) / len(rows),
    )
