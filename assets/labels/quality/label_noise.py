"""Labels that probably are wrong, by confident learning (C. Northcutt, L. Jiang, I. Chuang, "Confident learning: estimating
uncertainty in dataset labels", Journal of Artificial Intelligence Research 70, 2021).

A plain model gives each row the probabilities of the classes, always one that has not seen the row's group. A class's
threshold is the mean probability of that class over the rows labelled with it. A row counts for the likeliest class among
those whose threshold it reaches (the confident joint); where that is not its own label, the row is listed. The method needs
no clean rows and is not misled by a model that is over- or underconfident in some class.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.labels.quality.features import SEED, vectorizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOLDS = 5
_MOST_FEATURES = 50_000
_PASSES = 10
_FEWEST_ROWS = 20

SUSPICIOUS_SHARE = 0.5
"""From this share of listed rows on, labels and texts do not belong together: a file's columns were mixed up. Among real
resumes, whose classes overlap, up to a third is listed."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row, by its place, that a model without it would label otherwise; `margin` is by how much, from 0 to 1."""

    row: int
    label: str
    likelier: str
    margin: float


@dataclass(frozen=True, slots=True)
class NoiseReport:
    """Suspects with the widest margin first; `judged` rows could be compared: those of classes in several folds."""

    judged: int
    suspects: tuple[Suspect, ...]


def find_noise(texts: Sequence[str], labels: Sequence[str], groups: Sequence[str]) -> NoiseReport:
    """Looks for wrong labels among rows with one class each; a few rows, or one class, are not judged."""
    import numpy as np

    folds = np.array([int(group[:12], 16) % FOLDS for group in groups], dtype=np.int64)
    wide_enough = {label for label, where in _folds_by_label(labels, folds.tolist()).items() if len(where) > 1}
    judged = [row for row, label in enumerate(labels) if label in wide_enough]
    if len(wide_enough) < 2 or len(judged) < _FEWEST_ROWS:
        return NoiseReport(0, ())
    names = sorted(wide_enough)
    given = np.searchsorted(names, [labels[row] for row in judged])
    probabilities = _out_of_fold([texts[row] for row in judged], given, folds[judged], len(names))
    rows = np.arange(len(judged))
    own = probabilities[rows, given]
    counts = np.bincount(given, minlength=len(names))
    thresholds = np.bincount(given, weights=own, minlength=len(names)) / np.maximum(counts, 1)
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    likeliest = confident.argmax(axis=1)
    margins = confident[rows, likeliest] - own
    listed = np.flatnonzero((likeliest != given) & (confident[rows, likeliest] >= 0) & (margins > 0))
    suspects = [
        Suspect(judged[row], names[given[row]], names[likeliest[row]], round(float(margins[row]), 4)) for row in listed
    ]
    return NoiseReport(len(judged), tuple(sorted(suspects, key=lambda each: (-each.margin, each.row))))


def _folds_by_label(labels: Sequence[str], folds: Sequence[int]) -> dict[str, Counter[int]]:
    found: dict[str, Counter[int]] = {}
    for label, fold in zip(labels, folds, strict=True):
        found.setdefault(label, Counter())[fold] += 1
    return found


def _out_of_fold(
    texts: Sequence[str], given: "NDArray[np.int64]", folds: "NDArray[np.int64]", classes: int
) -> "NDArray[np.float64]":
    """Rows by classes: probabilities by a model that was fitted without the row's fold."""
    import numpy as np
    from sklearn.linear_model import SGDClassifier

    # Weights of words are fitted on all rows: they hold no label.
    features = vectorizer(len(texts), 1, _MOST_FEATURES).fit_transform(texts)
    probabilities = np.zeros((len(texts), classes))
    for fold in np.unique(folds):
        inside = folds != fold
        model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=_PASSES, tol=None, average=True, random_state=SEED)
        model.fit(features[inside], given[inside])
        probabilities[np.ix_(~inside, model.classes_)] = model.predict_proba(features[~inside])
    return probabilities
