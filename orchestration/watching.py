"""A tick of the sensor that watches every source: looks at those that are due, and asks for the runs that they need."""

import json
import time
from typing import Self

import dagster as dg

from assets.documents import registry
from assets.documents.registry import RegisteredSource
from assets.index.recipe import told
from assets.index.refresh import needs_full_look, open_registered, rebuild_reasons, recipe_of
from assets.lineage.moments import now
from assets.platform import Platform
from assets.problems import EXPECTED
from orchestration.freshness import decide
from orchestration.jobs import rebuild, refresh
from orchestration.looking import look_at_all, sentence, tick_on_platform
from orchestration.materialization import SOURCES
from orchestration.runs import BASE_TAG, attempts_since, fail_abandoned_runs


def tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One tick."""
    return tick_on_platform(context, _evaluate)


def _evaluate(context: dg.SensorEvaluationContext, platform: Platform) -> dg.SensorResult:
    # Before the sources: the partition of one that is registered meanwhile must not be taken for one that is gone.
    partitions = set(context.instance.get_dynamic_partitions(str(SOURCES.name)))
    sources = [source for source in registry.listed(platform.catalogue, with_removed=True) if source.is_watched]
    looked = _Looked.load(context.cursor)
    names = {source.spec.name for source in sources}
    partition_requests = _partition_requests(sorted(names - partitions), sorted(partitions - names))
    fail_abandoned_runs(context.instance, platform)
    reasons = rebuild_reasons(platform)
    if reasons:
        request, why = _rebuild_request(context, platform, reasons)
        return dg.SensorResult(
            run_requests=[request] if request else [],
            skip_reason=None if request else why,
            dynamic_partitions_requests=partition_requests,
            cursor=context.cursor,
        )
    due = [source for source in sources if looked.seconds_ago(source.spec.name) >= _interval(platform, source)]
    requests, notes = [], []
    for source, look in look_at_all(due, lambda source: open_registered(platform, source).look()):
        name = source.spec.name
        if isinstance(look, Exception):
            looked.note(name, sentence(look))
            context.log.warning(f"{name}: {sentence(look)}", exc_info=None if isinstance(look, EXPECTED) else look)
            continue
        looked.note(name, None)
        request, note = _refresh_request(context, platform, source, look)
        notes.append(f"{name}: {note}")
        if request is not None:
            requests.append(request)
    looked.forget_all_but(names)
    # What could not be read is said at every tick until it can, not only at the one that looked.
    notes += looked.problems()
    quiet = "no source is due for a look" if sources else "no source is registered yet"
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else "; ".join(notes) or quiet,
        dynamic_partitions_requests=partition_requests,
        cursor=looked.dump(),
    )


def _partition_requests(
    new: list[str], gone: list[str]
) -> list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest]:
    requests: list[dg.AddDynamicPartitionsRequest | dg.DeleteDynamicPartitionsRequest] = []
    if new:
        requests.append(SOURCES.build_add_request(new))
    if gone:
        requests.append(SOURCES.build_delete_request(gone))
    return requests


class _Looked:
    """The sensor's cursor: when each source was last looked at (seconds since 1970), and what went wrong then."""

    def __init__(self, looks: dict[str, tuple[float, str | None]]) -> None:
        self._looks = looks

    @classmethod
    def load(cls, cursor: str | None) -> Self:
        return cls({name: (at, problem) for name, (at, problem) in json.loads(cursor or "{}").items()})

    def dump(self) -> str:
        return json.dumps(self._looks)

    def seconds_ago(self, name: str) -> float:
        return time.time() - self._looks.get(name, (0.0, None))[0]

    def note(self, name: str, problem: str | None) -> None:
        self._looks[name] = (time.time(), problem)

    def forget_all_but(self, names: set[str]) -> None:
        self._looks = {name: look for name, look in self._looks.items() if name in names}

    def problems(self) -> list[str]:
        return [f"{name}: {problem}" for name, (_, problem) in sorted(self._looks.items()) if problem]


def _interval(platform: Platform, source: RegisteredSource) -> int:
    return source.look_seconds or platform.settings.look_seconds


def _refresh_request(
    context: dg.SensorEvaluationContext, platform: Platform, source: RegisteredSource, look: str
) -> tuple[dg.RunRequest | None, str]:
    name = source.spec.name
    base = f"{name}@{source.refreshed_at or 0}"
    decision = decide(
        looks=look,
        built_from=source.fingerprint,
        full_look_due=needs_full_look(platform, source, now()),
        attempts=attempts_since(context.instance, refresh.name, base, name),
        at=now(),
        retry_seconds=platform.settings.retry_seconds,
    )
    if not decision.launch:
        return None, decision.reason
    request = dg.RunRequest(
        run_key=f"{base}:{decision.attempt}",
        job_name=refresh.name,
        partition_key=name,
        tags={BASE_TAG: base, "hrdp/reason": decision.reason, "hrdp/attempt": str(decision.attempt)},
    )
    return request, decision.reason


def _rebuild_request(
    context: dg.SensorEvaluationContext, platform: Platform, reasons: list[str]
) -> tuple[dg.RunRequest | None, str]:
    with platform.catalogue.read() as connection:
        from assets.index.generation import served

        current = served(connection)
    base = f"rebuild@{current.generation if current else 0}"
    decision = decide(
        looks=recipe_of(platform).dump(),
        built_from=current.recipe if current else None,
        full_look_due=False,
        attempts=attempts_since(context.instance, rebuild.name, base, None),
        at=now(),
        retry_seconds=platform.settings.retry_seconds,
    )
    why = f"{told(reasons)}: {decision.reason}"
    if not decision.launch:
        return None, why
    tags = {BASE_TAG: base, "hrdp/reason": why, "hrdp/attempt": str(decision.attempt)}
    return dg.RunRequest(run_key=f"{base}:{decision.attempt}", job_name=rebuild.name, tags=tags), why
