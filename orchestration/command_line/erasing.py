"""`hrdp erase`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assets.labels.erasure import TrainedModel


@click.command()
@click.argument("person_id")
@json_option
@with_platform
def erase(platform: Platform, person_id: str, as_json: bool) -> None:
    """Erase PERSON_ID for good: the id as a file had it, or the platform's own (person-…).

    Their key is destroyed, what was predicted of their labelled texts is wiped, their rows go from every batch, dataset and
    derived file, and every dataset that held them is named, as is every model that was trained on one. It waits for intakes
    and builds that are under way; an interrupted one is run again.
    """
    from assets.labels.erasing import erase as erased

    done = erased(platform, person_id, say)
    if as_json:
        print_json({"person_id": done.person_id, "erased": True, **asdict(done)})
        return
    removed = done.removed
    print_table(
        ["what", "where"],
        [
            ("the person's key", "vault"),
            (f"{removed.rows:,} rows and originals", f"{len(done.batches):,} batches, written anew without them"),
            (f"{removed.texts:,} texts", ", ".join(done.snapshots) or "no dataset held them"),
            (f"the outputs of {done.predictions:,} predictions", "catalogue, which keeps that they were made"),
            ("derived files", ", ".join(f"warehouse of {task}" for task in removed.warehouses) or "none"),
        ],
        title=f"Erased {done.person_id}",
    )
    click.echo(f"Proof: entry {done.proof} of the ledger.")
    if done.backups:
        click.echo(
            f"These backups hold what was erased, and the key to it: {', '.join(done.backups)}. Next: remove them where they"
            " lie, and take a new one (hrdp backup PREFIX)"
        )
    if done.models:
        _say_models(done.models)
    elif done.snapshots:
        click.echo("Next: hrdp dataset build --task TASK")


def _say_models(models: "Sequence[TrainedModel]") -> None:
    """Which models learned from what was erased, and what to do about those that are served."""
    print_table(
        ["version", "task", "dataset", "served"],
        [(each.version[:12], each.task, each.dataset_version[:12], each.is_champion) for each in models],
        title="Models that learned from those datasets",
    )
    served = sorted({each.task for each in models if each.is_champion})
    for task in served:
        click.echo(
            f"Next: hrdp dataset build --task {task}, then hrdp train --task {task}, to serve a model without them"
        )
    if served:
        click.echo(
            "The new model takes its place where it is not noticeably worse, since this one has learned from the person"
        )
    else:
        click.echo("None of them is served; don't promote one or roll back to it")
