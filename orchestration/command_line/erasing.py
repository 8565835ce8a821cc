"""`hrdp erase`."""

from dataclasses import asdict

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform


@click.command()
@click.argument("person_id")
@json_option
@with_platform
def erase(platform: Platform, person_id: str, as_json: bool) -> None:
    """Erase PERSON_ID for good: the id as a file had it, or the platform's own (person-…).

    Their key is destroyed, their rows go from every batch, dataset and derived file, and every dataset that held them is
    named. It waits for intakes and builds that are under way; an interrupted one is run again.
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
    elif done.snapshots:
        click.echo("Next: hrdp dataset build, and train again what was trained on those datasets")
