"""The figures themselves, each as a function of how often every row counts, so that thousands of draws cost one product."""

import numpy as np
from numpy.typing import NDArray

from assets.models.evaluation.model import Numbers, Statistic


def mean(values: Numbers) -> Statistic:
    """The mean of the rows' values."""

    def statistic(weights: Numbers) -> Numbers:
        return np.asarray(weights @ values / weights.sum(axis=1), dtype=np.float64)

    return statistic


def macro_f1(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> Statistic:
    """The mean F1 over the classes that the drawn rows have or were given; classes are numbers below `classes`."""
    names = np.arange(classes)
    is_true = (truth[:, None] == names).astype(np.float64)
    is_predicted = (predicted[:, None] == names).astype(np.float64)
    is_both = is_true * is_predicted

    def statistic(weights: Numbers) -> Numbers:
        either = weights @ (is_true + is_predicted)
        present = either > 0
        scores = np.divide(2 * (weights @ is_both), either, out=np.zeros_like(either), where=present)
        return np.asarray(scores.sum(axis=1) / present.sum(axis=1), dtype=np.float64)

    return statistic


def counted_f1(right: Numbers, found: Numbers, true: Numbers) -> Statistic:
    """F1 over all rows together (micro), from what each row has of right finds, of finds, and of things to find."""

    def statistic(weights: Numbers) -> Numbers:
        either = weights @ (found + true)
        return np.divide(2 * (weights @ right), either, out=np.ones_like(either), where=either > 0)

    return statistic
