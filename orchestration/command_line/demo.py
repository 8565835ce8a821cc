"""`hrdp demo`: the main jobs on the bundled samples, from documents to an answer and from labelled resumes to a decision about a
model.
"""

import time
from dataclasses import replace
from typing import Any

import click

from assets.platform import Platform
from orchestration.command_line.asking import as_values
from orchestration.command_line.output import json_option, print_json, print_table, say, with_platform

QUESTION = "How much is the flat payment for a week of on-call duty?"
EARLIER = "2023-06-01"
TASK = "job-category"
_EPOCHS = 2
"""Enough for synthetic resumes, which say plainly what they are."""


@click.command()
@json_option
@with_platform
def demo(platform: Platform, as_json: bool) -> None:
    """Load the bundled handbook and labor rules and ask them a question; make a dataset and a model of synthetic resumes."""
    from assets.answers.answering import answer
    from assets.documents import registry
    from assets.documents.sources.base import SourceSpec
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
    now, earlier = answer(platform, QUESTION), answer(platform, QUESTION, as_of=parse_as_of(EARLIER))
    dataset = _dataset(platform)
    values: dict[str, Any] = {
        "sources": {run.source: run.seconds for run in done},
        "documents": report.documents,
        "chunks": report.chunks,
        "quarantined": _quarantined(platform),
        "index": {"entries": report.index_entries, "generation": report.generation, "ok": report.ok},
        "answer": {"question": QUESTION, "now": as_values(now), EARLIER: as_values(earlier)},
        "dataset": dataset,
        "model": _model(platform),
        "seconds": round(time.monotonic() - started, 1),
    }
    if as_json:
        print_json(values)
    else:
        _print(values)
    if not report.ok:
        raise click.ClickException("something of what is served is not whole: hrdp verify says what")


def _dataset(platform: Platform) -> dict[str, Any]:
    from assets.labels.intake.adding import add_labels
    from assets.labels.intake.identity import ReadOptions
    from assets.labels.snapshots.reading import latest
    from assets.labels.snapshots.showing import show
    from orchestration.demo.resumes import write_resumes
    from orchestration.local_runs import LocalRuns

    say("making synthetic resumes, and anonymizing them")
    batch = add_labels(platform, write_resumes(platform.home / "demo" / "resumes.jsonl"), TASK, ReadOptions())
    say(f"building the dataset of {TASK}")
    with LocalRuns(platform) as runs:
        run = runs.build_dataset(TASK)
    if run.problem:
        raise click.ClickException(run.problem)
    if run.failed_checks:
        failed = "; ".join(f"{name}: {told}" for name, told in run.failed_checks.items())
        raise click.ClickException(f"no dataset was published, because a check failed ({failed})")
    with platform.catalogue.read() as connection:
        version = latest(connection, TASK)
    shown = show(platform, version)
    return {
        "task": TASK,
        "resumes": batch.rows,
        "version": shown.version,
        "train": shown.train,
        "validation": shown.validation,
        "test": shown.test,
        "groups": shown.groups,
        "classes": len(shown.classes),
        "seconds": run.seconds,
    }


def _model(platform: Platform) -> dict[str, Any]:
    from assets.models.artifacts.finding import find
    from assets.models.promotion.decisions import decided
    from orchestration.local_runs import LocalRuns

    say(f"training a model of {TASK}")
    trainer = Platform(replace(platform.settings, training_epochs=_EPOCHS))
    with LocalRuns(trainer) as runs:
        run = runs.train(TASK)
    if run.version is None:
        raise click.ClickException(str(run.problem))
    with platform.catalogue.read() as connection:
        metrics = find(connection, run.version).summary["metrics"]
        decision = decided(connection, version=run.version)[0]
    score = metrics["decisive"]
    return {
        "task": TASK,
        "version": run.version,
        "score": score,
        "candidate": round(metrics[score], 4),
        "baseline": round(metrics["baseline"][score], 4),
        "outcome": decision.outcome,
        "failed": {gate.name: gate.told for gate in decision.failed},
        "seconds": run.seconds,
    }


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
    for when, given in (("today", answer["now"]), (f"on {EARLIER}", answer[EARLIER])):
        click.echo(f"\n{when}:" + (f" no answer, {given['reason']}" if given["refused"] else ""))
        for citation in given["citations"]:
            click.echo(click.wrap_text(citation["sentence"], 110, "  ", "  "))
            click.echo(f"  {citation['document_id']} [{citation['start']}:{citation['end']}]")
        if given["reason"] and not given["refused"]:
            click.echo(f"  Mind: {given['reason']}.")
    dataset = values["dataset"]
    click.secho(f"\nA dataset of {dataset['resumes']} labelled resumes, anonymized", bold=True)
    print_table(
        ["version", "train", "validation", "test", "groups of near-duplicates", "classes", "seconds"],
        [
            (
                dataset["version"][:12],
                *(dataset[name] for name in ("train", "validation", "test", "groups", "classes", "seconds")),
            )
        ],
    )
    model = values["model"]
    click.secho(f"\nA model of {model['task']}, measured as it would be served", bold=True)
    print_table(
        ["version", model["score"], "plain baseline", "decision", "seconds"],
        [(model["version"][:12], model["candidate"], model["baseline"], model["outcome"], model["seconds"])],
    )
    for name, told in model["failed"].items():
        click.echo(click.wrap_text(f"{name}: {told}.", 110, "  ", "  "))
    click.echo(
        "\nNext: hrdp ask 'your own question', hrdp search WORDS, hrdp quarantine, hrdp source add NAME LOCATION --kind KIND,"
        "\nhrdp labels add FILE --task TASK, hrdp dataset show, hrdp models show"
        f" {model['version'][:12]}, hrdp serve;"
        "\nmake dev shows the asset graph in a browser."
    )
