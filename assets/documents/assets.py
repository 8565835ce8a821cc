"""The asset of parsed, versioned documents: the first step of a source's refresh."""

from dataclasses import asdict

import dagster as dg

from assets.documents.columns import COLUMNS
from assets.platform import Platform
from orchestration.materialization import (
    FULL_LOOK_TAG,
    OWNERS,
    SOURCES,
    clear_failures,
    columns,
    pictures,
    progress,
    tables,
)


@dg.asset(
    partitions_def=SOURCES,
    group_name="rules",
    kinds={"python", "file"},
    owners=OWNERS,
    metadata=columns(COLUMNS),
    pool="refresh",
)
def documents(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """Parsed documents of a source, every version dated twice: when it applies, and since when the platform knows it.

    Only what changed is read. A text that can't be read goes to the quarantine with a reason; what was served of it stays.
    A source that can't be listed as a whole changes nothing.
    """
    from assets.documents import reports
    from assets.index import refresh

    source = context.partition_key
    with clear_failures(platform):
        full = context.run.tags.get(FULL_LOOK_TAG) == "true"
        counts = refresh.stage_documents(
            platform, source, context.run.run_id, full=full, progress=progress(context, "documents")
        )
        report = reports.staged_documents(platform, source)
    return dg.MaterializeResult(
        metadata={
            **asdict(counts),
            **tables({"what changed": report.changes, "quarantine": report.quarantine}),
            **pictures({"new versions by month": report.plot}),
            "dagster/partition_row_count": counts.added + counts.changed + counts.unchanged,
        },
        data_version=dg.DataVersion(report.data_version),
    )
