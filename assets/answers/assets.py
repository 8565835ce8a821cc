"""The asset of how good answers are."""

from dataclasses import asdict

import dagster as dg

from assets.answers.columns import QUALITY_COLUMNS
from assets.platform import Platform
from orchestration.materialization import OWNERS, Events, clear_failures, columns


@dg.asset(
    deps=["search_index"],
    group_name="rules",
    kinds={"python"},
    owners=OWNERS,
    metadata=columns(QUALITY_COLUMNS),
    check_specs=[
        dg.AssetCheckSpec(
            "citations_stand",
            asset="answer_quality",
            description="Every quote of every answer stands word for word where its citation says.",
        )
    ],
)
def answer_quality(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Events:
    """How often answers quote what was asked for, how often the unanswerable is refused, and how long an answer takes.

    Each question goes on record as any other does.
    """
    from assets.answers import quality
    from orchestration.demo.repository import SAMPLES

    with clear_failures(platform):
        report = quality.measure(platform, SAMPLES / "questions.jsonl")
    figures = {name: value for name, value in asdict(report).items() if value is not None}
    yield dg.MaterializeResult(
        metadata=figures,
        check_results=[
            dg.AssetCheckResult(
                check_name="citations_stand",
                passed=report.citation_correct in (None, 1.0),
                metadata={"quotes": report.citations},
            )
        ],
    )
