"""`hrdp backup`, `hrdp restore` and `hrdp index copy`."""

import time
from dataclasses import asdict

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, say, with_platform

BACKENDS = ("lancedb", "weaviate")
_SECONDS_BETWEEN_LINES = 2.0


class _Steps:
    """Tells on standard error how far the work is: a line for each step, and one now and then within it."""

    def __init__(self) -> None:
        self._step = ""
        self._told_at = 0.0

    def __call__(self, step: str, done: int, total: int | None) -> None:
        if step == self._step and (time.monotonic() - self._told_at < _SECONDS_BETWEEN_LINES):
            return
        self._step, self._told_at = step, time.monotonic()
        of = f" of {total:,}" if total else ""
        say(f"{step}: {done:,}{of}" if done or total else step)


@click.command()
@click.argument("prefix")
@json_option
@with_platform
def backup(platform: Platform, prefix: str, as_json: bool) -> None:
    """Copy the whole platform to PREFIX, a folder (file:///…) or s3://bucket/prefix.

    Catalogue, ledger, objects, and what it takes to make the index again. Refreshes may go on meanwhile. Further backups to
    the same PREFIX copy only what is new. Sources' caches, settings, passwords and Dagster's own state are not part of it.
    """
    from assets.backup.taking import backup as taken

    started = time.monotonic()
    report = taken(platform, prefix, _Steps())
    seconds = round(time.monotonic() - started, 3)
    if as_json:
        print_json({**asdict(report), "seconds": seconds})
        return
    click.echo(
        f"Backup {report.backup}: {report.objects:,} objects ({report.size_bytes / 1e6:,.1f} MB), {report.copied:,} of them new,"
        f" and {sum(report.tables.values()):,} rows of the catalogue, in {seconds:.1f} s."
    )
    if report.generation and report.index_checksum is None:
        click.echo("The index could not be reached; a restore makes it again from the rest.")
    click.echo(f"Next: hrdp restore {report.prefix}, with HRDP_HOME and the stores set to new places")


@click.command()
@click.argument("prefix")
@click.option("--backup", "backup_id", metavar="ID", help="This backup, not the latest one.")
@json_option
@with_platform
def restore(platform: Platform, prefix: str, backup_id: str | None, as_json: bool) -> None:
    """Bring a platform back from the latest backup at PREFIX, into an empty one.

    HRDP_HOME, HRDP_CATALOGUE, HRDP_OBJECTS and HRDP_INDEX say where to: these may be other kinds of stores than those that
    were backed up. Everything is verified; an interrupted restore is run again.
    """
    from assets.backup.restoring import restore as restored

    started = time.monotonic()
    report = restored(platform, prefix, backup_id, _Steps())
    seconds = round(time.monotonic() - started, 3)
    if as_json:
        print_json({**asdict(report), "seconds": seconds})
        return
    click.echo(
        f"Restored {report.backup}: {report.documents:,} documents, {report.chunks:,} chunks, {report.objects:,} objects;"
        f" generation {report.generation} is served, verified in full, in {seconds:.1f} s."
    )
    for name in report.sources_without_password:
        click.echo(
            f"The address of {name} had a password, which no backup holds: hrdp source remove {name}, then add it anew."
        )
    click.echo("Next: hrdp search 'your question', or hrdp plan")


@click.group()
def index() -> None:
    """The search index."""


@index.command("copy")
@click.option("--to", required=True, type=click.Choice(BACKENDS), help="The backend that gets the index.")
@json_option
@with_platform
def copy(platform: Platform, to: str, as_json: bool) -> None:
    """Make the served index in another backend, without embedding anything again, and compare it with the present one."""
    from assets.backup.copying import copy_index

    if to == platform.settings.index:
        raise click.UsageError(f"the index is in {to} already (HRDP_INDEX): name the other one")
    started = time.monotonic()
    steps, done = _Steps(), 0

    def heard(rows: int) -> None:
        nonlocal done
        done += rows
        steps("rows", done, None)

    report = copy_index(platform, to, heard)
    seconds = round(time.monotonic() - started, 3)
    if as_json:
        print_json({**asdict(report), "setting": f"HRDP_INDEX={to}", "seconds": seconds})
        return
    click.echo(
        f"Copied {report.rows:,} rows to {to} in {seconds:.1f} s; {report.served_rows:,} are served in generation"
        f" {report.generation}, with the checksum {report.checksum[:16]}… as in {platform.settings.index}."
    )
    click.echo(f"Next: set HRDP_INDEX={to}, then hrdp verify")
