"""What a task's next training depends on: its latest dataset, its champion, and the candidates that were decided on."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from sqlalchemy import Connection, or_, select

from assets.labels.erased import erased_from
from assets.labels.snapshots import storing
from assets.labels.snapshots.reading import latest, published
from assets.labels.tasks import task_named
from assets.lineage.model_tables import promotions, trained_models
from assets.models.artifacts.finding import find
from assets.models.promotion.champion import champion
from assets.models.promotion.decisions import GATES, PROMOTED
from assets.models.retraining.growth import Before, Content, Growth, Limits, Row, judge, relabelled
from assets.models.training.training import candidate_keys

if TYPE_CHECKING:
    from assets.platform import Platform


@dataclass(frozen=True, slots=True)
class Decided:
    """A candidate that was trained and weighed: its model, what it was trained on, and what became of it."""

    version: str
    dataset_version: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a task without reading a dataset. `candidate` is the key of what would be trained now.

    `decided` is the decision on just that, `tried` the last one on any candidate of the present settings and base model;
    `champion_dataset` is None where nothing is served. `outlived` are those of these datasets that held a person who was erased
    since, and whom the latest one did not hold.
    """

    task: str
    dataset: str
    candidate: str
    champion_dataset: str | None
    decided: Decided | None
    tried: Decided | None
    outlived: frozenset[str]
    limits: Limits

    @property
    def identity(self) -> str:
        """Another one wherever the judgement can be another."""
        tried = self.tried and self.tried.dataset_version
        outlived = " ".join(sorted(self.outlived))
        return f"{self.candidate} {self.champion_dataset} {tried} {self.limits.groups} {self.limits.share} {outlived}"


def standing(platform: "Platform", task_name: str) -> Standing | None:
    """How a task stands; None where it has no dataset yet. Raises ModelUnavailable, StorageError, CatalogueUnavailable."""
    with platform.catalogue.read() as connection:
        dataset = latest(connection, task_name)
        if dataset is None:
            return None
        decisions = _decisions(connection, task_name)
    key_of = candidate_keys(platform, task_name)
    served = champion(platform, task_name)
    with platform.catalogue.read() as connection:
        champion_dataset = None if served is None else find(connection, served.version).dataset_version
    # Settings that were changed make another candidate of the same dataset: what was decided before says nothing of it.
    present = [decided for decided, candidate in decisions if key_of(decided.dataset_version).startswith(candidate)]
    tried = present[0] if present else None
    trained = {each for each in (champion_dataset, tried and tried.dataset_version) if each and each != dataset}
    return Standing(
        task_name,
        dataset,
        key_of(dataset),
        champion_dataset,
        next((each for each in present if each.dataset_version == dataset), None),
        tried,
        _outlived(platform, dataset, trained),
        Limits(platform.settings.retrain_groups, platform.settings.retrain_share),
    )


def growth(platform: "Platform", known: Standing) -> Growth:
    """Whether to train now: never what was decided on, and otherwise as the datasets say. Reads those.

    Raises SnapshotDamaged and StorageError.
    """
    if known.decided is not None:
        return Growth(False, f"the candidate of the latest dataset was {known.decided.outcome} already")
    trained: dict[str, str] = {}
    if known.tried is not None:
        trained[known.tried.dataset_version] = f"the last candidate, which was {known.tried.outcome}"
    if known.champion_dataset is not None:
        trained[known.champion_dataset] = "the champion"
    classes_of = task_named(known.task).classes
    rows = _rows(platform, known.task, known.dataset)
    before = []
    for version, what in trained.items():
        earlier = _rows(platform, known.task, version)
        content = Content.of(earlier, classes_of)
        drifted = _drifted(platform, known.task, version)
        before.append(Before(what, content, drifted, relabelled(rows, earlier), version in known.outlived))
    return judge(Content.of(rows, classes_of), before, known.limits)


def _decisions(connection: Connection, task: str) -> list[tuple[Decided, str]]:
    """The decisions that trainings ended with, the last one first, each with its candidate's key or the beginning of it."""
    query = (
        select(promotions.c.version, promotions.c.outcome, trained_models.c.dataset_version, trained_models.c.summary)
        .join(trained_models, trained_models.c.version == promotions.c.version)
        .where(promotions.c.task == task, promotions.c.kind == GATES)
        # One that the pointer has not followed is not carried out yet: the run that does so is still to come.
        .where(or_(promotions.c.outcome != PROMOTED, promotions.c.moved_at.is_not(None)))
        .order_by(promotions.c.decision.desc())
    )
    return [
        (Decided(row.version, row.dataset_version, row.outcome), json.loads(row.summary)["candidate"])
        for row in connection.execute(query)
    ]


def _outlived(platform: "Platform", dataset: str, trained: Collection[str]) -> frozenset[str]:
    with platform.catalogue.read() as connection:
        erased = erased_from(connection, {dataset, *trained})
    return frozenset(version for version in trained if erased[version] - erased[dataset])


def _rows(platform: "Platform", task: str, version: str) -> list[Row]:
    _, rows = storing.read_rows(platform.objects, task, version)
    names = ("text_hash", "opening_hash", "group_id", "split", "label")
    return [Row(*values) for values in zip(*(rows[name].to_pylist() for name in names), strict=True)]


def _drifted(platform: "Platform", task: str, version: str) -> tuple[str, ...]:
    """What the drift checks of the datasets that were built after one said."""
    with platform.catalogue.read() as connection:
        later = list(takewhile(lambda each: each.version != version, published(connection, task)))
    checks = [each.summary["checks"]["drift"] for each in later]
    return tuple(told for check in checks if not check["passed"] for told in check["told"])
