"""A tick of the sensor that builds datasets: compares the labels that came in with those that each task was built from."""

import hashlib
import json
import time

import dagster as dg

from assets.labels.intake import batch_tables
from assets.labels.snapshots.mart import NoLabels, require_labels
from assets.labels.snapshots.recipe import recipe
from assets.labels.tasks import TASKS
from assets.lineage.moments import now
from assets.platform import Platform
from orchestration.freshness import decide
from orchestration.jobs import dataset
from orchestration.looking import tick_on_platform
from orchestration.runs import BASE_TAG, attempts_since, fail_abandoned_runs, failed_checks, runs_of


def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One tick."""
    return tick_on_platform(context, _evaluate)


def requests(instance: dg.DagsterInstance, platform: Platform) -> tuple[list[dg.RunRequest], list[str]]:
    """The runs that are needed now, and what there is to say of each task."""
    fail_abandoned_runs(instance, platform)
    found, notes = [], []
    for task in TASKS:
        request, note = _request(instance, platform, task)
        notes.append(f"{task}: {note}")
        if request is not None:
            found.append(request)
    return found, notes


def base_of(platform: Platform, task: str) -> str:
    """What the runs that build a task's dataset of the present labels have in common. Raises NoLabels."""
    require_labels(platform, task)
    with platform.catalogue.read() as connection:
        # Erasing replaces a batch's object, so that what was erased is built without it.
        blobs = batch_tables.rows_blobs(connection, task)
    labels = hashlib.sha256(json.dumps([blobs, recipe()], sort_keys=True).encode()).hexdigest()
    return f"dataset/{task}@{labels[:16]}"


def is_built(instance: dg.DagsterInstance, base: str) -> bool:
    """Whether the labels of a base were built to the end, whatever was published of them."""
    return any(run.status is dg.DagsterRunStatus.SUCCESS for run in runs_of(instance, dataset.name, base))


def _evaluate(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    if time.time() - float(context.cursor or 0) < platform.settings.look_seconds:
        return dg.SensorResult(skip_reason="no task is due for a look", cursor=context.cursor)
    found, notes = requests(context.instance, platform)
    return dg.SensorResult(run_requests=found, skip_reason=None if found else "; ".join(notes), cursor=str(time.time()))


def _request(instance: dg.DagsterInstance, platform: Platform, task: str) -> tuple[dg.RunRequest | None, str]:
    try:
        base = base_of(platform, task)
    except NoLabels:
        return None, "there are no labelled resumes yet"
    if is_built(instance, base):
        return None, "up to date"
    for run in runs_of(instance, dataset.name, base):
        failed = failed_checks(instance, run.run_id)
        if failed:
            # The same labels would fail the same checks.
            return None, f"the checks {', '.join(sorted(failed))} failed; it is built again when other labels came in"
    decision = decide(
        looks=base,
        built_from="",
        full_look_due=False,
        attempts=attempts_since(instance, dataset.name, base, task),
        at=now(),
        retry_seconds=platform.settings.retry_seconds,
    )
    if not decision.launch:
        return None, decision.reason
    reason = "labels came in, or were taken out, since the last build"
    tags = {BASE_TAG: base, "hrdp/reason": reason, "hrdp/attempt": str(decision.attempt)}
    return dg.RunRequest(run_key=f"{base}:{decision.attempt}", partition_key=task, tags=tags), reason
