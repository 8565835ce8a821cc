"""The examination of what a task's mart holds now: made once for each content, and kept beside the warehouse.

It is derived, and so is what is kept of texts that were examined before: findings of personal data, and the proof that no two
are near-duplicates in different splits. It holds hashes and figures, no text.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.labels.quality.model import Examination
from assets.labels.quality.proof import Proved
from assets.labels.snapshots.frozen import freeze
from assets.labels.snapshots.mart import read_mart
from assets.labels.snapshots.reading import latest, open_snapshot
from assets.labels.snapshots.recipe import recipe
from assets.labels.snapshots.storing import SnapshotDamaged
from assets.labels.tasks import task_named
from assets.labels.warehouse.files import work_folder

if TYPE_CHECKING:
    import pyarrow

    from assets.labels.quality.personal_data import Found
    from assets.labels.tasks.task import Task
    from assets.platform import Platform

_WAIT_SECONDS = 3600
_RULES = 3
"""Rises when a check can judge the same dataset otherwise."""
_PROOF_RULES = 1
"""Rises when two texts that were not near-duplicates can be."""


def examined(
    platform: "Platform", task: "Task", dataset: "pyarrow.Table", heard: Callable[[str], None] = lambda _: None
) -> Examination:
    """The outcome of every check on the mart's rows: as kept, or found now. The caller holds the lock `labels/TASK`.

    Raises ExaminationBroken and StorageError.
    """
    path = path_of(platform, task.name)
    kept = _kept(path)
    identity = freeze(dataset, task).version
    with platform.catalogue.read() as connection:
        last = latest(connection, task.name)
    if kept and kept["examination"]["dataset"] == identity and last in (kept["earlier"], kept["version"]):
        return Examination.from_json(kept["examination"])
    from assets.labels.quality.examination import examine
    from assets.labels.quality.findings import Known

    earlier = _earlier(platform, last, heard)
    known = Known(_findings(kept), Proved.read(_proof_of(platform, task.name), _proof_rules()))
    examination, learned = examine(dataset, task, identity, earlier=earlier, known=known, heard=heard)
    if learned.proved is not None and learned.proved is not known.proved:
        learned.proved.write(_proof_of(platform, task.name), _proof_rules())
    _keep(
        path,
        {
            "rules": _rules(),
            "examination": examination.as_json(),
            "earlier": last,
            "version": freeze(dataset, task, examination.withheld).version if examination.withheld else identity,
            "findings": learned.searched,
        },
    )
    return examination


def examine_mart(platform: "Platform", task_name: str, heard: Callable[[str], None] = lambda _: None) -> Examination:
    """The same for what the task's mart holds. Raises NoLabels, WarehouseUnavailable, UnknownTask and Busy too."""
    with platform.locks.hold(f"labels/{task_name}", wait_seconds=_WAIT_SECONDS):
        return examined(platform, task_named(task_name), read_mart(platform, task_name), heard)


def path_of(platform: "Platform", task: str) -> Path:
    """Where the last examination of a task is kept."""
    return platform.home / "warehouse" / f"{task}.examination.json"


def _proof_of(platform: "Platform", task: str) -> Path:
    # Beside what dbt keeps, and gone with it where the warehouse is made again.
    return work_folder(platform, task) / "proved.npz"


def _earlier(platform: "Platform", version: str | None, heard: Callable[[str], None]) -> "pyarrow.Table | None":
    if version is None:
        return None
    try:
        return open_snapshot(platform, version).rows
    except SnapshotDamaged as damaged:
        # The same labels build it anew; what is compared with it is only a warning.
        heard(f"drift is not compared: {damaged}")
        return None


def _rules() -> list[Any]:
    return [_RULES, recipe()]


def _proof_rules() -> str:
    return json.dumps([_PROOF_RULES, recipe()["grouping"]])


def _kept(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_bytes())
        return values if values["rules"] == _rules() else None
    except (OSError, ValueError, KeyError, TypeError):
        # It is made again from what it was derived from.
        return None


def _keep(path: Path, values: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(values, ensure_ascii=False))
    unfinished.replace(path)


def _findings(kept: Mapping[str, Any] | None) -> "dict[str, Found]":
    found: Mapping[str, list[tuple[str, int, int]]] = kept["findings"] if kept else {}
    return {key: tuple((kind, start, end) for kind, start, end in each) for key, each in found.items()}
