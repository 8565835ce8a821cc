"""An evaluation from start to end: a candidate on the frozen test split, beside the plain baseline and the champion.

What is judged by is stated in `gates`; a candidate that fails some is a result as any other.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.models.evaluation import plots
from assets.models.evaluation.adverse_impact import FOUR_FIFTHS, Impact, impacts
from assets.models.evaluation.bootstrap import CONFIDENCE, DRAWS, Interval, interval
from assets.models.evaluation.fairness import Swapped, fair_gate, swap
from assets.models.evaluation.job_category import JobCategoryMeasurement
from assets.models.evaluation.leaks import no_leak
from assets.models.evaluation.match import MatchMeasurement
from assets.models.evaluation.membership import attack, private_gate, sampled
from assets.models.evaluation.model import (
    Evaluation,
    EvaluationImpossible,
    Measurement,
    Parts,
    Predictor,
    Score,
    Table,
    parts_of,
)
from assets.models.evaluation.paired import (
    better_than_baseline,
    better_than_champion,
    first_of_its_task,
    not_comparable,
)
from assets.models.evaluation.skills import SkillsMeasurement
from assets.models.model import Gate

if TYPE_CHECKING:
    from assets.labels.snapshots.reading import Snapshot

CALIBRATION_FILE = "calibration.json"
METRICS_FILE = "metrics.json"
PLOTS_FOLDER = "plots"

_MEASUREMENTS: dict[str, Callable[[Any, Parts], Measurement]] = {
    "job-category": JobCategoryMeasurement,
    "skills": SkillsMeasurement,
    "match": MatchMeasurement,
}


def evaluate(
    task_name: str,
    predictor: Predictor,
    champion: Predictor | None,
    champion_trained_on: frozenset[str],
    snapshot: "Snapshot",
    *,
    excuse: str = "",
    reported_groups: Mapping[str, str] | None = None,
    heard: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Measures a candidate as it is served.

    `champion_trained_on` are the text hashes of what the champion learned from; it is judged only on groups without any of
    them. `excuse`: for which other reason than being better the candidate may take the champion's place (see
    `paired.better_than_champion`). `reported_groups` are self-reported groups by text hash (see `adverse_impact.read_groups`).
    `heard` is told in a sentence what is being done.
    Raises EvaluationImpossible.
    """
    if snapshot.task != task_name:
        raise EvaluationImpossible(
            f"the dataset is for {snapshot.task}: evaluate a model for {task_name} on one of its own"
        )
    measure = _MEASUREMENTS[task_name]
    parts = parts_of(snapshot)
    heard("looking for groups and near-duplicates across the splits")
    gates = [no_leak(parts)]
    heard("measuring the candidate on the test split")
    measured = measure(predictor, parts)
    scores, details = measured.scores(), measured.details()
    heard("fitting the plain baseline")
    baseline = measured.baseline()
    decisive = measured.decisive
    gates.append(better_than_baseline(scores[decisive], baseline[decisive], decisive))
    intervals = {"candidate": interval(scores[decisive]), "baseline": interval(baseline[decisive])}
    champion_metrics: dict[str, Any] | None = None
    if champion is None:
        gates.append(first_of_its_task())
    else:
        heard("measuring the champion on what it never trained on")
        gate, champion_metrics = _against(champion, champion_trained_on, predictor, parts, measure, excuse=excuse)
        gates.append(gate)
    gates.append(details.calibrated)
    heard("swapping in synthetic resumes what should not count")
    swapped = swap(measured.changes)
    found_impacts = _impacts(measured, reported_groups) if reported_groups else []
    gates.append(_fair(swapped, found_impacts))
    heard("looking for rows of training by the model's confidence")
    membership = attack(measured.signals(sampled(parts.train)), measured.signals(sampled(parts.test)))
    gates.append(private_gate(membership))
    metrics = {
        "format": 1,
        "task": task_name,
        "dataset_version": snapshot.version,
        "rows": {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)},
        "decisive": decisive,
        **_values(scores),
        "intervals": _intervals(scores),
        "bootstrap": {"draws": DRAWS, "confidence": CONFIDENCE, "drawn": "groups"},
        **details.metrics,
        "baseline": {**_values(baseline), "intervals": _intervals(baseline)},
        "champion": champion_metrics,
        "fairness": {
            "test": "counterfactual",
            "swapped": [each.record() for each in swapped],
            "impact": [each.record() for each in found_impacts],
        },
        "privacy": membership.record(),
        "gates": [asdict(gate) for gate in gates],
    }
    return Evaluation(
        task=task_name,
        metrics=metrics,
        baseline=_values(baseline),
        gates=tuple(gates),
        calibration={"format": 1, **details.calibration},
        plots={**details.plots, "compared.png": _compared(intervals, decisive)},
        tables={**details.tables, **_tables(gates, swapped, found_impacts)},
    )


def write(evaluation: Evaluation, folder: Path) -> None:
    """Leaves calibration.json, metrics.json and plots/ in a candidate's folder, the same bytes for the same evaluation."""
    pictures = folder / PLOTS_FOLDER
    pictures.mkdir(parents=True, exist_ok=True)
    for name, picture in evaluation.plots.items():
        (pictures / name).write_bytes(picture)
    for name, record in ((CALIBRATION_FILE, evaluation.calibration), (METRICS_FILE, evaluation.metrics)):
        text = json.dumps(record, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")


def _against(
    champion: Predictor,
    trained_on: frozenset[str],
    predictor: Predictor,
    parts: Parts,
    measure: Callable[[Any, Parts], Measurement],
    *,
    excuse: str,
) -> tuple[Gate, dict[str, Any]]:
    """The gate, and the champion's figures on the rows that it can be judged by."""
    every = (*parts.train, *parts.validation, *parts.test)
    # A near-duplicate of a row that it learned from tells as little as the row itself.
    known = {row.group_id for row in every if row.text_hash in trained_on}
    rows = [row for row in parts.test if row.group_id not in known]
    if not rows:
        return not_comparable(), {"rows": 0}
    seen = replace(parts, test=rows)
    theirs = measure(champion, seen)
    scores = theirs.scores()
    ours = measure(predictor, seen).scores()
    gate = better_than_champion(ours[theirs.decisive], scores[theirs.decisive], theirs.decisive, excuse=excuse)
    return gate, {
        "rows": len(rows),
        **_values(scores),
        "intervals": _intervals(scores),
        "candidate": _values(ours),
    }


def _impacts(measured: Measurement, groups: Mapping[str, str]) -> list[Impact]:
    return [
        impact
        for outcome, (hashes, selected) in measured.outcomes().items()
        for impact in impacts(outcome, hashes, selected, groups)
    ]


def _fair(swapped: list[Swapped], found: list[Impact]) -> Gate:
    """The counterfactual test's gate; adverse impact in the first outcome of a task, which is a benefit, fails it too."""
    gate = fair_gate(swapped)
    adverse = [each for each in found if each.adverse and each.outcome == found[0].outcome]
    if not adverse or not gate.passed:
        return gate
    worst = min(adverse, key=lambda each: each.ratio or 0.0)
    return Gate(
        "fair",
        False,
        worst.ratio,
        FOUR_FIFTHS,
        f"of {worst.n} people of the group {worst.group}, {worst.rate:.1%} are {worst.outcome}: {worst.ratio:.2f} of the highest"
        " group's rate, which chance hardly explains",
    )


def _values(scores: Mapping[str, Score]) -> dict[str, float]:
    return {name: score.value for name, score in scores.items()}


def _intervals(scores: Mapping[str, Score]) -> dict[str, list[float]]:
    return {name: [found.low, found.high] for name, found in ((name, interval(each)) for name, each in scores.items())}


def _compared(found: Mapping[str, Interval], measure: str) -> bytes:
    return plots.compared([(name, each.value, each.low, each.high) for name, each in found.items()], measure)


def _tables(gates: list[Gate], swapped: list[Swapped], found: list[Impact]) -> dict[str, Table]:
    tables: dict[str, Table] = {
        "gates": [asdict(gate) for gate in gates],
        "counterfactuals": [each.record() for each in swapped],
    }
    if found:
        tables["impact"] = [each.record() for each in found]
    return tables
