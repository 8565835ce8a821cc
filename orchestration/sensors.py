"""The sensors that watch every source and every place of labels. What they do at a tick is imported by the tick."""

import dagster as dg

from orchestration.jobs import labels, rebuild, refresh


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


@dg.sensor(
    name="watch_labels",
    job=labels,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=5,
    description="Looks at every place that is watched for labelled resumes and takes in what differs from what came in.",
)
def watch_labels(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Level-triggered, as the sources' sensor is."""
    from orchestration.label_watching import tick

    return tick(context)
