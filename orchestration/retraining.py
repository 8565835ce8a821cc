"""A tick of the sensor that trains again: compares each task's latest dataset with what was trained on before."""

import json
import time
from collections.abc import MutableMapping

import dagster as dg

from assets.labels.tasks import TASKS
from assets.lineage.moments import now
from assets.models.retraining.growth import Growth
from assets.models.retraining.standing import growth, standing
from assets.platform import Platform
from assets.problems import EXPECTED
from orchestration.freshness import decide
from orchestration.jobs import train
from orchestration.looking import tick_on_platform
from orchestration.runs import BASE_TAG, attempts_since, fail_abandoned_runs


def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One tick."""
    return tick_on_platform(context, _evaluate)


def requests(
    instance: dg.DagsterInstance, platform: Platform, judged: MutableMapping[str, list[str]]
) -> tuple[list[dg.RunRequest], list[str]]:
    """The runs that are needed now, and what there is to say of each task.

    `judged` keeps, by task, how it stood when it was last found that nothing is to be done, and why: datasets are read again
    when it stands otherwise.
    """
    fail_abandoned_runs(instance, platform)
    found, notes = [], []
    for task in TASKS:
        try:
            request, note = _request(instance, platform, task, judged)
        except EXPECTED as problem:
            # What one task lacks keeps no other from being trained.
            request, note = None, str(problem)
        notes.append(f"{task}: {note}")
        if request is not None:
            found.append(request)
    return found, notes


def _evaluate(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    looked = json.loads(context.cursor or '{"at": 0, "judged": {}}')
    if time.time() - looked["at"] < platform.settings.look_seconds:
        return dg.SensorResult(skip_reason="no task is due for a look", cursor=context.cursor)
    found, notes = requests(context.instance, platform, looked["judged"])
    return dg.SensorResult(
        run_requests=found,
        skip_reason=None if found else "; ".join(notes),
        cursor=json.dumps({"at": time.time(), "judged": looked["judged"]}),
    )


def _request(
    instance: dg.DagsterInstance, platform: Platform, task: str, judged: MutableMapping[str, list[str]]
) -> tuple[dg.RunRequest | None, str]:
    known = standing(platform, task)
    if known is None:
        return None, "there is no dataset yet"
    identity, reason = judged.get(task, ("", ""))
    grown = Growth(False, reason) if identity == known.identity else growth(platform, known)
    if not grown.is_due:
        judged[task] = [known.identity, grown.reason]
        return None, grown.reason
    base = f"train/{task}@{known.candidate[:16]}"
    decision = decide(
        looks=base,
        built_from="",
        full_look_due=False,
        attempts=attempts_since(instance, train.name, base, task),
        at=now(),
        retry_seconds=platform.settings.retry_seconds,
    )
    if not decision.launch:
        return None, f"{grown.reason}: {decision.reason}"
    tags = {BASE_TAG: base, "hrdp/reason": grown.reason, "hrdp/attempt": str(decision.attempt)}
    return dg.RunRequest(run_key=f"{base}:{decision.attempt}", partition_key=task, tags=tags), grown.reason
