"""What the rooms' assets share on Dagster's side: partitions, clear failures, progress in the log, metadata."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from assets.platform import Platform

SOURCES = dg.DynamicPartitionsDefinition(name="sources")
"""One partition a registered source; documents and versions live in the platform's own catalogue."""

OWNERS = ["team:hr-data-platform"]
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


def progress(context: dg.AssetExecutionContext, what: str) -> Callable[[int], None]:
    """A listener that logs a line about every five seconds."""
    last = time.monotonic()

    def heard(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            context.log.info(f"{done:,} {what}")

    return heard


def progress_of_all(context: dg.AssetExecutionContext, what: str) -> Callable[[int, int], None]:
    """Like `progress`, where the whole is known."""
    last = time.monotonic()

    def heard(done: int, whole: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            context.log.info(f"{done:,} of {whole:,} {what}")

    return heard


def table(records: list[dict[str, str | int | float]]) -> dg.TableMetadataValue:
    """Records as a table in Dagster's page."""
    return (
        dg.MetadataValue.table([dg.TableRecord(record) for record in records])
        if records
        else dg.MetadataValue.table([], schema=dg.TableSchema([dg.TableColumn("nothing", "string")]))
    )
