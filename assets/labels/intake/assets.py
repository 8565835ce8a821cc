"""The asset of labelled resumes as they came in: batch by batch, anonymized."""

from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.labels.intake.columns import BATCH_COLUMNS
from assets.platform import Platform
from orchestration.materialization import OWNERS, TASKS, columns, private_failures, progress, tables

if TYPE_CHECKING:
    from assets.labels.intake.watching import Taken


@dg.asset(
    partitions_def=TASKS,
    group_name="judgements",
    kinds={"python", "parquet"},
    owners=OWNERS,
    metadata=columns(BATCH_COLUMNS),
)
def label_batches(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    """Labelled resumes of a task, in batches that are only ever added to. Personal items are replaced before anything is
    stored; the originals are kept encrypted.

    Takes in what is new or has changed in the watched places; `hrdp labels add` takes in a file. What can't be taken goes to the
    quarantine with a reason; a place that can't be listed changes nothing, and a file that vanished takes nothing back.
    """
    from assets.labels.intake.watching import take_in_all

    with private_failures(platform):
        taken = take_in_all(platform, context.partition_key, progress(context, "rows anonymized"))
    return dg.MaterializeResult(
        metadata=arrivals(taken),
        data_version=dg.DataVersion(taken.data_version),
    )


def arrivals(taken: "Taken") -> dict[str, Any]:
    """What came in, as metadata."""
    return {**taken.counts, **tables({"new batches": taken.new, "quarantine": taken.quarantine})}
