"""When a classifier had better say nothing: what it gains in accuracy by leaving the least sure rows to a person."""

from dataclasses import dataclass

import numpy as np

from assets.models.evaluation.model import Flags, Numbers, Table

WANTED_ACCURACY = 0.9
LEAST_CONFIDENCE = 0.5
"""Below it a calibrated model is likelier wrong than right."""
_LEAST_COVERAGE = 0.5
_SHOWN = 21


@dataclass(frozen=True, slots=True)
class Decided:
    """Which share of the rows reaches a threshold, and which share of those is right (None where none is left)."""

    threshold: float
    coverage: float
    accuracy: float | None


def choose_threshold(confidence: Numbers, right: Flags) -> float:
    """The lowest confidence from which on WANTED_ACCURACY of the (validation) rows are right, never below LEAST_CONFIDENCE.

    Where no threshold reaches that without leaving more than half of the rows undecided, the one that decides half.
    """
    order = np.argsort(-confidence, kind="stable")
    accuracy = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    levels = confidence[order]
    # Rows of one confidence are decided together.
    last = np.append(levels[1:] != levels[:-1], True)
    enough = np.flatnonzero(last & (accuracy >= WANTED_ACCURACY))
    half = max(1, int(np.ceil(_LEAST_COVERAGE * len(order))))
    place = int(enough[-1]) if len(enough) and enough[-1] + 1 >= half else half - 1
    return max(LEAST_CONFIDENCE, float(levels[place]))


def decided(confidence: Numbers, right: Flags, threshold: float) -> Decided:
    """What a threshold does to these rows."""
    kept = confidence >= threshold
    return Decided(threshold, float(kept.mean()), float(right[kept].mean()) if kept.any() else None)


def curve(confidence: Numbers, right: Flags) -> Table:
    """Thresholds from 0 to 1 with coverage and accuracy."""
    found = (decided(confidence, right, float(level)) for level in np.linspace(0, 1, _SHOWN))
    return [
        {
            "threshold": round(each.threshold, 4),
            "coverage": round(each.coverage, 4),
            "accuracy": None if each.accuracy is None else round(each.accuracy, 4),
        }
        for each in found
    ]
