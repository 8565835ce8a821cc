"""`hrdp document show` and `hrdp quarantine`."""

from dataclasses import asdict

import click

from assets.platform import Platform
from orchestration.command_line.output import as_of_option, json_option, print_json, print_table, with_platform


@click.group()
def document() -> None:
    """Documents as they are served."""


@document.command("show")
@click.argument("document_id")
@click.option("--version", help="A version's hash, or the beginning of one.")
@as_of_option
@json_option
@with_platform
def show(platform: Platform, document_id: str, version: str | None, as_of: int | None, as_json: bool) -> None:
    """Print DOCUMENT_ID (SOURCE/path), as it applies now, applied on a day, or in a version."""
    from assets.documents.showing import show as shown

    found = shown(platform, document_id, version=version, as_of=as_of)
    if as_json:
        print_json(
            {
                "document_id": found.document_id,
                **asdict(found.shown),
                "text": found.text,
                "versions": [asdict(each) for each in found.versions],
            }
        )
        return
    click.echo(found.text + "\n")
    print_table(
        ["version", "valid from", "valid to", "recorded"],
        [
            (
                ("* " if each == found.shown else "") + each.version[:12],
                each.valid_from or "always",
                each.valid_to or "",
                str(each.recorded_at)[:19],
            )
            for each in found.versions
        ],
    )


@click.command()
@click.option("--source", help="Only this source.")
@json_option
@with_platform
def quarantine(platform: Platform, source: str | None, as_json: bool) -> None:
    """What could not be read, and what to do about it."""
    from assets.documents.quarantine import standing
    from assets.documents.registry import find

    if source is not None:
        find(platform.catalogue, source)
    with platform.catalogue.read() as connection:
        found = standing(connection, source)
    if as_json:
        print_json({"quarantined": [asdict(each) for each in found]})
    elif found:
        print_table(
            ["document", "reason", "what to do"], [(each.document_id, each.reason, each.advice) for each in found]
        )
    else:
        click.echo("Nothing is in quarantine.")
