"""What a dataset would seem to be worth if its rows were split at random, and what it is worth.

The same plain model (words and pairs of words, linear support vectors) is measured twice by five-fold cross-validation: once
with the rows as they came in, dealt out at random, as most published results do; once with every group of near-duplicates in
one fold. The difference is what copies of the test rows in training are worth.

The report is kept, and made again where the rows that it is about are no longer nearly the same.
"""

import json
import math
import os
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from assets.labels.quality.features import SEED, inputs, part, vectorizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assets.labels.tasks.task import Task
    from assets.platform import Platform

FOLDS = 5
CHANGED_SHARE = 0.01
"""As long as no more than this share of the rows came or went, a report stands: that moves an accuracy by less than the width
of its interval, and measuring takes a minute."""
_RULES = 1
"""Rises when the same rows are measured otherwise."""
_CERTAINTY = 1.96

_QUERY = """
    SELECT any_value(dataset.text), any_value(dataset.opening_text), any_value(dataset.label),
        any_value(dataset.group_id), sum(came.copies)::INTEGER
    FROM dataset
    JOIN raw.label_rows AS came
        ON came.text_hash = dataset.text_hash AND came.opening_hash IS NOT DISTINCT FROM dataset.opening_hash
    GROUP BY dataset.text_hash, dataset.opening_hash
    ORDER BY dataset.text_hash, dataset.opening_hash
"""


@dataclass(frozen=True, slots=True)
class Score:
    """Accuracy and macro-F1 over all folds, from 0 to 1; `low` and `high` bound the accuracy by 95 % (Wilson's interval over
    `units` independent things: different resumes, not copies)."""

    accuracy: float
    macro_f1: float
    low: float
    high: float
    rows: int
    units: int


@dataclass(frozen=True, slots=True)
class LeakReport:
    """`rows` came in, of `texts` different resumes in `groups`. `leaked` is the share of a random split's test rows of which
    the same text or a near-duplicate is in training. Scores are None where a row has not one class of several to tell apart.
    """

    rows: int
    texts: int
    groups: int
    leaked: float
    random_rows: Score | None
    by_group: Score | None


def leaks_of(platform: "Platform", task: "Task") -> LeakReport:
    """The report on what a task's warehouse holds. Raises WarehouseUnavailable."""
    from assets.labels.warehouse.files import open_warehouse, work_folder

    with open_warehouse(platform, task.name) as connection:
        rows = connection.execute(_QUERY).fetchall()
    texts, openings, labels, groups, copies = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 5
    )
    chosen = part(groups, copies)
    wanted = Counter(
        {_digest(texts[place], openings[place], labels[place], groups[place]): copies[place] for place in chosen}
    )
    path = work_folder(platform, task.name) / "leaks.json"
    report = _kept(path, wanted)
    if report is None:
        report = report_leaks(
            inputs(texts, openings),
            labels,
            groups,
            copies,
            scored=all(len(task.classes(each)) == 1 for each in set(labels)),
        )
        _keep(path, wanted, report)
    return report


def _digest(*values: str | None) -> str:
    return blake2b(json.dumps(values).encode(), digest_size=12).hexdigest()


def _kept(path: Path, rows: Counter[str]) -> LeakReport | None:
    """The report that was made on nearly the same rows."""
    try:
        kept = json.loads(path.read_bytes())
        measured = Counter(kept["rows"])
        if kept["rules"] != _RULES or (measured - rows).total() + (rows - measured).total() > (
            CHANGED_SHARE * measured.total()
        ):
            return None
        scores = {name: kept["report"][name] and Score(**kept["report"][name]) for name in ("random_rows", "by_group")}
        return LeakReport(**{**kept["report"], **scores})
    except (OSError, ValueError, KeyError, TypeError):
        # It is made again.
        return None


def _keep(path: Path, rows: Counter[str], report: LeakReport) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps({"rules": _RULES, "rows": rows, "report": asdict(report)}))
    unfinished.replace(path)


def report_leaks(
    texts: Sequence[str], labels: Sequence[str], groups: Sequence[str], copies: Sequence[int], *, scored: bool
) -> LeakReport:
    """Of different resumes, each with its label, its group, and how often it came in. `scored`: whether labels are classes."""
    import numpy as np

    chosen = part(groups, copies)
    rows = np.repeat(np.array(chosen, dtype=np.int64), [copies[place] for place in chosen])
    group_numbers = np.unique(np.array(groups), return_inverse=True)[1]
    dealt = _dealt(len(rows))
    leaked = [
        float(np.isin(group_numbers[rows[dealt == fold]], group_numbers[rows[dealt != fold]]).sum())
        for fold in range(FOLDS)
    ]
    share = sum(leaked) / len(rows) if len(rows) else 0.0
    sizes = len(rows), len(chosen), len({groups[place] for place in chosen})
    if not scored or len({labels[place] for place in chosen}) < 2 or sizes[2] < 2 * FOLDS:
        return LeakReport(*sizes, share, None, None)
    features_of = [texts[place] for place in chosen]
    places = {place: position for position, place in enumerate(chosen)}
    known = [labels[place] for place in chosen]
    at_random = _score(features_of, known, [places[row] for row in rows.tolist()], dealt.tolist())
    by_group = _group_folds([groups[place] for place in chosen], known)
    honest = _score(features_of, known, list(range(len(chosen))), by_group)
    return LeakReport(*sizes, share, at_random, honest)


def _dealt(count: int) -> "NDArray[np.int64]":
    import numpy as np

    return np.random.default_rng(SEED).permutation(count) % FOLDS


def _group_folds(groups: Sequence[str], labels: Sequence[str]) -> list[int]:
    """A fold for each resume; groups are whole, and classes as evenly spread as that allows."""
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    folds = np.zeros(len(labels), dtype=np.int64)
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    with warnings.catch_warnings():
        # A class of fewer resumes than folds is missing in some: that is what its figures show.
        warnings.simplefilter("ignore", UserWarning)
        for number, (_, held_out) in enumerate(splitter.split(labels, labels, groups)):
            folds[held_out] = number
    return [int(fold) for fold in folds]


def _score(texts: Sequence[str], labels: Sequence[str], rows: Sequence[int], folds: Sequence[int]) -> Score:
    """Each row is judged by a model that was fitted on the other folds' rows."""
    import numpy as np
    from sklearn.metrics import f1_score
    from sklearn.svm import LinearSVC

    where, fold_of = np.array(rows), np.array(folds)
    truth = np.array([labels[row] for row in rows])
    judged = np.empty(len(rows), dtype=truth.dtype)
    for fold in range(FOLDS):
        outside, inside = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        if not len(inside):
            continue
        words = vectorizer(len(outside), 2)
        fitted = words.fit_transform([texts[row] for row in where[outside]])
        model = LinearSVC(random_state=SEED).fit(fitted, truth[outside])
        judged[inside] = model.predict(words.transform([texts[row] for row in where[inside]]))
    accuracy = float((judged == truth).mean())
    units = len(set(rows))
    low, high = _interval(accuracy, units)
    macro = float(f1_score(truth, judged, average="macro", zero_division=0))
    return Score(round(accuracy, 4), round(macro, 4), round(low, 4), round(high, 4), len(rows), units)


def _interval(share: float, count: int) -> tuple[float, float]:
    """E. Wilson, "Probable inference, the law of succession, and statistical inference" (1927)."""
    square = _CERTAINTY**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _CERTAINTY * math.sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    return middle - half, middle + half
