"""Evaluating `job-category`: how often the class is right, which classes are confused, how sure the model may be."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.models.evaluation import abstention, plots
from assets.models.evaluation.baselines import support_vectors
from assets.models.evaluation.calibration import (
    calibrated_gate,
    calibration_error,
    fit_temperature,
    softmax,
)
from assets.models.evaluation.model import (
    Change,
    Classifier,
    Details,
    Flags,
    Numbers,
    Parts,
    Score,
    Signals,
    Table,
)
from assets.models.evaluation.statistics import macro_f1, mean
from assets.models.model import Example


class JobCategoryMeasurement:
    """A classifier measured on a dataset; what it says of each row is asked once."""

    decisive = "macro_f1"

    def __init__(self, predictor: Classifier, parts: Parts) -> None:
        self._predictor, self._parts = predictor, parts

    def scores(self) -> dict[str, Score]:
        """Accuracy and macro-F1 on the test split."""
        return label_scores(self._parts.test, self._labels)

    def baseline(self) -> dict[str, Score]:
        """The same figures of words and linear support vectors."""
        test = self._parts.test
        return label_scores(test, support_vectors(self._parts.train, [row.text for row in test]))

    def details(self) -> Details:
        """Figures by class, calibration and abstention."""
        validation, test = self._parts.validation, self._parts.test
        truth = self._columns(validation)
        temperature = fit_temperature(self._validation_logits, truth)
        fitted = softmax(self._validation_logits, temperature)
        threshold = abstention.choose_threshold(fitted.max(axis=1), fitted.argmax(axis=1) == truth)
        right = self._right
        before, after = softmax(self._test_logits).max(axis=1), softmax(self._test_logits, temperature).max(axis=1)
        groups = [row.group_id for row in test]
        raw, scaled = calibration_error(before, right, groups), calibration_error(after, right, groups)
        decided = abstention.decided(after, right, threshold)
        curve = abstention.curve(after, right)
        names = sorted({row.label for row in test} | set(self._labels))
        confusion = _confusion(names, [row.label for row in test], self._labels)
        per_class = _per_class(names, confusion)
        return Details(
            metrics={
                "per_class": {str(row["class"]): {key: row[key] for key in row if key != "class"} for row in per_class},
                "confusion": {"classes": names, "counts": confusion.astype(int).tolist()},
                "calibration": {"temperature": temperature, "before": raw.record(), "after": scaled.record()},
                "abstention": {
                    "threshold": threshold,
                    "coverage": decided.coverage,
                    "accuracy_decided": decided.accuracy,
                    "curve": curve,
                },
            },
            calibration={"temperature": temperature, "threshold": threshold},
            calibrated=calibrated_gate(scaled, len(test), "rows"),
            plots={
                "confusion_matrix.png": plots.confusion_matrix(confusion, names),
                "reliability.png": plots.reliability(raw.bins, scaled.bins),
                "abstention.png": plots.abstention(curve, threshold),
            },
            tables={"per_class": per_class, "abstention": curve},
        )

    def signals(self, rows: Sequence[Example]) -> Signals:
        """The log-odds that each row's own class is given: the likelier, the more it looks like a row of training."""
        logits = np.asarray(self._predictor.logits([row.text for row in rows]), dtype=np.float64)
        columns = self._columns(rows)
        every = np.arange(len(rows))
        own = np.where(columns >= 0, logits[every, columns], logits.min(axis=1))
        # From logits, since probabilities of a sure model are all the same number, 1.
        logits[every, columns] = -np.inf
        highest = logits.max(axis=1)
        others = highest + np.log(np.exp(logits - highest[:, None]).sum(axis=1))
        return Signals(own - others, tuple(row.group_id for row in rows))

    def changes(self, pairs: Sequence[tuple[str, str]]) -> list[Change]:
        """Whether the class of the first text is another one for the second, and by how much any probability changed."""
        texts = sorted({text for pair in pairs for text in pair})
        temperature = fit_temperature(self._validation_logits, self._columns(self._parts.validation))
        found = dict(zip(texts, softmax(self._predictor.logits(texts), temperature), strict=True))
        return [
            Change(
                float(found[first].argmax() != found[second].argmax()),
                float(np.abs(found[first] - found[second]).max()),
            )
            for first, second in pairs
        ]

    def outcomes(self) -> dict[str, tuple[tuple[str, ...], Flags]]:
        """Whether the class that a resume is given is right, and which it is."""
        labels = np.asarray(self._labels, dtype=str)
        hashes = tuple(row.text_hash for row in self._parts.test)
        classes = {f"classified as {name}": (hashes, labels == name) for name in sorted(set(self._labels))}
        return {"classified correctly": (hashes, self._right), **classes}

    @cached_property
    def _validation_logits(self) -> Numbers:
        return np.asarray(self._predictor.logits([row.text for row in self._parts.validation]), dtype=np.float64)

    @cached_property
    def _test_logits(self) -> Numbers:
        return np.asarray(self._predictor.logits([row.text for row in self._parts.test]), dtype=np.float64)

    @cached_property
    def _labels(self) -> list[str]:
        return [self._predictor.classes[column] for column in self._test_logits.argmax(axis=1)]

    @property
    def _right(self) -> Flags:
        pairs = zip(self._parts.test, self._labels, strict=True)
        return np.array([row.label == label for row, label in pairs], dtype=np.bool_)

    def _columns(self, rows: Sequence[Example]) -> NDArray[np.int64]:
        """The column of each row's class; -1 for one that the model does not know."""
        columns = {name: column for column, name in enumerate(self._predictor.classes)}
        return np.array([columns.get(row.label, -1) for row in rows], dtype=np.int64)


def label_scores(rows: Sequence[Example], labels: Sequence[str]) -> dict[str, Score]:
    """Accuracy and macro-F1 of labels given to rows."""
    names = sorted({row.label for row in rows} | set(labels))
    numbers = {name: number for number, name in enumerate(names)}
    truth = np.array([numbers[row.label] for row in rows], dtype=np.int64)
    given = np.array([numbers[label] for label in labels], dtype=np.int64)
    groups = tuple(row.group_id for row in rows)
    return {
        "accuracy": Score(groups, mean((truth == given).astype(np.float64))),
        "macro_f1": Score(groups, macro_f1(truth, given, len(names))),
    }


def _confusion(names: Sequence[str], truth: Sequence[str], given: Sequence[str]) -> Numbers:
    numbers = {name: number for number, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for true, label in zip(truth, given, strict=True):
        counts[numbers[true], numbers[label]] += 1
    return counts


def _per_class(names: Sequence[str], confusion: Numbers) -> Table:
    table: Table = []
    for number, name in enumerate(names):
        right, given, true = confusion[number, number], confusion[:, number].sum(), confusion[number].sum()
        row: dict[str, Any] = {
            "class": name,
            "precision": round(float(right / given), 4) if given else 0.0,
            "recall": round(float(right / true), 4) if true else 0.0,
            "f1": round(float(2 * right / (given + true)), 4),
            "n": int(true),
        }
        table.append(row)
    return table
