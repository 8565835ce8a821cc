"""Which folders and object-store prefixes are watched for files of labelled resumes, for which task, and how they are read."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Row, insert, select, update

from assets.documents.registry import without_secrets
from assets.documents.sources.base import BadSource, SourceSpec
from assets.documents.sources.directory import DirectorySource
from assets.documents.sources.open import absolute_location
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.s3 import S3Source
from assets.labels.intake.identity import ReadOptions, load_options
from assets.labels.tasks import task_named
from assets.lineage import ledger
from assets.lineage.label_tables import label_sources
from assets.lineage.moments import now
from assets.platform import Platform

UPLOAD = "upload"
"""The source of what a person added; no place has this name."""

_LARGEST_OBJECT = 512 * 1024 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class WatchProblem(Exception):
    """A place can't be watched, or isn't; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A place that is watched. `added_at` is a moment."""

    name: str
    task: str
    location: str
    options: ReadOptions
    added_at: int


def watch(platform: Platform, name: str, location: str, task_name: str, options: ReadOptions) -> Watched:
    """Watches a folder or an `s3://` prefix from now on; the same again changes nothing. The place has to be there.

    Raises WatchProblem, UnknownTask, SourceUnavailable.
    """
    task_named(task_name)
    if not _NAME.fullmatch(name) or name == UPLOAD:
        raise WatchProblem(
            f"'{name}' can't be a place's name: use small letters, digits, - and _, beginning with a letter or digit"
            f" (not {UPLOAD})"
        )
    place = Watched(name, task_name, absolute_location(location), options, now())
    open_place(platform, place).look()
    table = label_sources
    with platform.catalogue.write() as connection:
        found = connection.execute(select(table).where(table.c.name == name)).first()
        if found is not None and found.removed_at is None:
            known = _watched(found)
            if replace(known, added_at=place.added_at) == place:
                return known
            raise WatchProblem(
                f"'{name}' watches {without_secrets(found.location)} for {found.task} already: take another name, or end"
                f" that first (hrdp labels unwatch {name})"
            )
        values = {
            "task": task_name,
            "location": place.location,
            "options": options.dump(),
            "added_at": place.added_at,
            "removed_at": None,
        }
        if found is None:
            connection.execute(insert(table).values(name=name, **values))
        else:
            connection.execute(update(table).where(table.c.name == name).values(**values))
        entry = {"task": task_name, "location": without_secrets(place.location)}
        ledger.append(connection, "labels.watched", name, entry)
    return place


def unwatch(platform: Platform, name: str) -> None:
    """Watches a place no longer; what came in stays. Raises WatchProblem."""
    if name not in {place.name for place in watched(platform)}:
        raise WatchProblem(f"no place '{name}' is watched: hrdp labels list names those that are")
    with platform.catalogue.write() as connection:
        connection.execute(update(label_sources).where(label_sources.c.name == name).values(removed_at=now()))
        ledger.append(connection, "labels.unwatched", name, {})


def watched(platform: Platform, task: str | None = None) -> list[Watched]:
    """The places that are watched, by name, for one task or for all."""
    query = select(label_sources).where(label_sources.c.removed_at.is_(None)).order_by(label_sources.c.name)
    if task is not None:
        query = query.where(label_sources.c.task == task)
    with platform.catalogue.read() as connection:
        return [_watched(row) for row in connection.execute(query)]


def open_place(platform: Platform, place: Watched) -> DirectorySource | S3Source:
    """The place as a source of files; nothing is read yet. Raises BadSource."""
    spec = SourceSpec(place.name, place.task, place.location)
    options = SourceOptions(max_bytes=_LARGEST_OBJECT, s3_endpoint=platform.settings.s3_endpoint or None)
    if place.location.startswith("s3://"):
        return S3Source(spec, options=options)
    if "://" in place.location or Path(place.location).is_file():
        raise BadSource(f"{without_secrets(place.location)} can't be watched: give a folder or an s3:// prefix")
    return DirectorySource(spec, options=options)


def _watched(row: "Row[tuple[object, ...]]") -> Watched:
    return Watched(row.name, row.task, row.location, load_options(row.options), row.added_at)
