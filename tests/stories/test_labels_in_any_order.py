"""The same labels give the same dataset: in one file or in ten, in whatever order, whatever was killed on the way."""

import json
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from assets.labels.synthetic.generator import SyntheticResume, resumes
from tests.conftest import Installation

RESUMES = 300
BATCHES = 10
KILLS = 20
TASK = "job-category"


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_ten_batches_in_another_order_killed_twenty_times_are_the_same_dataset(tmp_path: Path) -> None:
    people = list(resumes(RESUMES, 77, near_duplicates=0.25))
    at_once, in_parts = Installation(tmp_path / "at-once"), Installation(tmp_path / "in-parts")
    added = at_once.json("labels", "add", str(written(tmp_path / "all.jsonl", people)), "--task", TASK)
    assert added["rows"] == RESUMES
    expected = at_once.json("dataset", "build", "--task", TASK)

    moments = random.Random(20261123)
    moments.shuffle(people)
    parts = [written(tmp_path / f"{number}.jsonl", people[number::BATCHES]) for number in range(BATCHES)]
    started = time.monotonic()
    in_parts.json("labels", "add", str(parts[0]), "--task", TASK)
    whole = time.monotonic() - started
    killed, ended = 0, 1
    while killed < KILLS and ended < BATCHES:
        process = in_parts.start("labels", "add", str(parts[ended]), "--task", TASK, stdout=None, stderr=None)
        time.sleep(moments.uniform(0.3, 0.95) * whole)
        process.send_signal(signal.SIGKILL)
        was_killed = process.wait() == -signal.SIGKILL
        killed += was_killed
        ended += not was_killed
    assert killed >= KILLS // 2
    for part in parts[1:]:
        in_parts.json("labels", "add", str(part), "--task", TASK)
    listed = in_parts.json("labels", "list")["batches"]
    assert (len(listed), sum(each["rows"] for each in listed)) == (BATCHES, RESUMES)
    assert in_parts.json("verify")["ok"] is True
    found = in_parts.json("dataset", "build", "--task", TASK)
    assert found["version"] == expected["version"]
    assert (found["train"], found["validation"], found["test"]) == (
        expected["train"],
        expected["validation"],
        expected["test"],
    )


def written(path: Path, people: Sequence[SyntheticResume]) -> Path:
    lines = [json.dumps({"id": each.resume_id, "text": each.text, "label": each.category}) for each in people]
    path.write_text("\n".join(lines))
    return path
