"""The jobs: a source's refresh, the rebuild of the index, and the verification of everything."""

import dagster as dg

# One process a run: a step in a process of its own takes seconds to start, and a refresh of one edit takes less than one.
_IN_PROCESS = dg.in_process_executor

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.assets("documents", "chunks", "embeddings", "search_index"),
    executor_def=_IN_PROCESS,
    description="Looks at one source and brings the served index up to date with it.",
)

rebuild = dg.define_asset_job(
    "rebuild",
    selection=dg.AssetSelection.assets("rebuilt_index"),
    executor_def=_IN_PROCESS,
    description="Builds a new index beside the served one with the present parser, chunker and model, and serves it.",
)

verify = dg.define_asset_job(
    "verify",
    selection=dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("rebuilt_index"), "stores_agree")),
    executor_def=_IN_PROCESS,
    description="Compares the catalogue, the index and the objects, and checks the ledger's chain.",
)
