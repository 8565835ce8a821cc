"""The check that labels still come in."""

import dagster as dg

from assets.platform import Platform
from orchestration.materialization import clear_failures


@dg.asset_check(
    asset="labelled_resumes",
    name="labels_are_fresh",
    description="dbt: each task's newest label is at most 90 days old. A warning, and an error after a year; it blocks nothing.",
)
def labels_are_fresh(platform: dg.ResourceParam[Platform]) -> dg.AssetCheckResult:
    from assets.labels.tasks import TASKS
    from assets.labels.warehouse.freshness import freshness

    with clear_failures(platform):
        found = [each for task in TASKS if (each := freshness(platform, task))]
    return dg.AssetCheckResult(
        passed=all(each.status == "pass" for each in found),
        severity=dg.AssetCheckSeverity.ERROR
        if any(each.status == "error" for each in found)
        else dg.AssetCheckSeverity.WARN,
        metadata={f"days since the last label of {each.task}": round(each.days, 1) for each in found},
    )
