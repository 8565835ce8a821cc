"""Takes a file of labelled resumes in as one batch: anonymized rows, sealed originals, and what could not be taken.

A batch is visible as a whole or not at all. The same file comes in once. Outside the vault nothing is stored, not even for a
moment, before it is anonymized.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from assets.labels.intake import batch_tables
from assets.labels.intake.arrival import Arrival, remove_unfinished
from assets.labels.intake.batch_tables import Batch, Look
from assets.labels.intake.identity import FileChanged, ReadOptions, batch_id, content_of, look_of, reading_of
from assets.labels.intake.places import UPLOAD
from assets.labels.intake.unsettled import settle_all
from assets.labels.model import LabelRow, Rejected
from assets.labels.reading.reading import read_labels
from assets.labels.tasks import task_named
from assets.labels.tasks.job_category import JobCategory
from assets.labels.tasks.task import Task
from assets.platform import Platform

INTAKE_LOCK = "labels/intake"
"""Held by whoever takes labels in or erases a person: a key is made once, and never used while it is destroyed."""

_WAIT_SECONDS = 3600

Progress = Callable[[int], None]


def add_labels(
    platform: Platform,
    source: Path | bytes,
    task_name: str,
    options: ReadOptions | None = None,
    *,
    place: str = UPLOAD,
    look: Look | None = None,
    progress: Progress = lambda _: None,
) -> Batch:
    """Takes a file, a folder or a file's content in. What can't be taken is in quarantine afterwards, with its reason.

    `place` is the watched place that it comes from, and `look` what the file is there. `progress` hears how many rows are
    done. Can be killed at any moment: nothing is visible then, and the same call takes the file in. Raises UnknownTask,
    FileChanged, VaultUnavailable, AnonymizingStopped, Busy, StorageError, CatalogueUnavailable, OSError.
    """
    task = task_named(task_name)
    options = options or ReadOptions()
    before = look_of(source)
    allowed = allowed_labels(platform, task_name)
    name = batch_id(content_of(source), reading_of(task_name, options, allowed))
    rows = read_labels(
        source,
        task,
        options.columns,
        options.drop_first_line,
        allowed=allowed,
        parser_workers=platform.settings.parser_workers,
    )

    def read() -> Iterator[LabelRow | Rejected]:
        yield from rows
        if look_of(source) != before:
            raise FileChanged("the file was written to while it was read: run the command again when it is complete")

    return _add(platform, name, task, options, read(), place, look, progress)


def add_unreadable(
    platform: Platform, task_name: str, options: ReadOptions, place: str, look: Look, reason: str, advice: str
) -> Batch:
    """A batch without rows: the file of a watched place, as it looks now, can't be read; it waits in quarantine for a change."""
    name = batch_id(f"{place} {look.path_hash} {look.fingerprint}", reading_of(task_name, options, ()))
    return _add(
        platform, name, task_named(task_name), options, [Rejected(0, reason, advice)], place, look, lambda _: None
    )


def allowed_labels(platform: Platform, task_name: str) -> frozenset[str]:
    """The labels that may occur in a task; empty: any."""
    return frozenset(platform.settings.known_job_categories if task_name == JobCategory.name else ())


def _add(
    platform: Platform,
    name: str,
    task: Task,
    options: ReadOptions,
    rows: Iterable[LabelRow | Rejected],
    place: str,
    look: Look | None,
    progress: Progress,
) -> Batch:
    with platform.locks.hold(INTAKE_LOCK, wait_seconds=_WAIT_SECONDS):
        settle_all(platform)
        with platform.catalogue.read() as connection:
            known = batch_tables.find(connection, name)
        if known is not None:
            if look is not None:
                with platform.catalogue.write() as connection:
                    batch_tables.remember_file(connection, place, look, name)
            return replace(known, accepted=0, duplicates=known.rows - known.quarantined, repeated=True)
        remove_unfinished(platform)
        try:
            arrival = Arrival(platform, name, task)
            arrival.take(rows, progress)
            arrival.store(options, place, look)
        finally:
            remove_unfinished(platform)
        settle_all(platform)
        with platform.catalogue.read() as connection:
            added = batch_tables.find(connection, name)
    assert added is not None
    return added
