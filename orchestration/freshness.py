"""Whether a source needs a refresh now: pure rules on what it looks like, what was built, and what was tried."""

from collections.abc import Sequence
from dataclasses import dataclass

MICROSECONDS = 1_000_000
_LONGEST_WAIT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that was launched for the difference that still stands. `ended_at` is a moment, None while it goes on."""

    run_id: str
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Launch, or not, and why in a few words. `attempt` counts from one."""

    launch: bool
    reason: str
    attempt: int = 0


def decide(
    *,
    looks: str,
    built_from: str | None,
    full_look_due: bool,
    attempts: Sequence[Attempt],
    at: int,
    retry_seconds: int,
) -> Decision:
    """Compares what is with what was built. `attempts` are the runs launched since the last successful refresh; while one
    goes on nothing is launched, and after failures the wait doubles each time, up to an hour."""
    if any(attempt.ended_at is None for attempt in attempts):
        return Decision(False, "a run is in progress")
    if looks == built_from and not full_look_due:
        return Decision(False, "up to date")
    why = "changed" if looks != built_from else "a full look is due"
    if built_from is None:
        why = "never refreshed"
    if attempts:
        wait = min(_LONGEST_WAIT_SECONDS, retry_seconds * 2 ** (len(attempts) - 1))
        ended = max(attempt.ended_at or 0 for attempt in attempts)
        left = wait - (at - ended) // MICROSECONDS
        if left > 0:
            return Decision(False, f"{why}; the last of {len(attempts)} runs failed, tried again in {left} s")
    return Decision(True, why, len(attempts) + 1)
