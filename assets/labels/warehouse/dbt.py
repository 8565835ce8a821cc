"""Runs dbt on a task's warehouse, and reads what became of each model and each test.

dbt runs in a process of its own: DuckDB lets one process at a time write, and what dbt takes of memory ends with it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.labels.warehouse.files import path_of, work_folder

if TYPE_CHECKING:
    from assets.platform import Platform

PROJECT = Path(__file__).parents[3] / "dbt_project"


class DbtFailed(Exception):
    """dbt could not build the models; the message says which and why."""


@dataclass(frozen=True, slots=True)
class DbtCommand:
    """A call of dbt, to be run in the folder PROJECT; what it leaves is in `target`."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    target: Path

    @property
    def line(self) -> list[str]:
        """The program and its arguments."""
        return [sys.executable, "-m", "dbt.cli.main", *self.arguments]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a model or a test, named by dbt's unique id. `failures` are rows that a test found.

    `status` is `success`, `pass`, `warn`, `fail`, `error` or `skipped`.
    """

    unique_id: str
    status: str
    seconds: float
    failures: int


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did, and how many rows each model has now, by its name."""

    outcomes: tuple[Outcome, ...]
    rows: Mapping[str, int]

    @property
    def failed_tests(self) -> list[str]:
        """The names of the tests that rows failed."""
        return [each.unique_id.split(".")[2] for each in self.outcomes if each.status == "fail"]


def build(
    platform: "Platform",
    task: str,
    models: tuple[str, ...] = (),
    run: Callable[[DbtCommand], None] | None = None,
) -> Built:
    """Builds and tests some models, by default all; `run` runs the command, by default as it is.

    Raises DbtFailed where a model can't be built; a test that rows fail is an outcome. The caller holds `labels/TASK`.
    """
    # Of the tests, those that need nothing that comes after these models.
    selected = ("--indirect-selection", "buildable", "--select", *models) if models else ()
    # Unit tests are about the models' text, which does not change from one build to the next.
    command = dbt_command(platform, task, ("build", "--exclude-resource-type", "unit_test", *selected))
    results = command.target / "run_results.json"
    results.unlink(missing_ok=True)
    (run or run_dbt)(command)
    if not results.exists():
        raise DbtFailed(
            f"dbt ended before it built anything of '{task}': see what it says with"
            f" HRDP_WAREHOUSE={path_of(platform, task)} dbt build --profiles-dir . in {PROJECT}"
        )
    found = json.loads(results.read_text())["results"]
    if broken := [each for each in found if each["status"] == "error"]:
        raise DbtFailed(_told(broken))
    return Built(tuple(_outcome(each) for each in found), _rows(platform, task))


def dbt_command(platform: "Platform", task: str, arguments: tuple[str, ...]) -> DbtCommand:
    """A call of dbt on a task's warehouse. It writes nothing into the project's folder, and nothing of its log is kept."""
    target = work_folder(platform, task) / "target"
    target.mkdir(parents=True, exist_ok=True)
    environment = {**quiet_environment(target), "HRDP_WAREHOUSE": str(path_of(platform, task))}
    return DbtCommand(arguments, environment, target)


def quiet_environment(target: Path) -> dict[str, str]:
    """Settings under which dbt asks nobody outside, writes into `target` alone, and keeps no log."""
    return {
        **os.environ,
        "DBT_PROJECT_DIR": str(PROJECT),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
        "DBT_LOG_LEVEL_FILE": "none",
        "DBT_LOG_FORMAT": "json",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_VERSION_CHECK": "false",
        "DO_NOT_TRACK": "1",
    }


def run_dbt(command: DbtCommand) -> None:
    """Runs a command to its end; what became of it is in its target folder."""
    subprocess.run(
        command.line,
        cwd=PROJECT,
        env=command.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _outcome(found: Mapping[str, Any]) -> Outcome:
    return Outcome(found["unique_id"], found["status"], found["execution_time"], found["failures"] or 0)


def _told(broken: list[Mapping[str, Any]]) -> str:
    first = broken[0]
    # What follows the kind of error may quote a value.
    kind = next((line.strip() for line in str(first["message"]).splitlines()[1:] if line.strip()), "").split(":")[0]
    others = f", and {len(broken) - 1} more" if len(broken) > 1 else ""
    return (
        f"dbt could not build {first['unique_id'].split('.')[2]}{others} ({kind or 'error'}): see that there is room on the"
        " disk, and build the dataset again"
    )


def _rows(platform: "Platform", task: str) -> dict[str, int]:
    from assets.labels.warehouse.files import open_warehouse

    with open_warehouse(platform, task) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'main' ORDER BY table_name"
        ).fetchall()
        counted = ((name, connection.execute(f'SELECT count(*) FROM "{name}"').fetchall()) for [name] in names)
        return {name: rows for name, [[rows]] in counted}
