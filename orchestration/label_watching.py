"""A tick of the sensor that watches for labelled resumes: compares what lies in each place with what came in."""

import hashlib
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import closing

import dagster as dg

from assets.documents.sources.base import SourceUnavailable
from assets.labels.intake.places import Watched, watched
from assets.labels.intake.watching import Waiting, waiting
from assets.lineage.moments import now
from assets.platform import Platform, Settings
from assets.problems import EXPECTED
from orchestration.freshness import decide
from orchestration.jobs import labels
from orchestration.runs import BASE_TAG, attempts_since, fail_abandoned_runs

_LOOK_SECONDS = 40.0
"""A tick gets 60 seconds; a place that takes longer is reported and looked at again."""


def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One tick, on the platform of the environment; a problem that a person can mend becomes the reason to skip it."""
    try:
        platform = Platform(Settings.from_environment())
        with closing(platform.catalogue):
            return _evaluate(context, platform)
    except EXPECTED as problem:
        return dg.SensorResult(skip_reason=str(problem), cursor=context.cursor)


def _evaluate(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    places = watched(platform)
    if not places:
        return dg.SensorResult(skip_reason="no place is watched for labels", cursor=context.cursor)
    if time.time() - float(context.cursor or 0) < platform.settings.look_seconds:
        return dg.SensorResult(skip_reason="no place is due for a look", cursor=context.cursor)
    fail_abandoned_runs(context.instance, platform)
    notes: list[str] = []
    files: dict[str, list[Waiting]] = {}
    for place, found in _look_at_all(platform, places):
        if isinstance(found, Exception):
            notes.append(f"{place.name}: {_sentence(found)}")
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


def _look_at_all(platform: Platform, places: list[Watched]) -> list[tuple[Watched, list[Waiting] | Exception]]:
    """Looks at places side by side; one that can't be read or doesn't answer in time yields its problem."""
    # Opened once, before the threads share it.
    assert platform.vault
    executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="look")
    looks = [(place, executor.submit(waiting, platform, place)) for place in places]
    wait_for([look for _, look in looks], timeout=_LOOK_SECONDS)
    executor.shutdown(wait=False, cancel_futures=True)
    return [(place, _result(look)) for place, look in looks]


def _result(look: "Future[list[Waiting]]") -> list[Waiting] | Exception:
    if not look.done() or look.cancelled():
        return SourceUnavailable(f"it did not answer within {_LOOK_SECONDS:.0f} s; it is looked at again")
    try:
        return look.result()
    except Exception as problem:
        return problem


def _sentence(problem: Exception) -> str:
    if isinstance(problem, EXPECTED):
        return str(problem)
    return f"something unforeseen went wrong ({type(problem).__name__}); it is looked at again"


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
