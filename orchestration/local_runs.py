"""Runs Dagster's jobs in this process, on the installation's own Dagster instance: what `hrdp refresh` does."""

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import dagster as dg

from assets.index.staged import SourceResult, after_rebuild, recorded_result
from assets.labels.snapshots.reading import latest
from assets.platform import Platform
from assets.problems import RebuildFailed, RunsUnavailable
from orchestration.dagster_database import bound_waiting
from orchestration.dataset_watching import base_of, is_built
from orchestration.materialization import FULL_LOOK_TAG, SOURCES
from orchestration.runs import BASE_TAG, blocking_failures, fail_abandoned_runs

_INSTANCE_FILE = Path(__file__).parent / "dagster.yaml"
_SET_UP_SECONDS = 60.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def dagster_home(platform: Platform) -> Path:
    """Where Dagster keeps its own state: `DAGSTER_HOME`, or a folder under the platform's home. It is set up if it is new."""
    home = Path(os.environ.get("DAGSTER_HOME") or platform.home / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        # Another process may read it at any time: it appears whole or not at all.
        unfinished = home / f"dagster.yaml.{os.getpid()}"
        unfinished.write_text(_INSTANCE_FILE.read_text())
        unfinished.replace(settings)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def open_instance(platform: Platform) -> dg.DagsterInstance:
    """Dagster's instance of this installation; the caller disposes of it."""
    # Dagster's embedded stores don't survive being set up by two processes at once.
    with platform.locks.hold("dagster-home", wait_seconds=_SET_UP_SECONDS):
        dagster_home(platform)
        return dg.DagsterInstance.get()


@dataclass(frozen=True, slots=True)
class LocalRun:
    """A run that ended. `problem` says in a sentence what a person can do where it failed."""

    source: str
    run_id: str
    seconds: float
    result: SourceResult | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class DatasetRun:
    """A build of a dataset that ended. `failed_checks` are the blocking ones that failed, with what each found; `problem` says
    in a sentence what a person can do where it failed otherwise.
    """

    run_id: str
    seconds: float
    failed_checks: dict[str, str]
    problem: str | None


@dataclass(frozen=True, slots=True)
class TrainRun:
    """A training that ended. `version` is the model that was decided on, None where the run failed; `problem` says then in a
    sentence what a person can do.
    """

    run_id: str
    seconds: float
    version: str | None
    problem: str | None


class LocalRuns:
    """Dagster's instance and this code location, held open for some runs."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._rebuild_run: str | None = None

    def __enter__(self) -> Self:
        from orchestration.definitions import definitions

        self._definitions = definitions()
        bound_waiting()
        with clear_of_dagster():
            self._instance = open_instance(self._platform)
            fail_abandoned_runs(self._instance, self._platform)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._instance.dispose()

    def rebuild_if_needed(self, say: Callable[[str], None]) -> list[str]:
        """Rebuilds the index where the recipe changed; returns what of it did. Raises RebuildFailed."""
        from assets.index.recipe import told
        from assets.index.refresh import rebuild_reasons

        reasons = rebuild_reasons(self._platform)
        if reasons:
            say(f"building the index again, beside the served one: {told(reasons)}")
            result = self._run("rebuild", None, {})
            if not result.success:
                raise RebuildFailed(_problem(result))
            self._rebuild_run = result.run_id
        return reasons

    def refresh(self, source_name: str, *, full: bool, say: Callable[[str], None]) -> LocalRun:
        """Refreshes one source; its result takes in what a rebuild has done to it before."""
        say(f"refreshing {source_name}")
        with clear_of_dagster():
            if source_name not in self._instance.get_dynamic_partitions(str(SOURCES.name)):
                self._instance.add_dynamic_partitions(str(SOURCES.name), [source_name])
        started = time.monotonic()
        result = self._run("refresh", source_name, {FULL_LOOK_TAG: "true"} if full else {})
        seconds = round(time.monotonic() - started, 3)
        if not result.success:
            return LocalRun(source_name, result.run_id, seconds, None, _problem(result))
        return LocalRun(source_name, result.run_id, seconds, self._recorded(result.run_id, source_name), None)

    def build_dataset(self, task: str) -> DatasetRun:
        """Builds the dataset of a task, and publishes it where every blocking check passes."""
        started = time.monotonic()
        # The sensor knows by it that these labels are built.
        result = self._run("dataset", task, {BASE_TAG: base_of(self._platform, task)})
        seconds = round(time.monotonic() - started, 3)
        failed = blocking_failures(result.get_asset_check_evaluations())
        problem = None if result.success or failed else _problem(result)
        return DatasetRun(result.run_id, seconds, failed, problem)

    def needs_dataset(self, task: str) -> bool:
        """Whether labels of a task came in, or were taken out, since its dataset was built. Raises NoLabels."""
        base = base_of(self._platform, task)
        with self._platform.catalogue.read() as connection:
            version = latest(connection, task)
        with clear_of_dagster():
            return version is None or not is_built(self._instance, base)

    def train(self, task: str) -> TrainRun:
        """Trains on a task's latest dataset and decides whether the candidate is the new champion; one that is refused is a
        result too.
        """
        started = time.monotonic()
        result = self._run("train", task, {})
        seconds = round(time.monotonic() - started, 3)
        if not result.success:
            return TrainRun(result.run_id, seconds, None, _problem(result))
        [decided] = result.asset_materializations_for_node("champion")
        return TrainRun(result.run_id, seconds, str(decided.metadata["candidate"].value), None)

    def _recorded(self, run_id: str, source_name: str) -> SourceResult:
        with self._platform.catalogue.read() as connection:
            result = recorded_result(connection, run_id, source_name)
            if self._rebuild_run is None:
                return result
            return after_rebuild(recorded_result(connection, self._rebuild_run, source_name), result)

    def _run(self, job: str, partition: str | None, tags: dict[str, str]) -> Any:
        try:
            with clear_of_dagster():
                return self._definitions.resolve_job_def(job).execute_in_process(
                    instance=self._instance,
                    partition_key=partition,
                    tags=tags,
                    raise_on_error=False,
                    run_config={"loggers": {"progress": {}}},
                    resources={"platform": self._platform},
                )
        finally:
            # Who goes on to the next source still holding this one can meet another who does so the other way round.
            self._platform.release()


@contextmanager
def clear_of_dagster() -> Iterator[None]:
    """Says in a sentence why Dagster can't keep what it remembers: its databases raise as they are."""
    from dagster_postgres.utils import DagsterPostgresException
    from sqlalchemy.exc import DBAPIError

    from assets.lineage.catalogue import why_unavailable

    try:
        yield
    except (DBAPIError, DagsterPostgresException, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_ROOM:
            raise
        known = error.__cause__ or error if isinstance(error, DagsterPostgresException) else error
        raise RunsUnavailable(
            f"Dagster's own state can't be read or written: {why_unavailable(known, 'HRDP_DAGSTER_DATABASE')}"
        ) from error


def _problem(result: Any) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None and data.user_failure_data.description:
                return str(data.user_failure_data.description)
            if data.error is not None:
                cause = data.error.cause or data.error
                return (
                    f"something unforeseen went wrong ({cause.cls_name}); Dagster's page shows the run {result.run_id}"
                )
    return f"the run did not end well; Dagster's page shows the run {result.run_id}"
