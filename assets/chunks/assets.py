"""The asset of validated chunks: the second step of a source's refresh."""

from collections.abc import Iterator

import dagster as dg

from assets.chunks.checks import CHECKS, results
from assets.chunks.columns import COLUMNS
from assets.platform import Platform
from orchestration.materialization import OWNERS, SOURCES, clear_failures, columns, pictures, progress

ChunkEvents = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


@dg.asset(
    deps=["documents"],
    partitions_def=SOURCES,
    group_name="rules",
    kinds={"python", "greatexpectations"},
    owners=OWNERS,
    metadata=columns(COLUMNS),
    check_specs=CHECKS,
    pool="refresh",
)
def chunks(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> ChunkEvents:
    """Documents cut along their structure into passages that fit the embedding model, each with its exact span.

    Great Expectations validates every new chunk. A document with one that fails goes to the quarantine as a whole; when so
    many fail that the cause can't be in the documents, the check fails and nothing goes further.
    """
    from assets.chunks import reports
    from assets.index import refresh

    source = context.partition_key
    with clear_failures(platform):
        report = refresh.stage_chunks(platform, source, context.run.run_id, progress=progress(context, "documents cut"))
        plot = reports.length_plot(platform, source)
    yield dg.MaterializeResult(
        metadata={
            "documents cut": report.documents,
            "new chunks validated": report.chunks,
            "documents sent to quarantine": report.failed_documents,
            **pictures({"length of new chunks": plot}),
        },
        check_results=results(report, source, platform.settings.quarantine_share),
    )
