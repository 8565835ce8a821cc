"""How many rows of each class each split holds, and which classes are too small to be learned or measured."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

SPLITS = ("train", "validation", "test")

UNTAUGHT_SHARE = 0.2
"""Of the rows to measure with, the share whose class may have no row in training. No model can be right on them. A split is
what a keyed hash says, and only more resumes change it, so that some classes of a few resumes must not stop all others;
above a fifth a figure says more about the split than about a model."""

FEWEST_CLASSES = 2
FEW_TO_LEARN = 10
"""Below so many rows in training a class's figures are noise: some ten events a variable is the usual least (P. Peduzzi and
others, Journal of Clinical Epidemiology 49, 1996)."""

FEW_TO_MEASURE = 1
"""Rows that a class needs in validation and test together to be measured at all."""


def count_classes(
    labelled: Iterable[tuple[str, str]], classes_of: Callable[[str], tuple[str, ...]]
) -> dict[str, dict[str, int]]:
    """Rows by class and split, classes in ascending order; `labelled` are the rows' (label, split)."""
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for label, split in labelled:
        for name in classes_of(label):
            counted[name][split] += 1
    return {name: {split: counted[name][split] for split in SPLITS} for name in sorted(counted)}
