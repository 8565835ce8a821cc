"""`hrdp demo`: the main job on the bundled samples."""

import time
from typing import Any

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

QUESTION = "How much is the flat payment for a week of on-call duty?"
EARLIER = "2023-06-01"


@click.command()
@json_option
@with_platform
def demo(platform: Platform, as_json: bool) -> None:
    """Load the bundled handbook and labor rules, through Dagster, and search them."""
    from assets.documents import registry
    from assets.documents.sources.base import SourceSpec
    from assets.index.searching import search
    from assets.index.verification import verify
    from assets.lineage.moments import parse_as_of
    from orchestration.demo.repository import SAMPLES, make_repository
    from orchestration.local_runs import LocalRuns

    started = time.monotonic()
    say("making the handbook's git repository from its dated revisions")
    handbook = make_repository(SAMPLES / "handbook" / "revisions", platform.home / "demo" / "handbook.git")
    specs = [
        SourceSpec("handbook", "handbook", str(handbook)),
        SourceSpec("rules", "regulation", str(SAMPLES / "rules"), jurisdiction="XT"),
    ]
    for spec in specs:
        registry.add(platform.catalogue, spec)
    with LocalRuns(platform) as runs:
        runs.rebuild_if_needed(say)
        done = [runs.refresh(spec.name, full=False, say=say) for spec in specs]
    for run in done:
        if run.problem:
            raise click.ClickException(f"{run.source}: {run.problem}")
    report = verify(platform)
    best = search(platform, QUESTION, k=1)[0]
    earlier = search(platform, QUESTION, k=1, as_of=parse_as_of(EARLIER))[0]
    values: dict[str, Any] = {
        "sources": {run.source: run.seconds for run in done},
        "documents": report.documents,
        "chunks": report.chunks,
        "quarantined": _quarantined(platform),
        "index": {"entries": report.index_entries, "generation": report.generation, "ok": report.ok},
        "answer": {
            "question": QUESTION,
            "now": {"quote": best.text, "document_id": best.document_id, "valid_from": best.valid_from},
            EARLIER: {"quote": earlier.text, "document_id": earlier.document_id, "valid_to": earlier.valid_to},
        },
        "dataset": None,
        "model": None,
        "seconds": round(time.monotonic() - started, 1),
    }
    if as_json:
        print_json(values)
    else:
        _print(values)
    if not report.ok:
        raise click.ClickException("something of what is served is not whole: hrdp verify says what")


def _quarantined(platform: Platform) -> list[dict[str, str]]:
    from assets.documents.quarantine import standing

    with platform.catalogue.read() as connection:
        return [{"document_id": each.document_id, "reason": each.reason} for each in standing(connection)]


def _print(values: dict[str, Any]) -> None:
    index = values["index"]
    print_table(
        ["documents", "chunks", "index entries", "in quarantine", "generation", "whole", "seconds"],
        [
            (
                values["documents"],
                values["chunks"],
                index["entries"],
                len(values["quarantined"]),
                index["generation"],
                "yes" if index["ok"] else "no",
                values["seconds"],
            )
        ],
    )
    answer = values["answer"]
    click.secho(f"\n{answer['question']}", bold=True)
    for when, found in (("today", answer["now"]), (f"on {EARLIER}", answer[EARLIER])):
        click.echo(f"\n{when}, {found['document_id']}:")
        click.echo(click.wrap_text(found["quote"], 110, "  ", "  ", preserve_paragraphs=True))
    click.echo(
        "\nNext: hrdp search 'your own question', hrdp quarantine, hrdp source add NAME LOCATION --kind KIND;"
        "\nmake dev shows the asset graph in a browser."
    )
