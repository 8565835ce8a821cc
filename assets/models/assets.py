"""The assets of trained models: adapter, served form, evaluation, signed artifact, champion; one partition a task."""

from collections.abc import Iterator

import dagster as dg

from assets.models.columns import (
    ADAPTER_COLUMNS,
    ARTIFACT_COLUMNS,
    CHAMPION_COLUMNS,
    COMPARISON_COLUMNS,
    EVALUATION_COLUMNS,
    SERVED_COLUMNS,
)
from assets.platform import Platform
from orchestration.materialization import (
    OWNERS,
    TASKS,
    Events,
    columns,
    pictures,
    private_failures,
    say,
    tables,
)
from orchestration.runs import TRAINING_SECONDS, training_seconds

_SERVED_AS_TRAINED = "served_as_trained"
_GATES = {
    "no_leak": "No group of near-duplicates lies in training and in evaluation at once.",
    "better_than_baseline": "Better than the plain baseline on the frozen test split, by a paired test.",
    "better_than_champion": "Better than the champion by a paired test; or as good, within tolerance, and cheaper or without"
    " a person who was erased.",
    "calibrated": "Probabilities are off by at most 0.05, beyond what chance explains.",
    "fair": "What should not count, such as a name of another origin, changes no prediction; no adverse impact.",
    "private": "What a resume's confidence tells of whether it was trained on is bounded.",
}


@dg.asset(
    deps=["dataset_snapshot"],
    partitions_def=TASKS,
    group_name="models",
    kinds={"pytorch", "huggingface"},
    owners=OWNERS,
    metadata=columns(ADAPTER_COLUMNS),
)
def adapter(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """LoRA and a head, trained on the task's latest dataset: the same bytes for the same dataset and settings.

    A training that was killed goes on from its last checkpoint.
    """
    from assets.models import reports
    from assets.models.lifecycle import train_candidate

    task = context.partition_key
    with private_failures(platform):
        platform.hold_training(task)
        candidate = train_candidate(platform, task, lambda text: say(context, text))
        curves = reports.curves(candidate.folder)
        plots = {"loss": reports.loss_plot(curves), "validation": reports.validation_plot(curves)}
    return dg.MaterializeResult(
        metadata={
            "dataset": candidate.dataset_version,
            "best epoch": curves["best_epoch"],
            **({} if candidate.seconds is None else {TRAINING_SECONDS: round(candidate.seconds, 1)}),
            **tables({"validation by epoch": reports.validation_table(curves)}),
            **pictures(plots),
        },
        data_version=dg.DataVersion(candidate.folder.name),
    )


@dg.asset(
    deps=["adapter"],
    partitions_def=TASKS,
    group_name="models",
    kinds={"onnx"},
    owners=OWNERS,
    metadata=columns(SERVED_COLUMNS),
    check_specs=[
        dg.AssetCheckSpec(
            _SERVED_AS_TRAINED,
            asset="served_model",
            description="The served form decides as the adapter on at least 99.5 % of the validation split.",
        )
    ],
)
def served_model(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Events:
    """The adapter merged into its base model, in eight bits, to be run without torch: what is measured and served."""
    from assets.models.lifecycle import serve_candidate

    task = context.partition_key
    with private_failures(platform):
        platform.hold_training(task)
        say(context, "exporting the candidate to the form that is served")
        served = serve_candidate(platform, task)
    agreement = round(served.parity.agreement, 6)
    yield dg.MaterializeResult(
        metadata={"form": served.form, "bytes": served.bytes, "decides as the adapter": agreement},
        data_version=dg.DataVersion(served.sha256),
        check_results=[
            dg.AssetCheckResult(
                check_name=_SERVED_AS_TRAINED,
                passed=served.parity.is_reached,
                metadata={"decides as the adapter": agreement, "of": served.parity.labels},
            )
        ],
    )


@dg.asset(
    deps=["served_model"],
    partitions_def=TASKS,
    group_name="models",
    kinds={"python", "scikitlearn"},
    owners=OWNERS,
    metadata=columns(EVALUATION_COLUMNS),
    check_specs=[
        dg.AssetCheckSpec(name, asset="model_evaluation", description=description)
        for name, description in _GATES.items()
    ],
)
def model_evaluation(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> Events:
    """The candidate, as it is served, on the frozen test split: beside the baseline and the champion, with intervals.

    A gate that fails refuses the promotion; it is a result of the run, not its failure.
    """
    from assets.models import reports
    from assets.models.lifecycle import current, evaluate_candidate

    task = context.partition_key
    with private_failures(platform):
        platform.hold_training(task)
        metrics = evaluate_candidate(platform, task, lambda text: say(context, text))
        plots = reports.stored_plots(current(platform, task).folder)
    yield dg.MaterializeResult(
        metadata={
            **tables({"scores": reports.score_table(metrics), "gates": reports.gate_table(metrics)}),
            **pictures(plots),
        },
        check_results=[
            dg.AssetCheckResult(
                check_name=gate["name"],
                passed=gate["passed"],
                description=gate["told"],
                metadata={name: gate[name] for name in ("value", "limit") if gate[name] is not None},
            )
            for gate in metrics["gates"]
            if gate["name"] in _GATES
        ],
    )


@dg.asset(
    deps=["model_evaluation"],
    partitions_def=TASKS,
    group_name="models",
    kinds={"safetensors"},
    owners=OWNERS,
    metadata=columns(ARTIFACT_COLUMNS),
)
def model_artifact(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> dg.MaterializeResult[None]:
    """The candidate as a version in the object store: every file by its hash in a signed manifest, with a model card."""
    from assets.models import reports
    from assets.models.lifecycle import current, package_candidate

    task = context.partition_key
    with private_failures(platform):
        platform.hold_training(task)
        version = package_candidate(platform, task, context.run.run_id)
        card = reports.card(current(platform, task).folder)
    return dg.MaterializeResult(
        metadata={
            "version": version.version,
            "new": version.is_new,
            "bytes": version.size,
            "address": version.address,
            "model card": dg.MetadataValue.md(card),
        },
        data_version=dg.DataVersion(version.version),
    )


@dg.asset(
    deps=["model_artifact"],
    partitions_def=TASKS,
    group_name="models",
    kinds={"python"},
    owners=OWNERS,
    metadata=columns(CHAMPION_COLUMNS),
)
def champion(context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]) -> dg.MaterializeResult[None]:
    """The model that is served: one recorded decision a candidate, with every gate's value and limit."""
    from assets.models import reports
    from assets.models.lifecycle import decide_candidate
    from assets.models.promotion.champion import champion as present

    task = context.partition_key
    with private_failures(platform):
        platform.hold_training(task)
        decision = decide_candidate(platform, task, context.run.run_id)
        served = present(platform, task)
    say(context, reports.told(decision))
    return dg.MaterializeResult(
        metadata={
            "candidate": decision.version,
            "outcome": decision.outcome,
            "served": "none" if served is None else served.version,
            **tables({"gates": reports.decided_table(decision)}),
        },
        data_version=None if served is None else dg.DataVersion(served.version),
    )


@dg.asset(
    deps=["champion"],
    group_name="models",
    kinds={"python", "onnx"},
    owners=OWNERS,
    metadata=columns(COMPARISON_COLUMNS),
    output_required=False,
)
def retrieve_or_train(
    context: dg.AssetExecutionContext, platform: dg.ResourceParam[Platform]
) -> Iterator[dg.MaterializeResult[None]]:
    """The class of a resume by its nearest labelled neighbours, held against the trained classifier on the frozen test split.

    Quality, latency, the cost of an update, what is left of an erased person, what explains an answer. Without a model it is
    skipped.
    """
    from assets.models import reports
    from assets.models.both_ways import TASK, compare_both_ways, trained_model

    with private_failures(platform):
        # Nothing is to be trained while times are taken.
        platform.hold_training(TASK)
        model = trained_model(platform)
        if model is None:
            say(context, f"there is no model of {TASK} to compare with yet: train one with hrdp train --task {TASK}")
            return
        comparison = compare_both_ways(platform, model, lambda text: say(context, text))
        seconds = training_seconds(context.instance, TASK, model.candidate)
    say(context, comparison.told)
    yield dg.MaterializeResult(
        metadata={
            "model": model.name,
            "dataset": model.dataset_version,
            "found": comparison.told,
            "both ways": dg.MetadataValue.md(reports.both_ways(comparison, seconds)),
            **tables({"what explains one answer of the neighbours": reports.explanation(comparison)}),
        }
    )
