"""Labels that probably are wrong, by confident learning (C. Northcutt, L. Jiang, I. Chuang, "Confident learning: estimating
uncertainty in dataset labels", Journal of Artificial Intelligence Research 70, 2021).

A plain model gives each row the probabilities of the classes, always one that has not seen the row's group. A class's
threshold is the mean probability of that class over the rows labelled with it. A row counts for the likeliest class among
those whose threshold it reaches (the confident joint); where that is not its own label, the row is listed. The method needs
no clean rows and is not misled by a model that is over- or underconfident in some class.

The models of a large set are fitted on a part of it. Judged are that part and whatever is new: an old row's list was shown when
it was new, and a set's other rows cost nothing when 100 more come in.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.labels.quality.features import SEED, part, vectorizer

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
    """Suspects with the widest margin first; `judged` are the rows that could be compared: those of classes in several folds."""

    judged: Sequence[int]
    suspects: tuple[Suspect, ...]


def find_noise(
    texts: Sequence[str], labels: Sequence[str], groups: Sequence[str], new: Sequence[bool] | None = None
) -> NoiseReport:
    """Looks for wrong labels among rows with one class each; a few rows, or one class, are not judged. `new` says of each row
    whether it has not been judged before; by default all are new."""
    import numpy as np

    fitted = part(groups, [1] * len(groups))
    folds = np.array([int(group[:12], 16) % FOLDS for group in groups], dtype=np.int64)
    by_label = _folds_by_label([labels[row] for row in fitted], folds[fitted].tolist())
    wide_enough = {label for label, where in by_label.items() if len(where) > 1}
    others = set(range(len(labels)) if new is None else np.flatnonzero(new).tolist()).difference(fitted)
    learned_from = [row for row in fitted if labels[row] in wide_enough]
    judged = [*learned_from, *(row for row in sorted(others) if labels[row] in wide_enough)]
    if len(wide_enough) < 2 or len(judged) < _FEWEST_ROWS:
        return NoiseReport((), ())
    names = sorted(wide_enough)
    given = np.searchsorted(names, [labels[row] for row in judged])
    probabilities = _out_of_fold([texts[row] for row in judged], given, folds[judged], len(learned_from), len(names))
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
    return NoiseReport(judged, tuple(sorted(suspects, key=lambda each: (-each.margin, each.row))))


def _folds_by_label(labels: Sequence[str], folds: Sequence[int]) -> dict[str, Counter[int]]:
    found: dict[str, Counter[int]] = {}
    for label, fold in zip(labels, folds, strict=True):
        found.setdefault(label, Counter())[fold] += 1
    return found


def _out_of_fold(
    texts: Sequence[str],
    given: "NDArray[np.int64]",
    folds: "NDArray[np.int64]",
    fitted: int,
    classes: int,
) -> "NDArray[np.float64]":
    """Rows by classes: probabilities by a model that was fitted without the row's fold, on the first `fitted` rows."""
    import numpy as np
    from scipy.sparse import vstack
    from sklearn.linear_model import SGDClassifier

    # Weights of words are fitted on the rows of all folds: they hold no label.
    words = vectorizer(fitted, 1, _MOST_FEATURES)
    features = words.fit_transform(texts[:fitted])
    if fitted < len(texts):
        features = vstack([features, words.transform(texts[fitted:])], format="csr")
    probabilities = np.zeros((len(texts), classes))
    for fold in np.unique(folds):
        held_out = folds == fold
        inside = np.flatnonzero(~held_out[:fitted])
        model = SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=_PASSES, tol=None, average=True, random_state=SEED)
        model.fit(features[inside], given[inside])
        probabilities[np.ix_(held_out, model.classes_)] = model.predict_proba(features[held_out])
    return probabilities
