"""The nightly look at everything, also where the sensors are off."""

from collections.abc import Iterator
from contextlib import closing

import dagster as dg

from orchestration.jobs import dataset, refresh, train, verify
from orchestration.materialization import FULL_LOOK_TAG, SOURCES


@dg.schedule(
    name="nightly_refresh",
    cron_schedule="15 2 * * *",
    job=refresh,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Reads every source in full, whatever it looks like.",
)
def nightly_refresh(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """One refresh a source."""
    from assets.documents import registry
    from assets.platform import Platform, Settings

    night = context.scheduled_execution_time.date().isoformat()
    known = set(context.instance.get_dynamic_partitions(str(SOURCES.name)))
    with closing(Platform(Settings.from_environment()).catalogue) as catalogue:
        names = [source.spec.name for source in registry.listed(catalogue)]
    for name in names:
        if name in known:
            yield dg.RunRequest(
                run_key=f"nightly:{night}:{name}",
                partition_key=name,
                tags={FULL_LOOK_TAG: "true", "hrdp/reason": "nightly"},
            )


@dg.schedule(
    name="nightly_datasets",
    cron_schedule="15 3 * * *",
    job=dataset,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Builds the datasets that the labels are newer than, as the sensor does.",
)
def nightly_datasets(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """A build for each task that needs one."""
    from assets.platform import Platform, Settings
    from orchestration.dataset_watching import requests

    platform = Platform(Settings.from_environment())
    with closing(platform.catalogue):
        found, notes = requests(context.instance, platform)
    if not found:
        yield dg.SkipReason("; ".join(notes))
    yield from found


@dg.schedule(
    name="nightly_retrain",
    cron_schedule="15 4 * * *",
    job=train,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Trains the models whose datasets grew enough, as the sensor does.",
)
def nightly_retrain(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """A training for each task that is due."""
    from assets.platform import Platform, Settings
    from orchestration.retraining import requests

    platform = Platform(Settings.from_environment())
    with closing(platform.catalogue):
        found, notes = requests(context.instance, platform, {})
    if not found:
        yield dg.SkipReason("; ".join(notes))
    yield from found


nightly_verify = dg.ScheduleDefinition(
    name="nightly_verify",
    cron_schedule="15 5 * * *",
    job=verify,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Verifies that everything served is whole.",
)
