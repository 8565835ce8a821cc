"""The blocking checks of a dataset, from what Great Expectations found, and the goals of anonymizing."""

from collections.abc import Iterator

import dagster as dg

from assets.labels.quality.model import CHECK_NAMES, CheckOutcome
from assets.platform import Platform
from orchestration.materialization import private_failures, say, tables


@dg.multi_asset_check(
    name="dataset_quality",
    specs=[
        dg.AssetCheckSpec(name, asset="dataset", description=description, blocking=True)
        for name, description in CHECK_NAMES.items()
    ],
)
def dataset_quality(
    context: dg.AssetCheckExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.AssetCheckResult]:
    from assets.labels.quality.standing import examine_mart

    with private_failures(platform):
        examination = examine_mart(platform, context.partition_key, lambda text: say(context, text))
    for outcome in examination.outcomes:
        yield _result(outcome)


def _result(outcome: CheckOutcome) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key="dataset",
        check_name=outcome.name,
        passed=outcome.passed,
        severity=dg.AssetCheckSeverity.ERROR if outcome.blocks else dg.AssetCheckSeverity.WARN,
        description="; ".join(outcome.told) or None,
        metadata={**outcome.figures, **tables({"for review": outcome.records})},
    )
