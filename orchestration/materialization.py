"""What the rooms' assets share on Dagster's side: partitions, clear failures, progress in the log, metadata."""

import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from assets.labels.tasks import TASKS as _TASKS
from assets.platform import Platform
from orchestration.progress_logger import PROGRESS_MARK

SOURCES = dg.DynamicPartitionsDefinition(name="sources")
"""One partition a registered source; documents and versions live in the platform's own catalogue."""

TASKS = dg.StaticPartitionsDefinition(list(_TASKS))
"""One partition a task that is learned from labelled resumes."""

Events = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]
"""What a step that materializes several assets, or checks what it made, tells one by one."""

OWNERS = ["team:hr-data-platform"]
INDEX_KIND = os.environ.get("HRDP_INDEX", "").strip() or "lancedb"
"""What the asset graph shows the index to be kept in."""
FULL_LOOK_TAG = "hrdp/full-look"
_SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def clear_failures(platform: Platform) -> Iterator[None]:
    """Turns what a person can act on into a failure of one sentence; the sensor tries again, so the run itself doesn't."""
    from assets.problems import EXPECTED

    try:
        yield
    except EXPECTED as problem:
        platform.release()
        raise dg.Failure(description=str(problem), allow_retries=False) from None


@contextmanager
def private_failures(platform: Platform) -> Iterator[None]:
    """The same for a step that holds personal data: of a defect too it tells the kind and the place, never the message, which
    may repeat what was read."""
    try:
        with clear_failures(platform):
            yield
    except dg.Failure:
        raise
    except Exception as defect:
        platform.release()
        place = traceback.extract_tb(defect.__traceback__)[-1]
        raise dg.Failure(
            f"something unforeseen went wrong ({type(defect).__name__} at {Path(place.filename).name}:{place.lineno});"
            " nothing more was taken in",
            allow_retries=False,
        ) from None


def say(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, text: str) -> None:
    """A line of progress in the run's log, which a person who watches the run in a terminal sees too."""
    context.log.info(text, extra={PROGRESS_MARK: True})


def progress(context: dg.AssetExecutionContext, what: str) -> Callable[[int], None]:
    """A listener that logs a line about every five seconds."""
    last = time.monotonic()

    def heard(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(context, f"{done:,} {what}")

    return heard


def progress_of_all(context: dg.AssetExecutionContext, what: str) -> Callable[[int, int], None]:
    """Like `progress`, where the whole is known."""
    last = time.monotonic()

    def heard(done: int, whole: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            say(context, f"{done:,} of {whole:,} {what}")

    return heard


def tables(named: Mapping[str, Sequence[Mapping[str, str | int | float]]]) -> dict[str, dg.TableMetadataValue]:
    """Records as tables in Dagster's page, by their titles. One without records is left out: the counts say that."""
    return {
        title: dg.MetadataValue.table([dg.TableRecord(dict(record)) for record in records])
        for title, records in named.items()
        if records
    }


def pictures(named: Mapping[str, str]) -> dict[str, dg.MarkdownMetadataValue]:
    """Plots in Markdown, by their titles; an empty one is left out."""
    return {title: dg.MetadataValue.md(plot) for title, plot in named.items() if plot}


def columns(described: Mapping[str, tuple[str, str]]) -> dict[str, dg.TableSchema]:
    """Metadata of an asset's definition: its columns, each with type and description."""
    found = [dg.TableColumn(name, type_, description) for name, (type_, description) in described.items()]
    return {"dagster/column_schema": dg.TableSchema(found)}
