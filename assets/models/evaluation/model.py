"""What evaluating takes and gives: the predictors it asks, the parts of a dataset, scores that can be drawn again, the result."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from assets.models.model import TEST, TRAIN, VALIDATION, Example, FoundSpan, Gate, examples

if TYPE_CHECKING:
    from assets.labels.snapshots.reading import Snapshot

Numbers: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Table: TypeAlias = list[dict[str, str | int | float | bool | None]]
"""Rows with the same columns each, as Dagster's metadata shows them."""

Statistic: TypeAlias = Callable[[Numbers], Numbers]
"""From how often each row counts, shape (draws, rows), to a value a draw, shape (draws,)."""


class EvaluationImpossible(Exception):
    """A dataset, or a file beside it, can't be evaluated on; the message says what to do."""


@runtime_checkable
class Classifier(Protocol):
    """Tells a text's class: `logits` are as the model gives them, shape (texts, classes), before any temperature."""

    @property
    def classes(self) -> tuple[str, ...]: ...
    def logits(self, texts: Sequence[str]) -> "NDArray[Any]": ...


@runtime_checkable
class Tagger(Protocol):
    """Finds spans. `word_probabilities` gives a text's words as character offsets, shape (words, 2), and their probabilities of
    being outside, the beginning, or the inside of each kind, shape (words, kinds, 3)."""

    @property
    def kinds(self) -> tuple[str, ...]: ...
    def tag(self, texts: Sequence[str]) -> list[list[FoundSpan]]: ...
    def word_probabilities(self, texts: Sequence[str]) -> "Sequence[tuple[NDArray[Any], NDArray[Any]]]": ...


@runtime_checkable
class Matcher(Protocol):
    """Places resumes and openings in one space: unit vectors, shape (texts, dimensions); their dot product is the score."""

    def vectors(self, texts: Sequence[str], side: str) -> "NDArray[Any]": ...


Predictor: TypeAlias = Classifier | Tagger | Matcher


@dataclass(frozen=True, slots=True)
class Parts:
    """The three splits of a dataset."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]


@dataclass(frozen=True, slots=True)
class Score:
    """A figure on the test split that can be taken again on other draws of it. `groups` are the rows' groups."""

    groups: tuple[str, ...]
    statistic: Statistic

    @property
    def value(self) -> float:
        """On the rows as they are."""
        return float(self.statistic(np.ones((1, len(self.groups))))[0])


@dataclass(frozen=True, slots=True)
class Details:
    """What only the candidate itself is asked: figures, how sure it may be, pictures (PNG), tables."""

    metrics: dict[str, Any]
    calibration: dict[str, Any]
    calibrated: Gate
    plots: dict[str, bytes]
    tables: dict[str, Table]


@dataclass(frozen=True, slots=True)
class Signals:
    """How strongly each row looks as if the model had been trained on it (higher: more so), with the rows' groups."""

    values: Numbers
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What swapping something that should not count did: the share of the prediction that changed, and the largest change of a
    probability (of a score, for `match`), both from 0 to 1."""

    flipped: float
    shift: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured. `metrics` holds everything as JSON, `baseline` the plain baseline's figures on the same split;
    `calibration` is what serving needs; `plots` are PNG files by name."""

    task: str
    metrics: dict[str, Any]
    baseline: dict[str, float]
    gates: tuple[Gate, ...]
    calibration: dict[str, Any]
    plots: Mapping[str, bytes]
    tables: Mapping[str, Table]

    def gate(self, name: str) -> Gate:
        """The gate of a name. Raises KeyError."""
        return {gate.name: gate for gate in self.gates}[name]


def parts_of(snapshot: "Snapshot") -> Parts:
    """The splits of a snapshot. Raises EvaluationImpossible where one is empty."""
    parts = Parts(*(examples(snapshot, split) for split in (TRAIN, VALIDATION, TEST)))
    for name, rows in ((TRAIN, parts.train), (VALIDATION, parts.validation), (TEST, parts.test)):
        if not rows:
            raise EvaluationImpossible(
                f"dataset {snapshot.version[:12]} has no {name} rows: add labels and build the dataset again"
            )
    return parts


class Measurement(Protocol):
    """A predictor measured on a dataset: what each task has to say; the rest of this room treats all tasks alike."""

    @property
    def decisive(self) -> str:
        """The name of the score that decides; one of `scores`."""

    def scores(self) -> dict[str, Score]:
        """On the test split."""

    def baseline(self) -> dict[str, Score]:
        """The same figures of the plain baseline, fitted on the training split."""

    def details(self) -> Details:
        """What only a candidate is asked."""

    def signals(self, rows: Sequence[Example]) -> Signals:
        """How much each row looks like one of training."""

    def changes(self, pairs: Sequence[tuple[str, str]]) -> list[Change]:
        """What becomes of the prediction between the two texts of each pair."""

    def outcomes(self) -> dict[str, tuple[tuple[str, ...], Flags]]:
        """What may become of a person, by name: text hashes of the test split, and for which of them it did."""
