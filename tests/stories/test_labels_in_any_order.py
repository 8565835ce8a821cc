"""The same labels give the same dataset: in one file or in ten, in whatever order, whatever was killed on the way."""

import csv
import gzip
import io
import json
import os
import random
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from assets.labels.synthetic.generator import resumes
from assets.labels.synthetic.openings import graded_matches, openings
from tests.conftest import SHARED, Installation

WHOLE = bool(os.environ.get("HRDP_LABELS_WHOLE"))
"""`make labels-whole`: all rows of three sets, with twenty kills each; else a part of the resumes."""
ROWS = {"job-category": 160}
TASKS = ("job-category", "skills", "match") if WHOLE else ("job-category",)
KILLS = 20
BATCHES = 10

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelSet:
    """A task's labelled rows, as they would be written to a file, and the options with which they are read."""

    task: str
    rows: list[Record]
    options: tuple[str, ...] = ()


@pytest.mark.long
@pytest.mark.timeout(10_800 if WHOLE else 1200)
@pytest.mark.parametrize("task", TASKS)
def test_the_same_labels_are_the_same_dataset_in_any_order_whatever_was_killed(task: str, tmp_path: Path) -> None:
    chance = random.Random(f"20261123 {task}")
    labels = label_set(task)
    if not WHOLE:
        labels = LabelSet(task, chance.sample(labels.rows, ROWS[task]), labels.options)
    at_once, in_parts = Installation(tmp_path / "at-once"), Installation(tmp_path / "in-parts")
    added = add(at_once, labels, written(tmp_path / "all.jsonl", labels.rows))
    assert added["rows"] == len(labels.rows)
    expected = at_once.json("dataset", "build", "--task", task)

    chance.shuffle(labels.rows)
    parts = [written(tmp_path / f"{each}.jsonl", labels.rows[each::BATCHES]) for each in range(BATCHES)]
    killed = add_with_kills(in_parts, labels, parts, chance)
    listed = in_parts.json("labels", "list")["batches"]
    assert (len(listed), sum(each["rows"] for each in listed)) == (BATCHES, len(labels.rows))
    assert in_parts.json("verify")["ok"] is True
    assert add(in_parts, labels, tmp_path / "all.jsonl")["accepted"] == 0
    built = in_parts.json("dataset", "build", "--task", task)
    print(
        f"{task}: {len(labels.rows):,} rows, {added['quarantined']} in quarantine, {killed} kills,"
        f" {expected['train']}/{expected['validation']}/{expected['test']} rows, versions {expected['version']}"
        f" {built['version']}"
    )
    assert killed >= KILLS // 2
    assert built["version"] == expected["version"]
    if WHOLE:
        chance.shuffle(parts)
        assert sum(add(at_once, labels, part)["accepted"] for part in parts) == 0
        again = at_once.json("dataset", "build", "--task", task)
        assert (again["version"], again["new"]) == (expected["version"], False)


def label_set(task: str) -> LabelSet:
    """The real resumes without their titles, the real sentences of SkillSpan, or graded matches of synthetic resumes."""
    if task == "match":
        people = list(resumes(300, 77, near_duplicates=0.25))
        asked = list(openings(12, 78))
        texts = {each.resume_id: each.text for each in people}
        posts = {each.opening_id: each.text for each in asked}
        graded = list(graded_matches(people, asked))
        chosen = random.Random(79).sample(graded, 900)
        rows: list[Record] = [
            {
                "resume_id": each.resume_id,
                "resume": texts[each.resume_id],
                "opening_id": each.opening_id,
                "opening": posts[each.opening_id],
                "grade": each.grade,
            }
            for each in chosen
        ]
        return LabelSet(task, rows)
    if not SHARED.is_dir():
        pytest.skip(f"the real data is not at {SHARED} (set HRDP_SHARED_DATA)")
    if task == "skills":
        files = [SHARED / "skills" / f"skillspan_{part}.jsonl.gz" for part in ("train", "dev")]
        lines = [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
        return LabelSet(task, [json.loads(line) for line in lines])
    text = gzip.decompress((SHARED / "resumes" / "livecareer_dev.csv.gz").read_bytes()).decode()
    return LabelSet(task, list(csv.DictReader(io.StringIO(text, newline=""))), ("--drop-first-line",))


def add(installation: Installation, labels: LabelSet, path: Path) -> Any:
    return installation.json("labels", "add", str(path), "--task", labels.task, *labels.options)


def add_with_kills(installation: Installation, labels: LabelSet, parts: Sequence[Path], chance: random.Random) -> int:
    """Adds the batches, of which one is killed time and again at moments that are drawn; how often that was.

    One that ended before its moment is in, and the next one is killed instead.
    """
    # The first one sets up the installation too.
    add(installation, labels, parts[0])
    started = time.monotonic()
    add(installation, labels, parts[1])
    quickest = time.monotonic() - started
    killed, ended = 0, 2
    while killed < KILLS and ended < BATCHES:
        command = ("labels", "add", str(parts[ended]), "--task", labels.task, *labels.options)
        process = installation.start(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        started = time.monotonic()
        try:
            # The first third of a short one is the start of Python.
            process.wait(chance.uniform(0.3, 0.95) * quickest)
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        else:
            ended += 1
            # Machines become faster too, when others leave them.
            quickest = min(quickest, time.monotonic() - started)
        process.wait()
    for part in parts[2:]:
        add(installation, labels, part)
    return killed


def written(path: Path, rows: Sequence[Record]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path
