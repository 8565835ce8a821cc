"""Whether labels still come in: dbt's freshness of the sources, which `sources.yml` bounds."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.labels.warehouse.dbt import DbtFailed, dbt_command, run_dbt
from assets.labels.warehouse.files import path_of

if TYPE_CHECKING:
    from assets.platform import Platform

_WAIT_SECONDS = 3600.0
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old the newest row of a task's labels is, in days, and what dbt says of it: `pass`, `warn` or `error`."""

    task: str
    days: float
    status: str


def freshness(platform: "Platform", task: str) -> Freshness | None:
    """Asks dbt, which takes some seconds; None where there is no warehouse, or nothing in it. Raises DbtFailed and Busy."""
    with platform.locks.hold(f"labels/{task}", wait_seconds=_WAIT_SECONDS):
        if not path_of(platform, task).exists():
            return None
        command = dbt_command(platform, task, ("source", "freshness"))
        answer = command.target / "sources.json"
        answer.unlink(missing_ok=True)
        run_dbt(command)
        if not answer.exists():
            raise DbtFailed(f"dbt could not tell how fresh the labels of '{task}' are: build the dataset again")
        [found] = json.loads(answer.read_text())["results"]
    if found["status"] == "runtime error":
        # The newest of no rows has no age.
        return None
    return Freshness(task, found["max_loaded_at_time_ago_in_s"] / _SECONDS_A_DAY, found["status"])
