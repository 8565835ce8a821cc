"""Packaged models as the catalogue knows them, found by version or by its first characters."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from assets.lineage.model_tables import trained_models

_SHORTEST_PREFIX = 8


class NoModel(Exception):
    """There is no such model; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """A version as the catalogue knows it; `summary` is what was known of it when it was packaged, `created_at` a moment."""

    version: str
    task: str
    dataset_version: str
    created_at: int
    run_id: str
    summary: Mapping[str, Any]


def packaged(connection: Connection, task: str | None = None) -> list[Packaged]:
    """The models of a task, or of all, the last packaged one first."""
    query = select(trained_models).order_by(trained_models.c.sequence.desc())
    if task is not None:
        query = query.where(trained_models.c.task == task)
    return [_packaged(row) for row in connection.execute(query)]


def trained_on(connection: Connection, datasets: Collection[str]) -> list[Packaged]:
    """The models that were trained on one of some datasets, the last packaged one first."""
    return [each for each in packaged(connection) if each.dataset_version in datasets]


def find(connection: Connection, version: str) -> Packaged:
    """A model by its version or by its first eight or more characters. Raises NoModel."""
    wanted = version.lower()
    if len(wanted) < _SHORTEST_PREFIX or not set(wanted) <= set("0123456789abcdef"):
        raise NoModel(
            f"'{version[:80]}' is no version of a model: write {_SHORTEST_PREFIX} or more of its characters 0-9 and a-f"
        )
    rows = connection.execute(select(trained_models).where(trained_models.c.version.startswith(wanted)).limit(2)).all()
    if not rows:
        raise NoModel(f"there is no model {wanted[:64]}: hrdp models list shows the versions that there are")
    if len(rows) > 1:
        raise NoModel(f"several models begin with {wanted}: write more characters of the version")
    return _packaged(rows[0])


def _packaged(row: Row[Any]) -> Packaged:
    return Packaged(row.version, row.task, row.dataset_version, row.created_at, row.run_id, json.loads(row.summary))
