"""`hrdp source …` and `hrdp settings`."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from assets.documents.registry import KINDS, without_secrets
from assets.platform import BadSetting, Platform, Settings
from orchestration.command_line.output import json_option, print_json, print_table, with_platform


@click.group()
def source() -> None:
    """Where documents come from."""


@source.command("add")
@click.argument("name")
@click.argument("location")
@click.option("--kind", required=True, type=click.Choice(KINDS), help="What its documents are.")
@click.option("--jurisdiction", help="Where the rules apply, as a short code of your own.")
@click.option("--ref", help="Branch or tag of a git source.")
@click.option("--include", multiple=True, metavar="GLOB", help="Only these paths; may be given several times.")
@click.option("--look-every", type=click.IntRange(min=1), metavar="SECONDS", help="How often the sensor looks at it.")
@json_option
@with_platform
def add(
    platform: Platform,
    name: str,
    location: str,
    kind: str,
    jurisdiction: str | None,
    ref: str | None,
    include: tuple[str, ...],
    look_every: int | None,
    as_json: bool,
) -> None:
    """Register NAME at LOCATION.

    LOCATION is a directory, a git repository or bundle, a .jsonl file, an s3:// prefix, or an http(s):// address.
    """
    from assets.documents import registry
    from assets.documents.sources.base import SourceSpec, SourceUnavailable
    from assets.documents.sources.open import absolute_location

    spec = SourceSpec(name, kind, absolute_location(location), jurisdiction, ref, include)
    try:
        registry.check(spec)
    except registry.SourceProblem as problem:
        raise click.UsageError(str(problem)) from None
    opened = platform.open_source(spec)
    try:
        opened.look()
    except SourceUnavailable as problem:
        raise click.ClickException(f"{str(problem).rstrip('.')}. Nothing was registered.") from None
    registry.add(platform.catalogue, spec, look_seconds=look_every)
    if as_json:
        print_json(_as_json(spec))
    else:
        click.echo(f"Registered {name} at {without_secrets(spec.location)}. Next: hrdp plan, then hrdp refresh")


@source.command("list")
@json_option
@with_platform
def list_sources(platform: Platform, as_json: bool) -> None:
    """The registered sources."""
    from assets.documents import registry
    from assets.lineage.moments import iso

    known = registry.listed(platform.catalogue)
    if as_json:
        print_json(
            {
                "sources": {
                    each.spec.name: {
                        **_as_json(each.spec),
                        "documents": each.documents,
                        "refreshed_at": None if each.refreshed_at is None else iso(each.refreshed_at),
                    }
                    for each in known
                }
            }
        )
    elif not known:
        click.echo("No sources yet. Next: hrdp source add NAME LOCATION --kind regulation|handbook|policy")
    else:
        print_table(
            ["name", "kind", "documents", "refreshed", "location"],
            [
                (
                    each.spec.name,
                    each.spec.kind,
                    each.documents,
                    "never" if each.refreshed_at is None else str(iso(each.refreshed_at))[:19],
                    without_secrets(each.spec.location),
                )
                for each in known
            ],
        )


@source.command("remove")
@click.argument("name")
@json_option
@with_platform
def remove(platform: Platform, name: str, as_json: bool) -> None:
    """Stop watching NAME; the next refresh ends its documents (a search as of an earlier date still finds them)."""
    from assets.documents import registry

    registry.remove(platform.catalogue, name)
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        click.echo(f"Removed {name}. Next: hrdp refresh, which ends its documents")


@click.command()
@json_option
def settings(as_json: bool) -> None:
    """Print the settings in force, secrets masked."""
    try:
        values = Settings.from_environment()
    except BadSetting as problem:
        raise click.UsageError(str(problem)) from None
    shown: dict[str, Any] = {}
    for field in fields(Settings):
        value = getattr(values, field.name)
        shown[f"HRDP_{field.name.upper()}"] = without_secrets(str(value)) if isinstance(value, str | Path) else value
    shown["HRDP_WEAVIATE_API_KEY"] = "***" if values.weaviate_api_key else ""
    shown["HRDP_GENERATOR_KEY"] = "***" if values.generator_key else ""
    shown["HRDP_SERVICE_KEY"] = "***" if values.service_key else ""
    shown["HRDP_VAULT_KEY"] = "***" if values.vault_key else ""
    shown["HRDP_SIGNING_KEY"] = "***" if values.signing_key else ""
    shown["HRDP_CATALOGUE"] = without_secrets(values.catalogue_url)
    shown["HRDP_OBJECTS"] = without_secrets(values.objects_url)
    if as_json:
        print_json(shown)
    else:
        print_table(["setting", "value"], list(shown.items()))


def _as_json(spec: Any) -> dict[str, Any]:
    return {
        "name": spec.name,
        "kind": spec.kind,
        "location": without_secrets(spec.location),
        "jurisdiction": spec.jurisdiction,
        "ref": spec.ref,
        "include": list(spec.include),
    }
