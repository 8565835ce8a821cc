"""`hrdp dataset …`: labelled resumes become datasets, and published datasets are shown."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from assets.platform import Platform
from orchestration.command_line.labels import TASKS, task_option
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

if TYPE_CHECKING:
    from assets.labels.snapshots.showing import Shown
    from orchestration.local_runs import DatasetRun

_CLASSES_SHOWN = 40


@click.group()
def dataset() -> None:
    """Datasets: built of labelled resumes, checked, and published as versions that never change."""


@dataset.command("build")
@task_option
@json_option
@with_platform
def build(platform: Platform, task: str, as_json: bool) -> None:
    """Make the dataset of a task, through the Dagster job: duplicates grouped, splits, checks, and a published version.

    The same labels give the same version. Where a blocking check fails, nothing is published.
    """
    from assets.labels.snapshots.mart import require_labels
    from assets.labels.snapshots.reading import latest
    from assets.labels.snapshots.showing import show
    from orchestration.local_runs import LocalRuns

    require_labels(platform, task)
    with platform.catalogue.read() as connection:
        before = latest(connection, task)
    say(f"building the dataset of {task}")
    with LocalRuns(platform) as runs:
        run = runs.build_dataset(task)
    if run.problem:
        raise click.ClickException(run.problem)
    if run.failed_checks:
        _tell_failures(run, as_json)
        sys.exit(1)
    with platform.catalogue.read() as connection:
        version = latest(connection, task)
    shown = show(platform, version)
    if as_json:
        print_json({**asdict(shown), "new": version != before, "run_id": run.run_id, "seconds": run.seconds})
        return
    _print(shown)
    if version == before:
        click.echo("Nothing changed since this version was built.")
    click.echo(f"Next: hrdp dataset show {shown.version[:12]}")


@dataset.command("list")
@click.option("--task", type=click.Choice(TASKS), help="Only this task.")
@json_option
@with_platform
def list_datasets(platform: Platform, task: str | None, as_json: bool) -> None:
    """The published versions, the last built one first."""
    from assets.labels.snapshots.reading import published
    from assets.lineage.moments import iso

    with platform.catalogue.read() as connection:
        versions = published(connection, task)
    if as_json:
        known = [
            {
                "version": each.version,
                "task": each.task,
                "created_at": iso(each.created_at),
                "run_id": each.run_id,
                **each.summary,
            }
            for each in versions
        ]
        print_json({"datasets": known})
        return
    if not versions:
        click.echo("There is no dataset yet. Next: hrdp dataset build --task TASK")
        return
    print_table(
        ["version", "task", "built", "train", "validation", "test", "groups"],
        [
            (
                each.version[:12],
                each.task,
                str(iso(each.created_at))[:19],
                *(each.summary[name] for name in ("train", "validation", "test", "groups")),
            )
            for each in versions
        ],
    )
    click.echo("Next: hrdp dataset show VERSION")


@dataset.command("show")
@click.argument("version", required=False)
@json_option
@with_platform
def show_dataset(platform: Platform, version: str | None, as_json: bool) -> None:
    """A published version, or the last built one: what it holds, after every hash of it was verified."""
    from assets.labels.snapshots.showing import show

    shown = show(platform, version)
    if as_json:
        print_json(asdict(shown))
        return
    _print(shown)
    click.echo(f"Everything of it is as it was written, under {shown.address} in the object store.")


def _tell_failures(run: "DatasetRun", as_json: bool) -> None:
    if as_json:
        checks = {name: {"passed": False, "blocks": True, "told": [told]} for name, told in run.failed_checks.items()}
        empty: dict[str, Any] = {"train": 0, "validation": 0, "test": 0, "groups": 0, "classes": {}}
        print_json({"version": None, **empty, "checks": checks, "run_id": run.run_id, "seconds": run.seconds})
    for name, told in run.failed_checks.items():
        click.echo(f"Error: the check {name} failed: {told}", err=True)
    say("Nothing was published; the last version stays as it is.")


def _print(shown: "Shown") -> None:
    print_table(
        ["version", "task", "train", "validation", "test", "groups", "classes"],
        [
            (
                shown.version[:12],
                shown.task,
                shown.train,
                shown.validation,
                shown.test,
                shown.groups,
                len(shown.classes),
            )
        ],
    )
    counts = sorted(shown.classes.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))
    print_table(
        ["class", "train", "validation", "test"],
        [(name, count["train"], count["validation"], count["test"]) for name, count in counts[:_CLASSES_SHOWN]],
    )
    if len(counts) > _CLASSES_SHOWN:
        click.echo(f"{len(counts) - _CLASSES_SHOWN:,} smaller classes are not shown; --json names them.")
    print_table(
        ["check", "outcome", "what it found"],
        [(name, _outcome(check), _found(check)) for name, check in shown.checks.items()],
    )
    if shown.erased:
        click.echo(f"{shown.erased:,} resumes were erased since it was built.")


def _outcome(check: Any) -> str:
    return "passed" if check["passed"] else "failed" if check["blocks"] else "warning"


def _found(check: Any) -> str:
    figures = ", ".join(f"{name}: {value:,}" for name, value in check["figures"].items())
    return "; ".join([*check["told"], *([figures] if figures else [])])
