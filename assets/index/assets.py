"""The assets of the served index: embeddings, the index itself, and its rebuild beside the served one."""

from dataclasses import asdict

import dagster as dg

from assets.index import rebuild, refresh
from assets.platform import Platform
from orchestration.materialization import OWNERS, SOURCES, clear_failures, progress, progress_of_all, table


@dg.asset(
    deps=["chunks"], partitions_def=SOURCES, group_name="rules", kinds={"python", "onnx"}, owners=OWNERS, pool="refresh"
)
def embeddings(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """A vector for every chunk text that no earlier refresh has embedded with this model; none is ever embedded twice."""
    with clear_failures(platform):
        embedded = refresh.embed(
            platform, context.partition_key, context.run_id, progress=progress_of_all(context, "chunks have a vector")
        )
    return dg.MaterializeResult(metadata={"embedded": embedded, "model": platform.settings.model})


@dg.asset(
    deps=["embeddings"],
    partitions_def=SOURCES,
    group_name="rules",
    kinds={"python", "lancedb"},
    owners=OWNERS,
    pool="refresh",
)
def search_index(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """The index that searches see. New rows are written and counted, then one transaction serves the next generation.

    Superseded text is closed, not deleted: a search as of an earlier date still finds it.
    """
    with clear_failures(platform):
        served = refresh.write_and_serve(
            platform, context.partition_key, context.run_id, progress=progress(context, "rows written")
        )
    result = served.result
    return dg.MaterializeResult(
        metadata={
            "generation": served.generation,
            "index version": served.index_version or "",
            "documents": table(
                [{"outcome": name, "documents": count} for name, count in asdict(result.documents).items()]
            ),
            "chunks added": result.chunks_added,
            "chunks closed": result.chunks_closed,
            "chunks kept": result.chunks_kept,
            "embedded": result.embedded,
        },
        data_version=dg.DataVersion(f"{served.index_version}/{served.generation}"),
    )


@dg.asset(group_name="rules", kinds={"python", "lancedb"}, owners=OWNERS, pool="refresh")
def rebuilt_index(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    """A new index of everything, built beside the served one when parser, chunker, model or schema changed, then served.

    It reads the stored bytes, not the sources, and embeds only texts that this model has never embedded.
    """
    with clear_failures(platform):
        built = rebuild.rebuild(platform, context.run_id, progress=context.log.info)
    if built is None:
        return dg.MaterializeResult(metadata={"rebuilt": False})
    return dg.MaterializeResult(
        metadata={
            "rebuilt": True,
            "because of": ", ".join(built.reasons) or "a request",
            "generation": built.generation,
            "sources": table(
                [
                    {"source": result.source, "chunks": result.chunks_added, "embedded": result.embedded}
                    for result in built.results
                ]
            ),
        },
        data_version=dg.DataVersion(str(built.generation)),
    )
