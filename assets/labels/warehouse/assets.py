"""The assets of a task's warehouse: its rows, the groups of near-duplicates, the models and tests of dbt.

The models are read from a small file that dbt made: `dagster_dbt`, which takes seconds to import, is needed only to run them.
"""

import os
from pathlib import Path

import dagster as dg

from assets.labels.warehouse.dbt import PROJECT, Built, DbtCommand
from assets.labels.warehouse.graph import Column, Model, graph
from assets.platform import Platform, Settings
from orchestration.materialization import (
    OWNERS,
    TASKS,
    Events,
    clear_failures,
    columns,
    progress,
    say,
)

# A setting that can't be used is told by the step that needs it, not by a graph that can't be shown.
_GRAPH = graph(Path(os.environ.get("HRDP_HOME", "").strip() or Settings().home))
_MODELS = {model.name: model for model in _GRAPH.models}
_SOURCES = {source.name: source for source in _GRAPH.sources}


def _described(found: tuple[Column, ...]) -> dict[str, dg.TableSchema]:
    return columns({column.name: (column.type, column.description) for column in found})


@dg.asset(
    deps=["label_batches"],
    partitions_def=TASKS,
    group_name="judgements",
    kinds={"python", "duckdb"},
    owners=OWNERS,
    metadata=_described(_SOURCES["labelled_resumes"].columns),
    description=_SOURCES["labelled_resumes"].description,
)
def labelled_resumes(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    from assets.labels.warehouse.filling import fill_rows

    with clear_failures(platform):
        platform.hold_dataset(context.partition_key)
        loaded = fill_rows(platform, context.partition_key, progress(context, "rows loaded"))
    return dg.MaterializeResult(
        metadata={
            "batches": loaded.batches,
            "new batches": loaded.new_batches,
            "new rows": loaded.new_rows,
            "warehouse made again": loaded.made_again,
            "dagster/partition_row_count": loaded.rows,
        }
    )


@dg.asset(
    deps=["labelled_resumes"],
    partitions_def=TASKS,
    group_name="judgements",
    kinds={"python", "duckdb"},
    owners=OWNERS,
    metadata=_described(_SOURCES["duplicate_groups"].columns),
    description=_SOURCES["duplicate_groups"].description,
)
def duplicate_groups(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    from assets.labels.warehouse.filling import fill_groups

    with clear_failures(platform):
        found = fill_groups(platform, context.partition_key, progress(context, "new texts summed up"))
    return dg.MaterializeResult(
        metadata={
            "texts": found.texts,
            "groups": found.groups,
            "texts in the largest group": found.largest,
            "new texts": found.new_texts,
            "pairs compared": found.pairs,
            "crowds compared": found.crowds,
            "dagster/partition_row_count": found.texts,
        }
    )


@dg.multi_asset(
    name="dbt_models",
    specs=[
        dg.AssetSpec(
            model.name,
            deps=list(model.depends_on),
            description=model.description,
            metadata=_described(model.columns),
            group_name="judgements",
            kinds={"dbt", "duckdb"},
            owners=OWNERS,
            code_version=model.code,
            tags={"dbt/materialized": model.materialized},
            skippable=True,
            partitions_def=TASKS,
        )
        for model in _GRAPH.models
    ],
    check_specs=[
        dg.AssetCheckSpec(
            name=test.name,
            asset=test.model,
            description=test.description or f"dbt: {test.name.replace('_', ' ')}.",
            blocking=test.blocking,
        )
        for test in _GRAPH.tests
    ],
    can_subset=True,
)
def dbt_models(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Events:
    from assets.labels.warehouse.filling import fill_models

    asked = {key.to_user_string() for key in context.selected_asset_keys} | {
        key.asset_key.to_user_string() for key in context.selected_asset_check_keys
    }
    models = tuple(name for name in _MODELS if name in asked)
    with clear_failures(platform):
        say(context, f"dbt builds {len(models)} models")
        built = fill_models(platform, context.partition_key, models, _run_by_dagster)
    yield from _events(context, built)


def _run_by_dagster(command: DbtCommand) -> None:
    """Runs dbt so that it ends with the run, if that is stopped."""
    from dagster_dbt import DagsterDbtTranslator
    from dagster_dbt.core.dbt_cli_invocation import DbtCliInvocation
    from dbt.version import __version__
    from packaging.version import Version

    invocation = DbtCliInvocation.run(
        args=command.line,
        env=dict(command.environment),
        manifest={},
        dagster_dbt_translator=DagsterDbtTranslator(),
        project_dir=PROJECT,
        target_path=command.target,
        raise_on_error=False,
        context=None,
        adapter=None,
        cli_version=Version(__version__),
    )
    # What failed is in the results, test by test.
    invocation.is_successful()


def _events(context: dg.AssetExecutionContext, built: Built) -> Events:
    models = {model.unique_id: model for model in _GRAPH.models}
    tests = {test.unique_id: test for test in _GRAPH.tests}
    for outcome in built.outcomes:
        if outcome.status == "skipped":
            continue
        if model := models.get(outcome.unique_id):
            if dg.AssetKey(model.name) in context.selected_asset_keys:
                yield dg.MaterializeResult(
                    asset_key=model.name,
                    metadata={
                        "seconds": outcome.seconds,
                        "dagster/partition_row_count": built.rows[model.name],
                        "dagster/column_lineage": _lineage(model),
                    },
                )
        elif test := tests.get(outcome.unique_id):
            key = dg.AssetCheckKey(dg.AssetKey(test.model), test.name)
            if key in context.selected_asset_check_keys:
                yield dg.AssetCheckResult(
                    asset_key=test.model,
                    check_name=test.name,
                    passed=outcome.status == "pass",
                    severity=dg.AssetCheckSeverity.ERROR if test.blocking else dg.AssetCheckSeverity.WARN,
                    metadata={"rows that fail": outcome.failures, "seconds": outcome.seconds},
                )


def _lineage(model: Model) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column.name: [dg.TableColumnDep(asset_key=asset, column_name=name) for asset, name in column.comes_from]
            for column in model.columns
        }
    )
