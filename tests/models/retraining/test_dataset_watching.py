"""The sensor that builds datasets: once for what came in, not again for labels that failed a check, later after a failure."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.labels.intake.adding import add_labels
from assets.labels.snapshots.reading import latest
from assets.labels.synthetic.generator import SyntheticResume, resumes
from assets.platform import Platform
from orchestration import runs
from orchestration.definitions import definitions
from orchestration.sensors import build_datasets

TASK = "job-category"
REPORTS = ("class_statistics", "label_conflicts", "leak_report", "anonymizing_quality")
Tick = Callable[[], dg.SensorResult]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def tick(platform: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> Tick:
    monkeypatch.setenv("HRDP_HOME", str(platform.home))
    repository = definitions().get_repository_def()

    def run() -> dg.SensorResult:
        result: Any = build_datasets(dg.build_sensor_context(instance=instance, repository_def=repository))
        return result  # type: ignore[no-any-return]

    return run


def add(platform: Platform, people: list[SyntheticResume]) -> None:
    lines = [json.dumps({"id": each.resume_id, "text": each.text, "label": each.category}) for each in people]
    add_labels(platform, "\n".join(lines).encode(), TASK)


def said(result: dg.SensorResult) -> str:
    assert not result.run_requests
    told: str = result.skip_reason.skip_message  # type: ignore[union-attr]
    return told.removeprefix(f"{TASK}: ").partition("; skills: ")[0]


def carry_out(instance: dg.DagsterInstance, request: dg.RunRequest) -> bool:
    """Runs what was requested to its end, as the daemon does; whether it ended well."""
    job = definitions().resolve_job_def("dataset")
    result = job.execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        # What is only known of a dataset's worth, and not needed to publish it, takes most of a run.
        asset_selection=[each for each in job.asset_layer.selected_asset_keys if each.to_user_string() not in REPORTS],
        tags=request.tags,
        raise_on_error=False,
    )
    return result.success


@pytest.mark.long
def test_labels_are_built_once_and_those_that_fail_a_check_wait_for_others(
    platform: Platform, instance: dg.DagsterInstance, tick: Tick
) -> None:
    assert said(tick()) == "there are no labelled resumes yet"

    people = list(resumes(160, 5))
    alike = [each for each in people if each.category == people[0].category]
    add(platform, alike)
    [request] = tick().run_requests or []
    assert (request.partition_key, request.tags["hrdp/attempt"]) == (TASK, "1")
    assert not carry_out(instance, request)
    assert "class_minimums failed" in said(tick())

    add(platform, people)
    [request] = tick().run_requests or []
    assert request.tags["hrdp/attempt"] == "1"
    assert carry_out(instance, request)
    assert said(tick()) == "up to date"
    with platform.catalogue.read() as connection:
        version = latest(connection, TASK)
    assert version is not None

    # A file of resumes that are all there already: it may hold another labeller's votes, so that it is built, once.
    add(platform, people[:30])
    [request] = tick().run_requests or []
    assert carry_out(instance, request)
    assert said(tick()) == "up to date"
    with platform.catalogue.read() as connection:
        assert latest(connection, TASK) == version


def test_a_build_that_goes_on_is_left_alone_and_one_that_was_killed_is_tried_again_after_a_wait(
    platform: Platform, instance: dg.DagsterInstance, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(platform, list(resumes(3, 6)))
    [request] = tick().run_requests or []
    run = dg.DagsterRun(
        job_name="dataset",
        run_id="00000000-0000-0000-0000-000000000001",
        tags={**request.tags, "dagster/partition": TASK},
        status=dg.DagsterRunStatus.STARTED,
    )
    instance.add_run(run)
    assert said(tick()) == "a run is in progress"

    monkeypatch.setattr(runs, "_START_SECONDS", -1)
    with platform.locks.hold(f"labels/building/{TASK}"):
        assert said(tick()) == "a run is in progress"
    assert "tried again in" in said(tick())
    monkeypatch.setenv("HRDP_RETRY_SECONDS", "1")
    time.sleep(1.1)
    [again] = tick().run_requests or []
    assert again.tags["hrdp/attempt"] == "2"
    assert again.run_key != request.run_key


def test_it_looks_no_more_often_than_sources_are_looked_at(
    platform: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HRDP_HOME", str(platform.home))
    repository = definitions().get_repository_def()
    first: Any = build_datasets(dg.build_sensor_context(instance=instance, repository_def=repository))
    add(platform, list(resumes(3, 7)))
    context = dg.build_sensor_context(instance=instance, repository_def=repository, cursor=first.cursor)
    second: Any = build_datasets(context)
    assert second.skip_reason.skip_message == "no task is due for a look"
    assert second.cursor == first.cursor
