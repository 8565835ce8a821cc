"""The assets of published datasets: the dataset itself, and what is known of its worth."""

import dagster as dg

from assets.labels.snapshots.columns import ANONYMIZING_COLUMNS, LEAK_COLUMNS, SNAPSHOT_COLUMNS
from assets.platform import Platform
from orchestration.materialization import OWNERS, TASKS, Events, columns, pictures, private_failures, say, tables


@dg.asset(
    deps=["dataset"],
    partitions_def=TASKS,
    group_name="judgements",
    kinds={"python", "parquet"},
    owners=OWNERS,
    metadata=columns(SNAPSHOT_COLUMNS),
)
def dataset_snapshot(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    """The dataset as it is published: immutable, named by what it holds, in the object store, with a datasheet.

    The same labels give the same version anywhere. It is written only where every blocking check passed on the same rows.
    """
    from assets.labels.snapshots import reports
    from assets.labels.snapshots.building import build

    with private_failures(platform):
        built = build(platform, context.partition_key, context.run.run_id, lambda text: say(context, text))
        splits, classes = reports.split_table(built.manifest), reports.class_table(built.manifest)
        plots = {
            "rows by class": reports.class_plot(built.manifest),
            "rows by split": reports.split_plot(built.manifest),
        }
    return dg.MaterializeResult(
        metadata={
            "version": built.version,
            "new": built.is_new,
            "groups": built.manifest["groups"],
            "resumes withheld": len(built.examination.withheld),
            **tables({"splits": splits, "classes": classes}),
            **pictures(plots),
            "dagster/partition_row_count": built.manifest["rows"]["count"],
        },
        data_version=dg.DataVersion(built.version),
    )


@dg.asset(
    deps=["dataset_snapshot", "labelled_resumes"],
    partitions_def=TASKS,
    group_name="judgements",
    kinds={"python", "scikitlearn"},
    owners=OWNERS,
    metadata=columns(LEAK_COLUMNS),
)
def leak_report(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """What a plain model would have seemed to be worth on rows that are dealt out at random, and what it is worth on groups.

    The difference is what copies of the test rows in training are worth.
    """
    from assets.labels.quality.leaks import leaks_of
    from assets.labels.snapshots import reports
    from assets.labels.tasks import task_named

    with private_failures(platform):
        say(context, "measuring what a random split would have hidden")
        report = leaks_of(platform, task_named(context.partition_key))
        scores, plot = reports.leak_table(report), reports.leak_plot(report)
    return dg.MaterializeResult(
        metadata={
            "rows": report.rows,
            "different resumes": report.texts,
            "groups": report.groups,
            "share of a random split's test rows that leak": round(report.leaked, 4),
            **tables({"scores": scores}),
            **pictures({"accuracy by split": plot}),
        }
    )


@dg.asset(
    group_name="judgements",
    kinds={"python"},
    owners=OWNERS,
    metadata=columns(ANONYMIZING_COLUMNS),
    check_specs=[
        dg.AssetCheckSpec(
            "anonymizing_goals",
            asset="anonymizing_quality",
            description="At least 0.98 of names are found, and at least 0.95 of what is masked is rightly masked.",
        )
    ],
)
def anonymizing_quality(platform: dg.ResourceParam[Platform]) -> Events:
    """How well personal items are masked in synthetic resumes whose truth is known: recall and precision by kind.

    Measured where the anonymizer changed; a build with the same one shows the same figures.
    """
    from assets.labels.quality.anonymizing import fingerprint, reaches_goals, standing_report
    from assets.labels.snapshots import reports

    with private_failures(platform):
        report = standing_report(platform)
    names = report.of("NAME").recall
    yield dg.MaterializeResult(
        metadata={
            "resumes": report.resumes,
            **tables({"kinds": reports.anonymizing_table(report), "lost": reports.lost_table(report)}),
        },
        data_version=dg.DataVersion(fingerprint()),
        check_results=[
            dg.AssetCheckResult(
                check_name="anonymizing_goals",
                passed=reaches_goals(report),
                metadata={"names found": round(names, 4), "rightly masked": round(report.precision, 4)},
            )
        ],
    )
