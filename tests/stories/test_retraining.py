"""Batches with many copies, added one after another: training starts at the configured growth in groups and at no other time,
on a real Dagster instance and daemon, with runs killed on the way.
"""

import json
import os
import random
import re
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import dagster as dg
import pytest

from assets.labels.snapshots.reading import Published, published
from assets.labels.synthetic.generator import SyntheticResume, near_duplicate, resumes
from assets.models.promotion.decisions import decided
from assets.platform import Platform, Settings
from tests.conftest import Installation
from tests.stories.test_replay import daemon

T = TypeVar("T")
TASK = "job-category"
CLASSES = ("Banking", "Design", "Sales")
PEOPLE = 90
GROUPS = 12
"""After how many new groups a model is trained again here."""


@pytest.mark.apart
@pytest.mark.timeout(1800)
def test_training_starts_at_exactly_the_configured_growth_whatever_is_killed(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(installation, tmp_path, monkeypatch)
    people = [each for each in resumes(800, 41) if each.category in CLASSES]
    assert len(people) >= PEOPLE + GROUPS
    first, more, last = people[:PEOPLE], people[PEOPLE : PEOPLE + GROUPS - 1], people[PEOPLE + GROUPS - 1]
    with daemon(installation, "tests.stories.retraining_definitions", story.settings):
        story.add(first + copies(first, 30))
        story.kill("train")
        [trained] = story.settled(datasets=1, decisions=1)

        story.add(copies(first, 40, seed=2))
        _, copied = story.settled(datasets=2, decisions=1)
        assert copied.summary["groups"] == trained.summary["groups"] == PEOPLE

        story.add([*more, *copies(first + more, 30, seed=3)])
        story.kill("dataset")
        *_, below = story.settled(datasets=3, decisions=1)
        assert below.summary["groups"] == PEOPLE + GROUPS - 1

        story.add([last, *copies(first + more, 10, seed=4)])
        *_, grown = story.settled(datasets=4, decisions=2)
        assert grown.summary["groups"] == PEOPLE + GROUPS

        story.add(copies(people[: PEOPLE + GROUPS], 20, seed=5))
        story.settled(datasets=5, decisions=2)
        # Ticks that find nothing new launch nothing.
        time.sleep(10)
        story.settled(datasets=5, decisions=2)
    assert story.killed == ["train", "dataset"]
    assert story.trained_on() == [trained.version, grown.version]
    # One training for each, and one more where the first was killed.
    assert sorted(story.runs_by_base("train").values()) == [1, 2]
    assert installation.json("verify")["ok"]


class Story:
    """An installation under the eye of the daemon: what is added to it, killed in it, and what comes of it."""

    def __init__(self, installation: Installation, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._installation, self._folder = installation, folder
        self._random = random.Random(20261123)
        installation.home.mkdir()
        self._platform = Platform(Settings(home=installation.home))
        home = installation.run("dagster-home").stdout.strip()
        monkeypatch.setenv("DAGSTER_HOME", home)
        self._instance = dg.DagsterInstance.get()
        self.settings = {"HRDP_RETRAIN_GROUPS": str(GROUPS), "HRDP_RETRAIN_SHARE": "10"}
        self.killed: list[str] = []

    def add(self, people: Sequence[SyntheticResume]) -> None:
        """Adds a file of resumes, as a person does."""
        file = self._folder / f"{time.monotonic_ns()}.jsonl"
        lines = [json.dumps({"id": each.resume_id, "text": each.text, "label": each.category}) for each in people]
        file.write_text("\n".join(lines))
        self._installation.json("labels", "add", str(file), "--task", TASK)

    def kill(self, job: str) -> None:
        """Waits for a run of the job that goes on, and kills its process with -9 after a moment that is drawn."""
        started = dg.DagsterRunStatus.STARTED
        run = self._wait(lambda: next(iter(self._going_on(job, started)), None), f"no run of {job} started")
        time.sleep(self._random.uniform(0.5, 4))
        told = [
            re.search(r"Started process for run \(pid: (\d+)\)", each.message) for each in self._instance.all_logs(run)
        ]
        [process] = [int(found[1]) for found in told if found]
        os.kill(process, signal.SIGKILL)
        self.killed.append(job)

    def settled(self, *, datasets: int, decisions: int) -> list[Published]:
        """Waits until nothing goes on, both sensors have looked since, and so many datasets are there; they, the first one
        first. There never are more datasets or decisions than that.
        """

        def is_settled() -> bool:
            found, made = len(self._datasets()), len(self.trained_on())
            assert found <= datasets, [each.version for each in self._datasets()]
            assert made <= decisions, self.runs_by_base("train")
            return (found, made) == (datasets, decisions) and not self._going_on("dataset") + self._going_on("train")

        self._wait(is_settled, f"{datasets} datasets and {decisions} decisions were not reached")
        since = time.time()
        self._wait(lambda: all(at > since for at in self._looks()), "the sensors did not look")
        assert is_settled()
        return self._datasets()

    def trained_on(self) -> list[str]:
        """The datasets whose candidates were decided on, in the order of the decisions."""
        from assets.models.artifacts.finding import find

        with self._platform.catalogue.read() as connection:
            made = reversed(decided(connection, TASK))
            return [find(connection, each.version).dataset_version for each in made]

    def runs_by_base(self, job: str) -> dict[str, int]:
        """How many runs there were for each difference."""
        bases = [run.tags["hrdp/base"] for run in self._instance.get_runs(dg.RunsFilter(job_name=job))]
        return {base: bases.count(base) for base in bases}

    def _datasets(self) -> list[Published]:
        with self._platform.catalogue.read() as connection:
            return published(connection, TASK)[::-1]

    def _going_on(self, job: str, *statuses: dg.DagsterRunStatus) -> list[str]:
        ended = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
        wanted = statuses or [status for status in dg.DagsterRunStatus if status not in ended]
        return [run.run_id for run in self._instance.get_runs(dg.RunsFilter(job_name=job, statuses=list(wanted)))]

    def _looks(self) -> list[float]:
        """When each of the two sensors looked last."""
        cursors = {
            state.instigator_name: state.instigator_data.cursor  # type: ignore[union-attr]
            for state in self._instance.all_instigator_state()
            if state.instigator_data is not None and state.instigator_name in ("build_datasets", "retrain")
        }
        built, judged = cursors.get("build_datasets"), cursors.get("retrain")
        return [float(built or 0), json.loads(judged or '{"at": 0}')["at"]]

    def _wait(self, look: Callable[[], T], otherwise: str) -> T:
        deadline = time.monotonic() + 600
        while not (found := look()):
            assert time.monotonic() < deadline, (
                f"{otherwise}: {(self._installation.home / 'daemon.log').read_text()[-4000:]}"
            )
            time.sleep(0.5)
        return found


def copies(people: Sequence[SyntheticResume], count: int, seed: int = 1) -> list[SyntheticResume]:
    """Edited copies of resumes that are drawn, of the same persons."""
    draw = random.Random(seed)
    return [near_duplicate(draw.choice(people), draw.random()) for _ in range(count)]
