"""What the sensors share: a tick on the platform of the environment, and looks at many places side by side."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from typing import TypeVar

import dagster as dg

from assets.documents.sources.base import SourceUnavailable
from assets.platform import Platform, Settings
from assets.problems import EXPECTED

Place = TypeVar("Place")
Look = TypeVar("Look")

_LOOK_SECONDS = 40.0
"""A tick gets 60 seconds; a place that takes longer is reported and looked at again."""


def tick_on_platform(
    context: dg.SensorEvaluationContext,
    evaluate: Callable[[dg.SensorEvaluationContext, Platform], dg.SensorResult],
) -> dg.SensorResult:
    """One tick, on the platform of the environment; a problem that a person can mend becomes the reason to skip it."""
    try:
        platform = Platform(Settings.from_environment())
        with closing(platform.catalogue):
            return evaluate(context, platform)
    except EXPECTED as problem:
        return dg.SensorResult(skip_reason=str(problem), cursor=context.cursor)


def look_at_all(places: Sequence[Place], look: Callable[[Place], Look]) -> list[tuple[Place, Look | Exception]]:
    """Looks at places side by side; one that can't be read or doesn't answer in time yields its problem."""
    if not places:
        return []
    executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="look")
    looks = [(place, executor.submit(look, place)) for place in places]
    wait([each for _, each in looks], timeout=_LOOK_SECONDS)
    executor.shutdown(wait=False, cancel_futures=True)
    results: list[tuple[Place, Look | Exception]] = []
    for place, each in looks:
        found = _result(each)
        results.append((place, found))
    return results


def sentence(problem: Exception) -> str:
    """A defect met in one place must not keep the sensor from the others: it is told like anything that can't be read."""
    if isinstance(problem, EXPECTED):
        return str(problem)
    return f"something unforeseen went wrong ({type(problem).__name__}); it is looked at again"


def _result(look: "Future[Look]") -> Look | Exception:
    if not look.done() or look.cancelled():
        return SourceUnavailable(f"it did not answer within {_LOOK_SECONDS:.0f} s; it is looked at again")
    try:
        return look.result()
    except Exception as problem:
        return problem
