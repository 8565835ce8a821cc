"""`hrdp labels …`: labelled resumes come in, from files and from watched places."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

if TYPE_CHECKING:
    from assets.labels.intake.batch_tables import Batch
    from assets.labels.intake.identity import ReadOptions

T = TypeVar("T")
TASKS = ("job-category", "skills", "match")
_SHOWN = 20


def task_option(command: Callable[..., T]) -> Callable[..., T]:
    """Adds `--task TASK`."""
    return click.option("--task", required=True, type=click.Choice(TASKS), help="What the labels are for.")(command)


def _reading_options(command: Callable[..., T]) -> Callable[..., T]:
    for option in (
        click.option("--drop-first-line", is_flag=True, help="Take the first line off each resume."),
        click.option("--id-column", metavar="C", help="The column that says whose resume it is."),
        click.option("--label-column", metavar="C", help="The column of labels (grades, tags)."),
        click.option("--text-column", metavar="C", help="The column of resumes."),
    ):
        command = option(command)
    return command


@click.group()
def labels() -> None:
    """Labelled resumes: what came in, and from where."""


@labels.command("add")
@click.argument("file", type=click.Path(exists=True, path_type=Path))
@task_option
@_reading_options
@json_option
@with_platform
def add(platform: Platform, file: Path, task: str, as_json: bool, **reading: Any) -> None:
    """Take in FILE: CSV, JSON lines, Parquet, a Label Studio export, or a folder or ZIP of resumes with a listing.

    Resumes are anonymized; the originals are kept encrypted. What can't be taken goes to the quarantine, and the rest goes on.
    """
    from assets.labels.intake.adding import add_labels

    started = time.monotonic()
    with _bar("rows anonymized") as progress:
        batch = add_labels(platform, file, task, _options(**reading), progress=progress)
    seconds = round(time.monotonic() - started, 3)
    if not batch.repeated:
        _tell_dagster(platform, batch)
    if as_json:
        print_json({**_as_json(batch), "repeated": batch.repeated, "seconds": seconds})
        return
    _print_batches([batch])
    if batch.repeated:
        click.echo("This file came in before, as the same batch: nothing was added.")
    if batch.quarantined:
        click.echo(f"{_reasons(batch)}. Next: hrdp labels quarantine, which names the rows and says what to do")
    if batch.accepted + batch.duplicates:
        click.echo(f"Next: hrdp dataset build --task {task}")


@labels.command("list")
@click.option("--task", type=click.Choice(TASKS), help="Only this task.")
@json_option
@with_platform
def list_labels(platform: Platform, task: str | None, as_json: bool) -> None:
    """What came in, batch by batch, and the places that are watched."""
    from assets.documents.registry import without_secrets
    from assets.labels.intake import batch_tables
    from assets.labels.intake.places import watched

    with platform.catalogue.read() as connection:
        batches = batch_tables.listed(connection, task)
    places = watched(platform, task)
    if as_json:
        print_json(
            {
                "batches": [_as_json(batch) for batch in batches],
                "watched": [
                    {
                        "name": place.name,
                        "task": place.task,
                        "location": without_secrets(place.location),
                        **asdict(place.options),
                    }
                    for place in places
                ],
            }
        )
        return
    if batches:
        _print_batches(batches)
    if places:
        print_table(
            ["watched", "task", "location"],
            [(place.name, place.task, without_secrets(place.location)) for place in places],
        )
    if not (batches or places):
        click.echo("Nothing came in yet. Next: hrdp labels add FILE --task TASK")


@labels.command("quarantine")
@click.option(
    "--batch", "batch_id", metavar="ID", help="Only what was in this batch; the beginning of its id is enough."
)
@json_option
@with_platform
def quarantine(platform: Platform, batch_id: str | None, as_json: bool) -> None:
    """The rows that could not be taken in, why, and what to do."""
    from assets.labels.intake import batch_tables
    from assets.lineage.moments import iso

    with platform.catalogue.read() as connection:
        batch = None if batch_id is None else batch_tables.named(connection, batch_id)
        if batch_id is not None and batch is None:
            raise click.ClickException(
                "no batch, or more than one, begins so: hrdp labels list names those that came in"
            )
        found = list(batch_tables.quarantined(connection, batch.batch_id if batch else None))
    if as_json:
        print_json({"quarantined": [{**asdict(each), "noticed_at": iso(each.noticed_at)} for each in found]})
        return
    if not found:
        click.echo("Nothing is in quarantine.")
        return
    print_table(
        ["batch", "task", "row", "reason", "what to do"],
        [
            (each.batch_id[:8], each.task, str(each.row) if each.row else "the file", each.reason, each.advice)
            for each in found
        ],
    )
    click.echo(
        "Rows are counted from 1. Next: correct the file and add it again; the rows that came in are known by then"
    )


@labels.command("watch")
@click.argument("name")
@click.argument("location")
@task_option
@_reading_options
@json_option
@with_platform
def watch(platform: Platform, name: str, location: str, task: str, as_json: bool, **reading: Any) -> None:
    """Take in, from now on, every file in LOCATION, a folder or an s3:// prefix, that is new or has changed.

    A file that vanishes takes nothing back.
    """
    from assets.documents.registry import without_secrets
    from assets.documents.sources.base import SourceUnavailable
    from assets.labels.intake.places import watch as watched

    try:
        place = watched(platform, name, location, task, _options(**reading))
    except SourceUnavailable as problem:
        raise click.ClickException(f"{str(problem).rstrip('.')}. Nothing is watched.") from None
    shown = without_secrets(place.location)
    if as_json:
        print_json({"name": place.name, "task": place.task, "location": shown, **asdict(place.options)})
    else:
        click.echo(f"Watching {shown} for {task}. Next: make dev, whose sensor takes its files in")


@labels.command("unwatch")
@click.argument("name")
@json_option
@with_platform
def unwatch(platform: Platform, name: str, as_json: bool) -> None:
    """Watch the place NAME no longer; what came in from there stays."""
    from assets.labels.intake.places import unwatch as unwatched

    unwatched(platform, name)
    if as_json:
        print_json({"name": name, "watched": False})
    else:
        click.echo(f"{name} is not watched any more; what came in from there stays. Next: hrdp labels list")


def _options(
    text_column: str | None, label_column: str | None, id_column: str | None, drop_first_line: bool
) -> "ReadOptions":
    from assets.labels.intake.identity import ReadOptions
    from assets.labels.reading.columns import Columns

    return ReadOptions(Columns(text_column, label_column, id_column), drop_first_line)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int], None]]:
    """A bar on standard error of work whose end is not known beforehand; silent where nobody watches."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn(f"{{task.completed:,}} {what}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        step = bar.add_task(what, total=None)
        yield lambda done: bar.update(step, completed=done)


def _tell_dagster(platform: Platform, batch: "Batch") -> None:
    """The labels are in whatever becomes of this: Dagster shows them, and it is no reason to fail."""
    from assets.problems import RunsUnavailable
    from orchestration.label_events import tell_added

    try:
        tell_added(platform, batch)
    except RunsUnavailable as problem:
        say(f"The labels came in; Dagster's page does not show it. {problem}")


def _as_json(batch: "Batch") -> dict[str, Any]:
    from assets.lineage.moments import iso

    values = {**asdict(batch), "added_at": iso(batch.added_at)}
    del values["repeated"]
    return values


def _print_batches(batches: "list[Batch]") -> None:
    print_table(
        ["batch", "task", "source", "rows", "accepted", "duplicates", "quarantined", "different resumes"],
        [
            (
                batch.batch_id[:8],
                batch.task,
                batch.source,
                batch.rows,
                batch.accepted,
                batch.duplicates,
                batch.quarantined,
                batch.unique_resumes,
            )
            for batch in batches
        ],
    )


def _reasons(batch: "Batch") -> str:
    found = sorted(batch.reasons.items(), key=lambda item: -item[1])
    more = f" and {len(found) - _SHOWN} more reasons" if len(found) > _SHOWN else ""
    return "In quarantine: " + ", ".join(f"{count:,} {reason}" for reason, count in found[:_SHOWN]) + more
