"""Marts for tests: what dbt would leave in a task's warehouse, made of synthetic resumes."""

import json
from collections.abc import Sequence
from typing import Any

import duckdb

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.normalizing import text_hash
from assets.labels.quality.classes import SPLITS
from assets.labels.snapshots.mart import MART_COLUMNS
from assets.labels.synthetic.generator import SyntheticResume, resumes
from assets.labels.warehouse.files import path_of
from assets.platform import Platform

Row = dict[str, Any]


def rows_of(count: int, seed: int = 1) -> list[Row]:
    """Rows of the task `job-category`, each a group of its own, eight of ten in training."""
    return [row_of(resume.category, anonymize(resume.text).text, number) for number, resume in _numbered(count, seed)]


def row_of(label: str, text: str, number: int, opening: str | None = None) -> Row:
    """A row in a group of its own, in the split of its number."""
    name = text_hash(text)
    return {
        "text_hash": name,
        "text": text,
        "label": label,
        "opening_hash": text_hash(opening) if opening else None,
        "opening_text": opening,
        "group_id": name,
        "split": SPLITS[max(0, number % 10 - 7)],
    }


def span_row(text: str, number: int, spans: Sequence[tuple[int, int, str]]) -> Row:
    """A row of the task `skills`."""
    return row_of(json.dumps({"spans": spans}, separators=(",", ":")), text, number)


def write_mart(platform: Platform, task: str, rows: Sequence[Row]) -> None:
    """Makes the task's warehouse hold just these rows."""
    path = path_of(platform, task)
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"{name} VARCHAR" for name in MART_COLUMNS)
    with duckdb.connect(path) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE dataset ({columns})")
        if rows:
            marks = ", ".join("?" * len(MART_COLUMNS))
            values = [[row[name] for name in MART_COLUMNS] for row in rows]
            connection.executemany(f"INSERT INTO dataset VALUES ({marks})", values)


def _numbered(count: int, seed: int) -> "enumerate[SyntheticResume]":
    return enumerate(resumes(count, seed))
