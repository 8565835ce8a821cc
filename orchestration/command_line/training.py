"""`hrdp train`: labelled resumes become a model, and one recorded decision says whether it is served."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from assets.platform import Platform
from orchestration.command_line.labels import task_option
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

if TYPE_CHECKING:
    from assets.models.artifacts.finding import Packaged
    from assets.models.promotion.decisions import Decision
    from orchestration.local_runs import LocalRuns

_CHAPTERS = ("baseline", "gates")
"""Parts of the metrics that are printed on their own."""


@click.command()
@task_option
@json_option
@with_platform
def train(platform: Platform, task: str, as_json: bool) -> None:
    """Train a task's model through the Dagster job, measure it as it is served, and decide whether it is the new champion.

    The dataset is built first where labels are newer than it. A candidate that is refused is a result too: the command fails
    only where nothing could be decided.
    """
    from assets.models.artifacts.finding import find
    from assets.models.artifacts.storing import folder
    from assets.models.promotion.decisions import decided
    from orchestration.local_runs import LocalRuns

    with LocalRuns(platform) as runs:
        if runs.needs_dataset(task):
            _build_dataset(runs, task)
        say(f"training on the dataset of {task}")
        run = runs.train(task)
    if run.version is None:
        raise click.ClickException(str(run.problem))
    with platform.catalogue.read() as connection:
        known = find(connection, run.version)
        decision = decided(connection, version=run.version)[0]
    if as_json:
        metrics = known.summary["metrics"]
        print_json(
            {
                "model_version": known.version,
                "dataset_version": known.dataset_version,
                "metrics": {name: value for name, value in metrics.items() if name not in _CHAPTERS},
                "baseline": metrics.get("baseline"),
                "decision": {"outcome": decision.outcome, "gates": [asdict(gate) for gate in decision.gates]},
                "artifact_uri": f"{platform.settings.objects_url}/{folder(known.task, known.version)}",
                "run_id": run.run_id,
                "seconds": run.seconds,
            }
        )
        return
    _print(known, decision, run.seconds)


def _build_dataset(runs: "LocalRuns", task: str) -> None:
    say(f"labels are newer than the dataset: building the dataset of {task}")
    built = runs.build_dataset(task)
    if built.problem:
        raise click.ClickException(built.problem)
    if built.failed_checks:
        for name, told in built.failed_checks.items():
            click.echo(f"Error: the check {name} of the dataset failed: {told}", err=True)
        say(f"Nothing was trained. Next: correct the labels, add them, and run hrdp train --task {task} again")
        sys.exit(1)


def _print(known: "Packaged", decision: "Decision", seconds: float) -> None:
    from assets.models.artifacts.figures import headline, shown

    rows: list[tuple[Any, ...]] = [
        (each.name, shown(each.value), shown(each.low), shown(each.high)) for each in headline(known.summary["metrics"])
    ]
    print_table(["measured on the test split", "value", "from", "to"], rows)
    print_table(
        ["gate", "passed", "value", "limit", "what it found"],
        [(each.name, each.passed, shown(each.value), shown(each.limit), each.told) for each in decision.gates],
    )
    name = known.version[:12]
    if decision.outcome == "promoted":
        click.echo(f"The model {name} is the champion of {known.task} now, after {seconds:,.0f} s.")
        click.echo(f"Next: hrdp models show {name}")
        return
    failed = ", ".join(each.name for each in decision.failed) or "another promotion, which was faster"
    stays = f"the champion {decision.champion[:12]} stays" if decision.champion else "no model is served"
    click.echo(f"The model {name} was {decision.outcome} because of {failed}: {stays}.")
    click.echo(
        f"Next: add more labelled resumes, which train it again when there are enough of them; hrdp models show {name} shows all"
        f"\nfigures, and hrdp models promote {name} --despite-gates --why TEXT serves it all the same, on record."
    )
