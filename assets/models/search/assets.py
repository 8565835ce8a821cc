"""The asset of an organisation's own search model."""

import dagster as dg

from assets.models.search.columns import ADAPTER_COLUMNS
from assets.platform import Platform
from orchestration.materialization import OWNERS, Events, clear_failures, columns, pictures, say, tables

_BETTER = "better_than_served"


@dg.asset(
    deps=["search_index"],
    group_name="rules",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    metadata=columns(ADAPTER_COLUMNS),
    check_specs=[
        dg.AssetCheckSpec(
            _BETTER,
            asset="search_adapter",
            description="Ranks what answers the other questions higher than the served index does, by a paired test.",
        )
    ],
)
def search_adapter(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Events:
    """LoRA on the embedding model, learned from one half of the questions of HRDP_SEARCH_QUESTIONS, measured on the other.

    It is served once HRDP_MODEL names its folder: the next refresh builds its index beside the served one, and switches.
    """
    from assets.models import reports
    from assets.models.search.adapting import adapt

    with clear_failures(platform):
        adapted = adapt(platform, lambda text: say(context, text))
        curves = reports.curves(adapted.folder)
        plots = {"loss": reports.loss_plot(curves), "validation": reports.validation_plot(curves)}
    beside = adapted.beside
    yield dg.MaterializeResult(
        metadata={
            "folder": dg.MetadataValue.path(str(adapted.folder)),
            "questions learned from": adapted.learned,
            "questions measured with": beside.n,
            **tables(
                {
                    "at depth 10": [
                        {"model": name, "recall": found.recall, "MAP": found.map}
                        for name, found in (("served", beside.served), ("adapter", beside.candidate))
                    ]
                }
            ),
            **pictures(plots),
        },
        data_version=dg.DataVersion(adapted.folder.name),
        check_results=[
            dg.AssetCheckResult(
                check_name=_BETTER,
                passed=beside.is_better,
                metadata={
                    "MAP gained": round(beside.candidate.map - beside.served.map, 4),
                    "by chance": beside.probability,
                },
            )
        ],
    )
