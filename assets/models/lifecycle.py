"""From a dataset to a decision, a step at a time: each can be repeated, and goes on from what a killed one left.

The steps of one run share the candidate's folder, whose name `current` keeps: a dataset that is published meanwhile is for the
next run.
"""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.labels.erased import erased_from
from assets.labels.snapshots.reading import Snapshot, latest, open_snapshot
from assets.models.artifacts import packaging
from assets.models.artifacts.finding import Packaged, find
from assets.models.artifacts.manifest import ENCODER, METRICS, PLOTS, SERVED, SETTINGS
from assets.models.artifacts.packaging import Version
from assets.models.model import TRAIN, VALIDATION, Gate, NothingToTrain, examples
from assets.models.promotion.champion import champion, load_champion
from assets.models.promotion.decisions import Decision
from assets.models.promotion.promoting import promote
from assets.models.serving.exporting import Served, export
from assets.models.serving.parity import NEEDED_AGREEMENT
from assets.models.training.checkpoints import write_whole
from assets.models.training.training import candidate_folder, train

if TYPE_CHECKING:
    from assets.platform import Platform

Heard = Callable[[str], None]
_CALIBRATION = "calibration.json"
_CHEAPER = 0.9
"""Of the champion's bytes: a candidate with at most so many costs less to serve."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained candidate: where it lies, and the dataset that it was trained on; `seconds` is how long training took, from the
    last checkpoint on, None where it is not this step that has trained."""

    folder: Path
    dataset_version: str
    seconds: float | None = None


def train_candidate(platform: "Platform", task: str, heard: Heard) -> Candidate:
    """Trains on the task's latest dataset, and makes that the candidate of the steps that follow.

    Raises NothingToTrain, and what `train` does.
    """
    with platform.catalogue.read() as connection:
        version = latest(connection, task)
    if version is None:
        raise NothingToTrain(f"there is no dataset of {task} yet: build one with hrdp dataset build --task {task}")
    is_trained = (candidate_folder(platform, task, version) / SETTINGS).is_file()
    started = time.monotonic()
    folder = train(platform, task, version, heard)
    seconds = None if is_trained else time.monotonic() - started
    write_whole(_current(platform, task), json.dumps({"dataset_version": version}).encode())
    return Candidate(folder, version, seconds)


def current(platform: "Platform", task: str) -> Candidate:
    """The candidate that was trained last. Raises NothingToTrain."""
    try:
        version = json.loads(_current(platform, task).read_bytes())["dataset_version"]
    except (OSError, ValueError, KeyError):
        version = None
    folder = candidate_folder(platform, task, version) if version else None
    if version is None or folder is None or not (folder / SETTINGS).is_file():
        raise NothingToTrain(f"no candidate of {task} is trained: train one with hrdp train --task {task}")
    return Candidate(folder, version)


def serve_candidate(platform: "Platform", task: str) -> Served:
    """Exports the candidate to the form that is served, and holds it against the adapter on the validation split."""
    from assets.models.training.adapter import open_adapter

    candidate = current(platform, task)
    snapshot = open_snapshot(platform, candidate.dataset_version)
    texts = list(dict.fromkeys(row.text for row in examples(snapshot, TRAIN)))
    return export(candidate.folder, texts, examples(snapshot, VALIDATION), open_adapter(candidate.folder))


def evaluate_candidate(platform: "Platform", task: str, heard: Heard) -> dict[str, Any]:
    """Measures the candidate as it is served, leaves that in its folder, and returns the metrics.

    A candidate that is the champion already keeps the figures that it was promoted by.
    """
    from assets.models.evaluation.evaluating import evaluate, write
    from assets.models.serving.predictors import open_predictor

    candidate = current(platform, task)
    served = _champion(platform, task)
    if served is not None and served.summary["candidate"] == candidate.folder.name:
        _take_figures(load_champion(platform, task), candidate.folder)
        return _read(candidate.folder / METRICS)
    snapshot = open_snapshot(platform, candidate.dataset_version)
    # A temperature of an evaluation before this one would be measured along with the model.
    (candidate.folder / _CALIBRATION).unlink(missing_ok=True)
    shutil.rmtree(candidate.folder / PLOTS, ignore_errors=True)
    evaluation = evaluate(
        task,
        open_predictor(candidate.folder),
        None if served is None else open_predictor(load_champion(platform, task)),
        frozenset() if served is None else trained_on(open_snapshot(platform, served.dataset_version)),
        snapshot,
        excuse="" if served is None else _excuse(platform, candidate, served),
        reported_groups=_reported_groups(platform),
        heard=heard,
    )
    metrics = evaluation.metrics
    if served is not None:
        metrics["champion"]["version"] = served.version
    metrics["gates"].append(asdict(served_as_trained(_read(candidate.folder / SERVED))))
    write(evaluation, candidate.folder)
    return metrics


def _excuse(platform: "Platform", candidate: Candidate, served: Packaged) -> str:
    """Why a candidate that is no better than the champion may take its place; empty where there is no reason."""
    with platform.catalogue.read() as connection:
        versions = (candidate.dataset_version, served.dataset_version)
        here, there = (erased_from(connection, versions)[version] for version in versions)
    if there - here:
        return "the champion has learned from a person who was erased"
    if _size(candidate.folder) <= _CHEAPER * served.summary["served_size"]:
        return "it is cheaper"
    return ""


def package_candidate(platform: "Platform", task: str, run_id: str) -> Version:
    """Signs the candidate and stores it as a version."""
    return packaging.package(platform, current(platform, task).folder, run_id)


def decide_candidate(platform: "Platform", task: str, run_id: str) -> Decision:
    """Decides whether the candidate is the new champion, and records that."""
    candidate = current(platform, task)
    version = packaging.package(platform, candidate.folder, run_id).version
    metrics = _read(candidate.folder / METRICS)
    # Who was the champion when this was measured: a promotion in between makes the comparison worth nothing.
    against = (metrics["champion"] or {}).get("version")
    return promote(
        platform, task, version, [Gate(**each) for each in metrics["gates"]], champion=against, run_id=run_id
    )


def trained_on(snapshot: Snapshot) -> frozenset[str]:
    """Hashes of the texts that a model of this dataset has learned from."""
    return frozenset(row.text_hash for row in examples(snapshot, TRAIN))


def served_as_trained(described: dict[str, Any]) -> Gate:
    """The gate that holds the served form against the adapter, from what the export has written."""
    agreement = float(described["parity"]["agreement"])
    return Gate(
        "served_as_trained",
        agreement >= NEEDED_AGREEMENT,
        agreement,
        NEEDED_AGREEMENT,
        f"the served form ({described['form']}) decides {agreement:.2%} of the validation split as the adapter does",
    )


def _champion(platform: "Platform", task: str) -> Packaged | None:
    present = champion(platform, task)
    if present is None:
        return None
    with platform.catalogue.read() as connection:
        return find(connection, present.version)


def _take_figures(served: Path, folder: Path) -> None:
    for name in (METRICS, _CALIBRATION):
        if (served / name).is_file():
            shutil.copyfile(served / name, folder / name)
    if (served / PLOTS).is_dir():
        shutil.copytree(served / PLOTS, folder / PLOTS, dirs_exist_ok=True)


def _reported_groups(platform: "Platform") -> dict[str, str] | None:
    from assets.models.evaluation.adverse_impact import read_groups

    file = platform.settings.reported_groups
    return read_groups(Path(file)) if file else None


def _current(platform: "Platform", task: str) -> Path:
    return platform.home / "training" / task / "current.json"


def _size(folder: Path) -> int:
    return (folder / ENCODER).stat().st_size


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content
