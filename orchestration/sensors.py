"""The sensors that watch every source, every place of labels, the datasets and the models. What they do at a tick is imported
by the tick.
"""

import dagster as dg

from orchestration.jobs import dataset, labels, rebuild, refresh, train


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


@dg.sensor(
    name="build_datasets",
    job=dataset,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=5,
    description="Builds a task's dataset where labels came in, or were taken out, since it was built.",
)
def build_datasets(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Level-triggered too. Labels that failed a blocking check are built again when there are others."""
    from orchestration.dataset_watching import tick

    return tick(context)


@dg.sensor(
    name="retrain",
    job=train,
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=5,
    description="Trains a task's model when its dataset grew by enough new groups of resumes.",
)
def retrain(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """Level-triggered too: never for copies of resumes, and never twice for what was decided on."""
    from orchestration.retraining import tick

    return tick(context)
