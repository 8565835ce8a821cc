"""Runs whose process is gone: they must not keep the sensor from launching others."""

import dagster as dg
import pytest

from assets.platform import Platform
from orchestration import runs
from orchestration.runs import fail_abandoned_runs


@pytest.mark.parametrize(
    ("job", "lock", "tags"),
    [
        ("refresh", "source/rules", {"dagster/partition": "rules"}),
        ("rebuild", "rebuild", {}),
        ("labels", "labels/watching/skills", {"dagster/partition": "skills"}),
        ("dataset", "labels/building/skills", {"dagster/partition": "skills"}),
        ("train", "models/training/skills", {"dagster/partition": "skills"}),
    ],
)
def test_a_run_is_reported_as_failed_when_its_process_is_gone(
    platform: Platform, monkeypatch: pytest.MonkeyPatch, job: str, lock: str, tags: dict[str, str]
) -> None:
    monkeypatch.setattr(runs, "_START_SECONDS", -1)
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(
            dg.define_asset_job(job).resolve(asset_graph=dg.Definitions(assets=[_nothing]).resolve_asset_graph()),
            status=dg.DagsterRunStatus.STARTED,
            tags=tags,
        )
        with platform.locks.hold(lock):
            assert fail_abandoned_runs(instance, platform) == []
        assert fail_abandoned_runs(instance, platform) == [run.run_id]
        assert fail_abandoned_runs(instance, platform) == []


@dg.asset
def _nothing() -> None: ...
