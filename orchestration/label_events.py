"""Tells Dagster of labels that came in outside its runs, by `hrdp labels add`."""

from typing import TYPE_CHECKING

import dagster as dg

from assets.labels.intake.assets import arrivals
from assets.labels.intake.watching import summed_up
from assets.platform import Platform
from orchestration.dagster_database import bound_waiting
from orchestration.local_runs import clear_of_dagster, open_instance

if TYPE_CHECKING:
    from assets.labels.intake.batch_tables import Batch

_DATA_VERSION = "dagster/data_version"


def tell_added(platform: Platform, batch: "Batch") -> None:
    """Records the materialization of `label_batches` that a run of a watched place records. Raises RunsUnavailable."""
    taken = summed_up(platform, batch.task, [batch])
    bound_waiting()
    with clear_of_dagster():
        instance = open_instance(platform)
        try:
            instance.report_runless_asset_event(
                dg.AssetMaterialization(
                    "label_batches",
                    partition=batch.task,
                    metadata=arrivals(taken),
                    tags={_DATA_VERSION: taken.data_version},
                )
            )
        finally:
            instance.dispose()
