"""The model that retrieval is held against, and the comparison of the two on the dataset that it was trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assets.labels.snapshots.reading import open_snapshot
from assets.models.artifacts.finding import find
from assets.models.artifacts.manifest import SERVED
from assets.models.evaluation.retrieve_or_train import Comparison, compare
from assets.models.lifecycle import current
from assets.models.model import NothingToTrain
from assets.models.promotion.champion import champion, load_champion

if TYPE_CHECKING:
    from assets.platform import Platform

TASK = "job-category"
"""The one task that neighbours can do as they are: a resume gets the class that most of them have."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model that can be asked: what it is called, the key of its training, its folder, the dataset that it learned from."""

    name: str
    candidate: str
    folder: Path
    dataset_version: str


def trained_model(platform: "Platform") -> Trained | None:
    """The task's champion; without one its newest candidate, if it was brought to the form that is served; else None.

    Raises PointerDamaged, ModelDamaged, Busy, StorageError.
    """
    served = champion(platform, TASK)
    if served is not None:
        with platform.catalogue.read() as connection:
            known = find(connection, served.version)
        name = f"the champion {served.version[:12]}"
        return Trained(name, str(known.summary["candidate"]), load_champion(platform, TASK), known.dataset_version)
    try:
        newest = current(platform, TASK)
    except NothingToTrain:
        return None
    if not (newest.folder / SERVED).is_file():
        return None
    return Trained(
        f"the candidate {newest.folder.name}, which is not served",
        newest.folder.name,
        newest.folder,
        newest.dataset_version,
    )


def compare_both_ways(
    platform: "Platform", model: Trained, heard: Callable[[str], None] = lambda _: None
) -> Comparison:
    """Holds the nearest labelled resumes and the model against each other on the test split of the model's dataset.

    Raises NoDataset, SnapshotDamaged, EvaluationImpossible, PredictorUnavailable, ModelUnavailable, StorageError.
    """
    from assets.models.evaluation.model import parts_of
    from assets.models.evaluation.neighbours import open_resume_embedder
    from assets.models.serving.predictors import Classifier, open_predictor

    predictor = open_predictor(model.folder)
    assert isinstance(predictor, Classifier)
    parts = parts_of(open_snapshot(platform, model.dataset_version))
    return compare(predictor, open_resume_embedder(platform), parts, heard)
