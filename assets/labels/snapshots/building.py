"""Publishes a dataset: examined, frozen, written, and only then known to the catalogue."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update

from assets.labels.quality.model import Examination
from assets.labels.quality.standing import examined
from assets.labels.snapshots.croissant import croissant
from assets.labels.snapshots.datasheet import datasheet
from assets.labels.snapshots.frozen import Frozen, freeze
from assets.labels.snapshots.mart import read_mart
from assets.labels.snapshots.storing import CROISSANT, DATASHEET, folder, put_right, split_sizes, write
from assets.labels.tasks import task_named
from assets.lineage import ledger
from assets.lineage.label_tables import datasets, label_batches
from assets.lineage.moments import now

if TYPE_CHECKING:
    from assets.platform import Platform

_WAIT_SECONDS = 3600


class ChecksFailed(Exception):
    """Checks that block failed; nothing was published."""

    def __init__(self, examination: Examination) -> None:
        told = "; ".join(f"{each.name}: {' '.join(each.told)}" for each in examination.failures)
        super().__init__(f"the dataset was not published, because checks failed: {told}")
        self.examination = examination


@dataclass(frozen=True, slots=True)
class Built:
    """A version that stands in the catalogue now; `is_new`: it did not before."""

    version: str
    is_new: bool
    manifest: Mapping[str, Any]
    examination: Examination


def build(platform: "Platform", task_name: str, run_id: str, heard: Callable[[str], None] = lambda _: None) -> Built:
    """Publishes what the task's mart holds as a version, where every blocking check passes.

    The same rows are the same version. A build that was killed is completed by the next one; a version is there for others
    from the moment that the catalogue names it. Raises ChecksFailed, WarehouseUnavailable, UnknownTask, Busy, StorageError.
    """
    task = task_named(task_name)
    with platform.locks.hold(f"labels/{task_name}", wait_seconds=_WAIT_SECONDS):
        dataset = read_mart(platform, task_name)
        examination = examined(platform, task, dataset, heard)
        if examination.failures:
            raise ChecksFailed(examination)
        frozen = freeze(dataset, task, examination.withheld)
        heard(f"writing the dataset {frozen.version[:12]}")
        _write(platform, frozen)
        with platform.catalogue.write() as connection:
            is_new = _record(connection, frozen, _summary(frozen, examination), run_id)
    return Built(frozen.version, is_new, json.loads(frozen.manifest), examination)


def _summary(frozen: Frozen, examination: Examination) -> dict[str, Any]:
    """What the catalogue keeps of a version, for lists: counts, classes, and how each check ended."""
    manifest = json.loads(frozen.manifest)
    return {
        **split_sizes(manifest),
        "groups": manifest["groups"],
        "classes": manifest["classes"],
        "checks": {
            each.name: {
                "passed": each.passed,
                "blocks": each.blocks,
                "told": list(each.told),
                "figures": dict(each.figures),
            }
            for each in examination.outcomes
        },
    }


def _write(platform: "Platform", frozen: Frozen) -> None:
    written = write(platform.objects, frozen)
    manifest = json.loads(frozen.manifest)
    place = folder(frozen.task, frozen.version)
    for name, data in (
        (CROISSANT, croissant(manifest, frozen.version, written)),
        (DATASHEET, datasheet(manifest, frozen.version)),
    ):
        put_right(platform.objects, place + name, data, data.__eq__)
    platform.objects.flush()


def _record(connection: Connection, frozen: Frozen, summary: dict[str, Any], run_id: str) -> bool:
    """Makes the version the task's latest one; whether it is new."""
    latest = connection.execute(
        select(datasets.c.version).where(datasets.c.task == frozen.task).order_by(datasets.c.sequence.desc()).limit(1)
    ).scalar()
    if latest == frozen.version:
        return False
    sequence = (connection.execute(select(func.max(datasets.c.sequence))).scalar() or 0) + 1
    known = connection.execute(select(datasets.c.version).where(datasets.c.version == frozen.version)).first()
    values = {"sequence": sequence, "summary": json.dumps(summary, ensure_ascii=False, sort_keys=True)}
    if known:
        # Labels went back to what they were: training takes the latest version, and this is it again.
        connection.execute(update(datasets).where(datasets.c.version == frozen.version).values(**values))
    else:
        connection.execute(
            insert(datasets).values(version=frozen.version, task=frozen.task, created_at=now(), run_id=run_id, **values)
        )
    batches = select(label_batches.c.batch_id).where(label_batches.c.task == frozen.task)
    ledger.append(
        connection,
        "dataset.built",
        f"dataset/{frozen.version}",
        {
            "task": frozen.task,
            "run_id": run_id,
            "rows": frozen.rows.num_rows,
            "batches": list(connection.execute(batches.order_by(label_batches.c.sequence)).scalars()),
        },
    )
    return known is None
