"""The sensor on an instance of its own: what it requests, what it says when it requests nothing."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.platform import Platform
from orchestration.sensors import watch_sources

SOURCES = "sources"


Tick = Callable[..., dg.SensorResult]


@pytest.fixture
def tick(tick_of: Callable[[Any], Tick]) -> Tick:
    return tick_of(watch_sources)


def test_without_a_source_it_says_so(tick: Tick) -> None:
    assert tick().skip_reason.skip_message == "no source is registered yet"  # type: ignore[union-attr]


def test_a_new_source_gets_a_partition_and_a_tagged_run(
    tick: Tick, handbook: Path, instance: dg.DagsterInstance
) -> None:
    result = tick()
    assert instance.get_dynamic_partitions(SOURCES) == ["handbook"]
    [request] = result.run_requests or []
    assert (request.job_name, request.partition_key) == ("refresh", "handbook")
    assert request.tags["hrdp/reason"] == "never refreshed"
    assert request.tags["hrdp/attempt"] == "1"
    assert request.tags["hrdp/base"] == "handbook@0"


def test_a_source_that_was_looked_at_a_moment_ago_is_not_looked_at_again(tick: Tick, handbook: Path) -> None:
    result = tick(tick().cursor)
    assert not result.run_requests
    assert result.skip_reason.skip_message == "no source is due for a look"  # type: ignore[union-attr]


def test_what_is_up_to_date_is_left_alone_and_a_change_is_asked_for_once(
    tick: Tick, handbook: Path, platform: Platform, refreshed: Any, instance: dg.DagsterInstance
) -> None:
    refreshed(platform, "handbook")
    result = tick()
    assert not result.run_requests
    assert result.skip_reason.skip_message == "handbook: up to date"  # type: ignore[union-attr]

    (handbook / "travel.md").write_text("# Travel\n\nTrains are booked in first class.\n")
    [request] = tick().run_requests or []
    assert request.tags["hrdp/reason"] == "changed"
    [again] = tick().run_requests or []
    assert again.run_key == request.run_key

    instance.add_run(
        dg.DagsterRun(
            job_name="refresh",
            run_id="00000000-0000-0000-0000-000000000001",
            tags={**request.tags, "dagster/partition": "handbook"},
            status=dg.DagsterRunStatus.STARTED,
        )
    )
    result = tick()
    assert not result.run_requests
    assert result.skip_reason.skip_message == "handbook: a run is in progress"  # type: ignore[union-attr]


def test_an_unreadable_source_is_named_at_every_tick_and_does_not_hold_up_another(
    tick: Tick, handbook: Path, platform: Platform, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    registry.add(platform.catalogue, SourceSpec("gone", "policy", str(gone)))
    shutil.rmtree(gone)
    first = tick()
    assert [request.partition_key for request in first.run_requests or []] == ["handbook"]
    second = tick(first.cursor)
    assert not second.run_requests
    said = second.skip_reason.skip_message  # type: ignore[union-attr]
    assert said.startswith("gone: ")
    assert "cannot be listed" in said

    gone.mkdir()
    looks = {name: [at - 3600, problem] for name, (at, problem) in json.loads(str(second.cursor)).items()}
    third = tick(json.dumps(looks))
    assert {request.partition_key for request in third.run_requests or []} == {"gone", "handbook"}
    assert json.loads(str(third.cursor))["gone"][1] is None
    assert time.time() - json.loads(str(third.cursor))["gone"][0] < 60


def test_another_chunk_size_asks_for_the_rebuild_instead_of_refreshes(
    tick: Tick, handbook: Path, platform: Platform, refreshed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed(platform, "handbook")
    (handbook / "travel.md").write_text("# Travel\n\nTrains are booked in first class.\n")
    monkeypatch.setenv("HRDP_CHUNK_TOKENS", "64")
    [request] = tick().run_requests or []
    assert (request.job_name, request.partition_key) == ("rebuild", None)
    assert request.tags["hrdp/base"] == "rebuild@1"
    assert "another chunker" in request.tags["hrdp/reason"]


def test_a_source_that_was_removed_is_refreshed_once_more_and_then_loses_its_partition(
    tick: Tick, handbook: Path, platform: Platform, refreshed: Any, instance: dg.DagsterInstance
) -> None:
    refreshed(platform, "handbook")
    tick()
    registry.remove(platform.catalogue, "handbook")
    [request] = tick().run_requests or []
    assert request.partition_key == "handbook"
    refreshed(platform, "handbook")
    tick()
    assert instance.get_dynamic_partitions(SOURCES) == []


def test_a_setting_that_cannot_be_used_is_told_and_keeps_the_cursor(
    tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HRDP_LOOK_SECONDS", "often")
    result = tick('{"handbook": [1.0, null]}')
    assert "HRDP_LOOK_SECONDS" in result.skip_reason.skip_message  # type: ignore[union-attr]
    assert result.cursor == '{"handbook": [1.0, null]}'
