"""A tick of the sensor that watches for labelled resumes: compares what lies in each place with what came in."""

import hashlib
import time

import dagster as dg

from assets.labels.intake.places import watched
from assets.labels.intake.watching import Waiting, waiting
from assets.lineage.moments import now
from assets.platform import Platform
from orchestration.freshness import decide
from orchestration.jobs import labels
from orchestration.looking import look_at_all, sentence, tick_on_platform
from orchestration.runs import BASE_TAG, attempts_since, fail_abandoned_runs


def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One tick."""
    return tick_on_platform(context, _evaluate)


def _evaluate(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    places = watched(platform)
    if not places:
        return dg.SensorResult(skip_reason="no place is watched for labels", cursor=context.cursor)
    if time.time() - float(context.cursor or 0) < platform.settings.look_seconds:
        return dg.SensorResult(skip_reason="no place is due for a look", cursor=context.cursor)
    fail_abandoned_runs(context.instance, platform)
    notes: list[str] = []
    files: dict[str, list[Waiting]] = {}
    # Opened once, before the threads share it.
    assert platform.vault
    for place, found in look_at_all(places, lambda place: waiting(platform, place)):
        if isinstance(found, Exception):
            notes.append(f"{place.name}: {sentence(found)}")
            context.log.warning(notes[-1])
        else:
            files.setdefault(place.task, []).extend(found)
    requests = []
    for task, found in sorted(files.items()):
        request, note = _request(context, platform, task, found)
        notes.append(f"{task}: {note}")
        if request is not None:
            requests.append(request)
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "; ".join(notes),
        cursor=str(time.time()),
    )


def _request(
    context: dg.SensorEvaluationContext, platform: Platform, task: str, files: list[Waiting]
) -> tuple[dg.RunRequest | None, str]:
    looks = sorted(f"{file.place.name} {file.look.path_hash} {file.look.fingerprint}" for file in files)
    difference = hashlib.sha256("\n".join(looks).encode()).hexdigest()[:16] if looks else ""
    base = f"labels/{task}@{difference}"
    decision = decide(
        looks=difference,
        built_from="",
        full_look_due=False,
        attempts=attempts_since(context.instance, labels.name, base, task),
        at=now(),
        retry_seconds=platform.settings.retry_seconds,
    )
    if not decision.launch:
        return None, decision.reason
    reason = f"{len(files):,} files are new or have changed"
    tags = {BASE_TAG: base, "hrdp/reason": reason, "hrdp/attempt": str(decision.attempt)}
    return dg.RunRequest(run_key=f"{base}:{decision.attempt}", partition_key=task, tags=tags), reason
