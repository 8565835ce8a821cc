"""`hrdp plan`, `hrdp refresh` and `hrdp verify`."""

import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

if TYPE_CHECKING:
    from assets.index.planning import SourcePlan


@click.command()
@click.option("--source", "names", multiple=True, metavar="NAME", help="Only this source; may be given several times.")
@json_option
@with_platform
def plan(platform: Platform, names: tuple[str, ...], as_json: bool) -> None:
    """What a refresh would do. Nothing is changed."""
    from assets.documents.sources.base import SourceUnavailable
    from assets.index import planning

    plans: dict[str, planning.SourcePlan] = {}
    problems: dict[str, str] = {}
    for name in _names(platform, names):
        try:
            plans[name] = planning.plan(platform, name)
        except SourceUnavailable as unavailable:
            problems[name] = str(unavailable)
    if as_json:
        print_json(
            {
                "sources": {
                    name: {
                        "documents": asdict(each.documents),
                        "chunks": {"add": each.chunks_add, "keep": each.chunks_keep, "close": each.chunks_close},
                        "to_embed": each.to_embed,
                        "seconds_estimated": each.seconds_estimated,
                        "rebuild": list(each.rebuild),
                    }
                    for name, each in plans.items()
                }
                | {name: {"problem": problem} for name, problem in problems.items()}
            }
        )
    else:
        _print_plans(plans)
    for name, problem in problems.items():
        click.echo(f"Error: {name}: {problem}", err=True)
    if problems:
        sys.exit(1)


def _print_plans(plans: "dict[str, SourcePlan]") -> None:
    if not plans:
        return
    print_table(
        ["source", "added", "changed", "removed", "unchanged", "chunks +", "chunks -", "to embed", "seconds"],
        [
            (
                name,
                each.documents.added,
                each.documents.changed,
                each.documents.removed,
                each.documents.unchanged,
                each.chunks_add,
                each.chunks_close,
                each.to_embed,
                each.seconds_estimated,
            )
            for name, each in plans.items()
        ],
    )
    if any(each.rebuild for each in plans.values()):
        from assets.index.recipe import told

        reasons = sorted({reason for each in plans.values() for reason in each.rebuild})
        click.echo(f"The index will be built again, beside the served one: {told(reasons)}.")
    click.echo("Next: hrdp refresh")


@click.command()
@click.option("--source", "names", multiple=True, metavar="NAME", help="Only this source; may be given several times.")
@click.option("--full", is_flag=True, help="Read files too that look unchanged.")
@json_option
@with_platform
def refresh(platform: Platform, names: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Bring the index up to date, through the Dagster job that the sensor launches too."""
    from orchestration.local_runs import LocalRuns

    started = time.monotonic()
    wanted = _names(platform, names)
    with LocalRuns(platform) as runs:
        rebuilt = runs.rebuild_if_needed(say)
        done = [runs.refresh(name, full=full, say=say) for name in wanted]
    report = _refresh_report(platform, done, wanted)
    report["rebuilt"] = rebuilt
    report["seconds"] = round(time.monotonic() - started, 3)
    problems = [run for run in done if run.problem]
    if as_json:
        print_json(report)
    else:
        _print_refresh(report)
    for run in problems:
        click.echo(f"Error: {run.source}: {run.problem}", err=True)
    if problems:
        sys.exit(1)


def _names(platform: Platform, names: tuple[str, ...]) -> list[str]:
    from assets.documents import registry

    if names:
        return [registry.get(platform.catalogue, name).spec.name for name in dict.fromkeys(names)]
    known = registry.listed(platform.catalogue, with_removed=True)
    watched = [each.spec.name for each in known if each.is_watched]
    if not watched:
        raise click.ClickException("there are no sources yet: add one with hrdp source add NAME LOCATION --kind KIND")
    return watched


def _refresh_report(platform: Platform, done: list[Any], names: list[str]) -> dict[str, Any]:
    from assets.documents.quarantine import standing
    from assets.index.generation import served

    with platform.catalogue.read() as connection:
        current = served(connection)
        quarantined = {name: standing(connection, name) for name in names}
    sources: dict[str, Any] = {}
    for run in done:
        result = run.result
        entry: dict[str, Any] = {
            "run_id": run.run_id,
            "quarantined": [
                {"document_id": each.document_id, "reason": each.reason, "advice": each.advice}
                for each in quarantined[run.source]
            ],
            "seconds": run.seconds,
        }
        if result is None:
            entry["problem"] = run.problem
        else:
            entry["documents"] = asdict(result.documents)
            entry["chunks"] = {
                "add": result.chunks_added,
                "keep": result.chunks_kept,
                "close": result.chunks_closed,
            }
            entry["embedded"] = result.embedded
        sources[run.source] = entry
    return {
        "sources": sources,
        "generation": current.generation if current else 0,
        "index_version": current.index_version if current else None,
        "run_id": done[-1].run_id if done else None,
    }


def _print_refresh(report: dict[str, Any]) -> None:
    rows = [
        (
            name,
            each["documents"]["added"],
            each["documents"]["changed"],
            each["documents"]["removed"],
            each["documents"]["unchanged"],
            each["chunks"]["add"],
            each["chunks"]["close"],
            each["embedded"],
            len(each["quarantined"]),
            each["seconds"],
        )
        for name, each in report["sources"].items()
        if "documents" in each
    ]
    if not rows:
        return
    columns = ["source", "added", "changed", "removed", "unchanged", "chunks +", "chunks -", "embedded", "quarantined"]
    print_table([*columns, "seconds"], rows)
    if any(row[8] for row in rows):
        click.echo("Some files are in quarantine: hrdp quarantine names them and says what to do.")
    click.echo(f"Generation {report['generation']} is served. Next: hrdp search 'your question'")


@click.command()
@json_option
@with_platform
def verify(platform: Platform, as_json: bool) -> None:
    """Compare the catalogue, the index and the objects."""
    from assets.index.verification import verify as verified

    report = verified(platform, progress=lambda what: say(f"comparing: {what}"))
    if as_json:
        print_json({**asdict(report), "ok": report.ok})
    else:
        print_table(["what", "found"], list(asdict(report).items()))
        click.echo(
            "Everything that is served is whole."
            if report.ok
            else "Something is not whole. Next: hrdp refresh --full, then hrdp verify again; what is missing even then has"
            " to come from a backup"
        )
    if not report.ok:
        sys.exit(1)


@click.command("dagster-home")
@with_platform
def print_dagster_home(platform: Platform) -> None:
    """Set up Dagster's own folder and print it, for DAGSTER_HOME."""
    from orchestration.local_runs import dagster_home

    click.echo(dagster_home(platform))
