"""Published datasets, found by version or as a task's latest one, and opened with everything verified."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, select

from assets.labels.snapshots import storing
from assets.lineage.label_tables import datasets

if TYPE_CHECKING:
    import pyarrow

    from assets.platform import Platform

_SHORTEST_PREFIX = 8


class NoDataset(Exception):
    """There is no such dataset; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version as the catalogue knows it; `summary` is what was known of it when it was built, `created_at` a moment."""

    version: str
    task: str
    created_at: int
    run_id: str
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An opened dataset: one row a resume (and opening) with text_hash, text, label, opening_hash, opening_text, group_id and
    split. Rows of texts that were erased since are not in it; `erased` are their hashes.
    """

    version: str
    task: str
    manifest: Mapping[str, Any]
    rows: "pyarrow.Table"
    erased: tuple[str, ...]


def latest(connection: Connection, task: str) -> str | None:
    """The version that a task's last build gave."""
    query = select(datasets.c.version).where(datasets.c.task == task)
    return connection.execute(query.order_by(datasets.c.sequence.desc()).limit(1)).scalar()


def published(connection: Connection, task: str | None = None) -> list[Published]:
    """The versions of a task, or of all, the last built one first."""
    query = select(datasets).order_by(datasets.c.sequence.desc())
    if task is not None:
        query = query.where(datasets.c.task == task)
    return [_published(row) for row in connection.execute(query)]


def find(connection: Connection, version: str | None) -> Published:
    """A version by its name or by its first eight or more characters; without one, the last that was built. Raises NoDataset."""
    query = select(datasets).order_by(datasets.c.sequence.desc()).limit(2)
    if version is None:
        row = connection.execute(query).first()
        if row is None:
            raise NoDataset("there is no dataset yet: build one with hrdp dataset build --task TASK")
        return _published(row)
    wanted = version.lower()
    if len(wanted) < _SHORTEST_PREFIX or not set(wanted) <= set("0123456789abcdef"):
        raise NoDataset(
            f"'{version[:80]}' is no version of a dataset: write {_SHORTEST_PREFIX} or more of its characters 0-9 and a-f"
        )
    rows = connection.execute(query.where(datasets.c.version.startswith(wanted))).all()
    if not rows:
        raise NoDataset(f"there is no dataset {wanted[:64]}: hrdp dataset list shows the versions that there are")
    if len(rows) > 1:
        raise NoDataset(f"several datasets begin with {wanted}: write more characters of the version")
    return _published(rows[0])


def open_snapshot(platform: "Platform", version: str) -> Snapshot:
    """A published version, whole or by its first characters. Raises NoDataset, SnapshotDamaged and StorageError."""
    import pyarrow as pa

    with platform.catalogue.read() as connection:
        known = find(connection, version)
    stored = storing.read(platform.objects, known.task, known.version)
    rows = [row for row in stored.rows.to_pylist() if row["text_hash"] in stored.texts]
    texts = [stored.texts[row["text_hash"]] for row in rows]
    openings = [stored.openings.get(row["opening_hash"]) for row in rows]
    columns = {
        "text_hash": pa.array([row["text_hash"] for row in rows], pa.string()),
        "text": pa.array(texts, pa.large_string()),
        "label": pa.array([row["label"] for row in rows], pa.large_string()),
        "opening_hash": pa.array([row["opening_hash"] for row in rows], pa.string()),
        "opening_text": pa.array(openings, pa.large_string()),
        "group_id": pa.array([row["group_id"] for row in rows], pa.string()),
        "split": pa.array([row["split"] for row in rows], pa.string()),
    }
    return Snapshot(known.version, known.task, stored.manifest, pa.table(columns), stored.erased)


def _published(row: Row[Any]) -> Published:
    return Published(row.version, row.task, row.created_at, row.run_id, json.loads(row.summary))
