"""What Dagster remembers of the runs of this platform, and what became of those whose process is gone."""

from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from assets.lineage.moments import moment, now
from assets.platform import Platform
from orchestration.freshness import MICROSECONDS, Attempt

BASE_TAG = "hrdp/base"
"""On a run: the target and what had been built when it was launched; the runs of one base are attempts at one difference."""

TRAINING_SECONDS = "seconds of training"
"""In an adapter's metadata, where the run has trained it."""

_PARTITION_TAG = "dagster/partition"
_START_SECONDS = 60
_REMEMBERED = 1000
_LOCKS = {
    "refresh": "source/{}",
    "rebuild": "rebuild",
    "labels": "labels/watching/{}",
    "dataset": "labels/building/{}",
    "train": "models/training/{}",
}
"""What a run of each job holds from its first seconds to its end; {} is its partition."""
_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
_IN_PROGRESS = [status for status in dg.DagsterRunStatus if status not in _ENDED]


def attempts_since(instance: dg.DagsterInstance, job_name: str, base: str, partition: str | None) -> list[Attempt]:
    """The runs launched for one base, and any other that works on the same partition now."""
    launched = instance.get_run_records(dg.RunsFilter(job_name=job_name, tags={BASE_TAG: base}))
    tags = {} if partition is None else {_PARTITION_TAG: partition}
    running = instance.get_run_records(dg.RunsFilter(job_name=job_name, tags=tags, statuses=_IN_PROGRESS))
    records = {record.dagster_run.run_id: record for record in [*launched, *running]}
    return [
        Attempt(
            run_id,
            None if record.dagster_run.status in _IN_PROGRESS else int((record.end_time or 0) * MICROSECONDS),
        )
        for run_id, record in records.items()
    ]


def runs_of(instance: dg.DagsterInstance, job_name: str, base: str) -> list[dg.DagsterRun]:
    """The runs launched for one base, the last one first."""
    return list(instance.get_runs(dg.RunsFilter(job_name=job_name, tags={BASE_TAG: base})))


def failed_checks(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """The blocking checks that failed in a run, each with what it found."""
    events = (entry.dagster_event for entry in instance.all_logs(run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION))
    return blocking_failures(event.asset_check_evaluation_data for event in events if event is not None)


def blocking_failures(checks: Iterable[dg.AssetCheckEvaluation]) -> dict[str, str]:
    """Of checks that were evaluated, those for whose sake a run stopped."""
    return {
        check.check_name: check.description or "it failed"
        for check in checks
        if check.blocking and not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    }


def training_seconds(instance: dg.DagsterInstance, task: str, candidate: str) -> float | None:
    """How long the run that trained a candidate did so; None where no run that is remembered has."""
    adapters = dg.AssetRecordsFilter(dg.AssetKey("adapter"), asset_partitions=[task])
    for record in instance.fetch_materializations(adapters, limit=_REMEMBERED).records:
        made = record.asset_materialization
        if made is None or (made.tags or {}).get("dagster/data_version") != candidate:
            continue
        if (seconds := made.metadata.get(TRAINING_SECONDS)) is not None:
            return float(seconds.value)  # type: ignore[arg-type]
    return None


def fail_abandoned_runs(instance: dg.DagsterInstance, platform: Platform) -> list[str]:
    """Reports as failed the runs that Dagster thinks are going on but whose process, and with it its lock, is gone.

    A run takes its lock some seconds after it started, so that a young one is left alone. Returns the run ids.
    """
    failed = []
    records = [
        (record, _LOCKS[job].format(record.dagster_run.tags.get(_PARTITION_TAG, "")))
        for job in _LOCKS
        for record in instance.get_run_records(dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.STARTED]))
    ]
    for record, lock in records:
        started = record.start_time or record.create_timestamp.replace(tzinfo=UTC).timestamp()
        age = now() - moment(datetime.fromtimestamp(started, UTC))
        if age > _START_SECONDS * MICROSECONDS and platform.locks.is_free(lock):
            instance.report_run_failed(record.dagster_run, "The process of this run ended without a word.")
            failed.append(record.dagster_run.run_id)
    return failed
