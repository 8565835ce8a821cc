"""The sensor that watches every source. What it does at a tick is imported by the tick."""

import dagster as dg

from orchestration.jobs import rebuild, refresh


@dg.sensor(
    name="watch_sources",
    jobs=[refresh, rebuild],
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=5,
    description="Looks at every source on its own interval and refreshes those that differ from what is served.",
)
def watch_sources(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Level-triggered: what a lost tick, a failed run or a change in mid-run left undone is seen again by the next tick."""
    from orchestration.watching import tick

    return tick(context)
