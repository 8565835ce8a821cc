"""The nightly look at everything."""

from collections.abc import Iterator
from contextlib import closing

import dagster as dg

from orchestration.jobs import refresh, verify
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


nightly_verify = dg.ScheduleDefinition(
    name="nightly_verify",
    cron_schedule="15 5 * * *",
    job=verify,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Verifies that everything served is whole.",
)
