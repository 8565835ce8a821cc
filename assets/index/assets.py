"""The assets of the served index: embeddings, the index itself, and its rebuild beside the served one."""

from dataclasses import asdict

import dagster as dg

from assets.index.columns import INDEX_COLUMNS, VECTOR_COLUMNS
from assets.platform import Platform
from orchestration.materialization import (
    INDEX_KIND,
    OWNERS,
    SOURCES,
    clear_failures,
    columns,
    progress,
    progress_of_all,
    say,
    tables,
)


@dg.asset(
    deps=["chunks"],
    partitions_def=SOURCES,
    group_name="rules",
    kinds={"python", "onnx"},
    owners=OWNERS,
    metadata=columns(VECTOR_COLUMNS),
    pool="refresh",
)
def embeddings(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """A vector for every chunk text that no earlier refresh has embedded with this model; none is ever embedded twice."""
    from assets.index import refresh

    with clear_failures(platform):
        embedded = refresh.embed(
            platform,
            context.partition_key,
            context.run.run_id,
            progress=progress_of_all(context, "chunks have a vector"),
        )
    return dg.MaterializeResult(metadata={"texts embedded": embedded, "model": platform.settings.model})


@dg.asset(
    deps=["embeddings"],
    partitions_def=SOURCES,
    group_name="rules",
    kinds={"python", INDEX_KIND},
    owners=OWNERS,
    metadata=columns(INDEX_COLUMNS),
    pool="refresh",
)
def search_index(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """The index that searches see. New rows are written and counted, then one transaction serves the next generation.

    Superseded text is closed, not deleted: a search as of an earlier date still finds it.
    """
    from assets.index import refresh, reports

    with clear_failures(platform):
        served = refresh.write_and_serve(
            platform, context.partition_key, context.run.run_id, progress=progress(context, "rows written")
        )
        sources = reports.served_sources(platform)
    result = served.result
    return dg.MaterializeResult(
        metadata={
            "generation": served.generation,
            "index version": served.index_version or "",
            **tables({"documents": [asdict(result.documents)], "served sources": sources}),
            "chunks added": result.chunks_added,
            "chunks closed": result.chunks_closed,
            "chunks kept": result.chunks_kept,
            "texts embedded": result.embedded,
            "dagster/row_count": sum(int(source["index rows"]) for source in sources),
        },
        data_version=dg.DataVersion(f"{served.index_version}/{served.generation}"),
    )


@dg.asset(
    group_name="rules",
    kinds={"python", INDEX_KIND},
    owners=OWNERS,
    metadata=columns(INDEX_COLUMNS),
    pool="refresh",
)
def rebuilt_index(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    """A new index of everything, built beside the served one when parser, chunker, model or schema changed, then served.

    It reads the stored bytes, not the sources, and embeds only texts that this model has never embedded.
    """
    from assets.index import rebuild

    with clear_failures(platform):
        built = rebuild.rebuild(platform, context.run.run_id, progress=lambda text: say(context, text))
    if built is None:
        return dg.MaterializeResult(metadata={"rebuilt": False})
    return dg.MaterializeResult(
        metadata={
            "rebuilt": True,
            "because of": ", ".join(built.reasons) or "a request",
            "generation": built.generation,
            **tables(
                {
                    "sources": [
                        {"source": each.source, "chunks": each.chunks_added, "texts embedded": each.embedded}
                        for each in built.results
                    ]
                }
            ),
        },
        data_version=dg.DataVersion(str(built.generation)),
    )
