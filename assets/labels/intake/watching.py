"""Takes in what is new in the places that are watched for files of labelled resumes.

What lies there is compared with what was taken in. A file that changed comes in as a new batch; one that vanished takes
nothing back, since batches are only ever added.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from sqlalchemy import Connection, select

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import (
    Changed,
    Known,
    Revision,
    SourceUnavailable,
    Unreadable,
)
from assets.labels.intake import batch_tables
from assets.labels.intake.adding import add_labels, add_unreadable, allowed_labels
from assets.labels.intake.batch_tables import Batch, Look
from assets.labels.intake.identity import FileChanged, reading_of
from assets.labels.intake.places import Watched, open_place, watched
from assets.labels.reading.content import LabelsUnavailable
from assets.lineage.label_tables import label_files
from assets.platform import Platform

_WAIT_SECONDS = 3600
_SHOWN = 100
# Why a file can't be read at this moment, though nothing is wrong with it: the next look settles it.
_PASSING = {"vanished", "cut_short", "read_failed"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that differs from what was taken in: what it looks like now, and how its content is had."""

    place: Watched
    look: Look
    revision: Revision | Unreadable


@dataclass(frozen=True, slots=True)
class Taken:
    """What came in for a task, as Dagster shows it: no file's name, since that may be a person's."""

    counts: dict[str, int]
    new: list[dict[str, str | int | float]]
    quarantine: list[dict[str, str | int | float]]
    data_version: str


def waiting(platform: Platform, place: Watched) -> list[Waiting]:
    """The files of a place that differ from what was taken in, by path; nothing is read.

    Raises SourceUnavailable: nothing is known then.
    """
    with platform.catalogue.read() as connection:
        known = _known_files(connection, place.name)
    # How files are read is part of their look: with other columns, or another list of labels, they come in again.
    reading = reading_of(place.task, place.options, allowed_labels(platform, place.task))
    found = []
    for path, fingerprint, revision in _listing(platform, place):
        look = Look(platform.vault.path(path), f"{fingerprint} {reading}")
        if known.get(look.path_hash) != look.fingerprint:
            found.append(Waiting(place, look, revision))
    return found


def take_in(platform: Platform, file: Waiting, progress: Callable[[int], None] = lambda _: None) -> Batch | None:
    """Takes a file in as a batch; one that can't be read is quarantined until it changes. None where it is gone again.

    Raises what `add_labels` does, and SourceUnavailable.
    """
    place, options = file.place, file.place.options
    if isinstance(file.revision, Unreadable):
        return _unreadable(platform, file, file.revision.reason, file.revision.advice)
    try:
        content = _content(file.revision)
        return add_labels(platform, content, place.task, options, place=place.name, look=file.look, progress=progress)
    except UnreadableDocument as problem:
        return _unreadable(platform, file, problem.reason, problem.advice)
    except FileNotFoundError:
        return None
    except PermissionError:
        return _unreadable(platform, file, "not_permitted", "Let the platform's user read the file.")


def take_in_all(platform: Platform, task: str, progress: Callable[[int], None] = lambda _: None) -> Taken:
    """Takes in every file that waits in a task's places. A place that can't be listed, or a file that can't be
    read at this moment, keeps none of the others from it.

    Raises SourceUnavailable in the end where there was one, and what `take_in` does.
    """
    added: list[Batch] = []
    problems: list[str] = []
    with platform.locks.hold(f"labels/watching/{task}", wait_seconds=_WAIT_SECONDS):
        for place in watched(platform, task):
            try:
                files = waiting(platform, place)
            except SourceUnavailable as problem:
                problems.append(f"{place.name}: {problem}")
                continue
            for file in files:
                try:
                    batch = take_in(platform, file, progress)
                except (OSError, LabelsUnavailable, FileChanged, SourceUnavailable) as problem:
                    why = problem.strerror if isinstance(problem, OSError) else str(problem).rstrip(".")
                    problems.append(f"{place.name}: a file can't be read now ({why}); it is tried again")
                    continue
                if batch is not None and not batch.repeated:
                    added.append(batch)
    if problems:
        raise SourceUnavailable("; ".join(problems))
    return summed_up(platform, task, added)


def summed_up(platform: Platform, task: str, added: list[Batch]) -> Taken:
    """What a task's labels are now that these batches were added."""
    with platform.catalogue.read() as connection:
        batches = batch_tables.listed(connection, task)
        blobs = batch_tables.rows_blobs(connection, task)
        quarantined = [each for batch in added for each in batch_tables.quarantined(connection, batch.batch_id)]
    counted = ("rows", "accepted", "duplicates", "quarantined")
    new: list[dict[str, str | int | float]] = [
        {"batch": batch.batch_id, "source": batch.source, **{name: getattr(batch, name) for name in counted}}
        for batch in added
    ]
    return Taken(
        counts={
            "batches": len(batches),
            "new_batches": len(added),
            **{f"new_{name}": sum(getattr(batch, name) for batch in added) for name in counted},
            "dagster/partition_row_count": sum(batch.accepted + batch.duplicates for batch in batches),
        },
        new=new[-_SHOWN:],
        quarantine=[
            {"batch": each.batch_id, "row": each.row, "reason": each.reason, "what to do": each.advice}
            for each in quarantined[:_SHOWN]
        ],
        data_version=hashlib.sha256(" ".join(blobs).encode()).hexdigest(),
    )


def _unreadable(platform: Platform, file: Waiting, reason: str, advice: str) -> Batch | None:
    if reason in _PASSING:
        return None
    return add_unreadable(platform, file.place.task, file.place.options, file.place.name, file.look, reason, advice)


def _content(revision: Revision) -> Path | bytes:
    """A local file is read where it lies, as a stream; an object is fetched."""
    address = urlsplit(revision.uri)
    return Path(url2pathname(address.path)) if address.scheme == "file" else revision.read()


def _listing(platform: Platform, place: Watched) -> Iterator[tuple[str, str, Revision | Unreadable]]:
    for change in open_place(platform, place).scan(Known()):
        if isinstance(change, Unreadable):
            yield change.path, change.reason, change
        elif isinstance(change, Changed):
            yield change.path, change.revisions[-1].fingerprint, change.revisions[-1]


def _known_files(connection: Connection, name: str) -> dict[str, str]:
    query = select(label_files.c.path_hash, label_files.c.fingerprint).where(label_files.c.source == name)
    return {row.path_hash: row.fingerprint for row in connection.execute(query)}
