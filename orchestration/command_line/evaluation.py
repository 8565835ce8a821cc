"""`hrdp evaluate …`."""

import time
from dataclasses import asdict
from pathlib import Path

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_json, print_table, with_platform


@click.group()
def evaluate() -> None:
    """Measure what is served."""


@evaluate.command("retrieval")
@click.option("--questions", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--k", "depth", default=10, show_default=True, type=click.IntRange(1, 1000))
@json_option
@with_platform
def retrieval(platform: Platform, questions: Path, depth: int, as_json: bool) -> None:
    """Recall, MAP and nDCG of the search on FILE.jsonl: {question, relevant: [{document_id, quote?}], as_of?}."""
    from assets.index.retrieval_evaluation import evaluate_retrieval, read_questions

    started = time.monotonic()
    report = evaluate_retrieval(platform, read_questions(questions), depth)
    values = {**asdict(report), "seconds": round(time.monotonic() - started, 3)}
    if as_json:
        print_json(values)
    else:
        print_table(["measure", "value"], list(values.items()))


@evaluate.command("answers")
@click.option("--questions", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_platform
def answers(platform: Platform, questions: Path, as_json: bool) -> None:
    """Quotes, citations and refusals on FILE.jsonl: {question, quotes: [...], as_of?} or {question, refuse: true}."""
    from rich.console import Console
    from rich.progress import Progress

    from assets.answers.evaluation import evaluate_answers, read_answer_questions

    started = time.monotonic()
    asked = read_answer_questions(questions)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=len(asked))
        report = evaluate_answers(platform, asked, progress=lambda done: bar.update(task, completed=done))
    values = {**asdict(report), "generator": platform.generator.name, "seconds": round(time.monotonic() - started, 3)}
    if as_json:
        print_json(values)
    else:
        print_table(["measure", "value"], list(values.items()))
