"""The jobs: a source's refresh, the measuring of answers, the search model's training, the intake of labels, a task's dataset and
its model, the comparison of the model with retrieval, the rebuild of the index, and the verification of everything.
"""

import dagster as dg

# Of the labels in the warehouse; asked nightly, since a build of new labels makes them fresh.
_FRESH = dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("labelled_resumes"), "labels_are_fresh"))

# One process a run: a step in a process of its own takes seconds to start, and a refresh of one edit takes less than one.
_IN_PROCESS = dg.in_process_executor

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.assets("documents", "chunks", "embeddings", "search_index"),
    executor_def=_IN_PROCESS,
    description="Looks at one source and brings the served index up to date with it.",
)

measure = dg.define_asset_job(
    "measure",
    selection=dg.AssetSelection.assets("answer_quality"),
    executor_def=_IN_PROCESS,
    description="Asks the questions of HRDP_ANSWER_QUESTIONS: how many are answered with the right quote, or rightly refused.",
)

adapt = dg.define_asset_job(
    "adapt",
    selection=dg.AssetSelection.assets("search_adapter"),
    executor_def=_IN_PROCESS,
    description="Trains the search's embedding model on the questions of HRDP_SEARCH_QUESTIONS, and measures what that gives.",
)

labels = dg.define_asset_job(
    "labels",
    selection=dg.AssetSelection.assets("label_batches"),
    executor_def=_IN_PROCESS,
    description="Takes in what is new in the places that are watched for one task's labelled resumes.",
)

dataset = dg.define_asset_job(
    "dataset",
    selection=(
        dg.AssetSelection.assets("dataset_snapshot").upstream()
        | dg.AssetSelection.assets("class_statistics", "label_conflicts", "leak_report", "anonymizing_quality")
    )
    - dg.AssetSelection.assets("label_batches")
    - _FRESH,
    executor_def=_IN_PROCESS,
    description="Brings a task's warehouse up to date, checks what dbt made of it, and publishes it as a dataset.",
)

train = dg.define_asset_job(
    "train",
    selection=dg.AssetSelection.assets("adapter", "served_model", "model_evaluation", "model_artifact", "champion"),
    executor_def=_IN_PROCESS,
    description="Trains a candidate on a task's latest dataset, measures it as it is served, and decides whether it is the"
    " new champion.",
)

# Apart from training: it embeds every labelled resume and times single ones, which is for a person who weighs the two, and its
# failure is not that of a training.
compare = dg.define_asset_job(
    "compare",
    selection=dg.AssetSelection.assets("retrieve_or_train"),
    executor_def=_IN_PROCESS,
    description="Holds the trained classifier of job-category and the nearest labelled resumes against each other.",
)

rebuild = dg.define_asset_job(
    "rebuild",
    selection=dg.AssetSelection.assets("rebuilt_index"),
    executor_def=_IN_PROCESS,
    description="Builds a new index beside the served one with the present parser, chunker and model, and serves it.",
)

verify = dg.define_asset_job(
    "verify",
    selection=dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("rebuilt_index"), "stores_agree")) | _FRESH,
    executor_def=_IN_PROCESS,
    description="Compares the catalogue, the index and the objects, checks the ledger's chain, and asks dbt whether labels"
    " still come in.",
)
