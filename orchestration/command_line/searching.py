"""`hrdp search`."""

from dataclasses import asdict

import click

from assets.documents.registry import KINDS
from assets.platform import Platform
from orchestration.command_line.output import as_of_option, json_option, print_json, with_platform


@click.command()
@click.argument("query")
@click.option("--k", "limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many passages.")
@as_of_option
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind of source.")
@click.option("--jurisdiction", help="Only rules of this jurisdiction.")
@click.option("--source", help="Only this source.")
@json_option
@with_platform
def search(
    platform: Platform,
    query: str,
    limit: int,
    as_of: int | None,
    kind: str | None,
    jurisdiction: str | None,
    source: str | None,
    as_json: bool,
) -> None:
    """Find the passages that bear on QUERY, as they apply now or applied on a day."""
    from assets.documents.registry import find
    from assets.index.searching import search as found

    if not query.strip():
        raise click.UsageError("the query is empty: write what you look for")
    if any("\ud800" <= character <= "\udfff" for character in query):
        raise click.UsageError("the query is not UTF-8 text: write it again")
    if source is not None:
        find(platform.catalogue, source)
    results = found(platform, query, k=limit, as_of=as_of, kind=kind, jurisdiction=jurisdiction, source=source)
    if as_json:
        print_json({"results": [asdict(result) for result in results]})
        return
    if not results:
        click.echo("Nothing was found. Next: other words, another --as-of, or hrdp source list")
    for position, result in enumerate(results, 1):
        title = [] if result.title in ("", *result.heading_path[:1]) else [result.title]
        place = " > ".join([*title, *result.heading_path]) or result.document_id
        click.secho(f"{position}. {place}", bold=True)
        since = result.valid_from or "always"
        until = f" to {result.valid_to}" if result.valid_to else ""
        click.echo(f"   {result.document_id} [{result.start}:{result.end}], valid from {since}{until}")
        click.echo(click.wrap_text(result.text, 110, "   ", "   ", preserve_paragraphs=True) + "\n")
