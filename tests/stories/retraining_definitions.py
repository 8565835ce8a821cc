"""The project's definitions with the smallest training there is, for the story of retraining."""

import dagster as dg

from assets.models.tasks.job_category import JobCategory
from assets.models.training.settings import TrainingSettings
from orchestration import jobs, runs

JobCategory.settings = TrainingSettings(epochs=1, rank=2, scale=4, windows=1, training_windows=1)

# What is only known of a dataset's worth takes most of a build, and no training waits for it.
jobs.dataset = dg.define_asset_job(
    "dataset",
    selection=dg.AssetSelection.assets("dataset_snapshot").upstream() - dg.AssetSelection.assets("label_batches"),
    executor_def=dg.in_process_executor,
)

# A run that is killed holds its lock by then.
runs._START_SECONDS = 30

from orchestration.definitions import definitions  # noqa: E402

__all__ = ["definitions"]
