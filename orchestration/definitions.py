"""The code location: everything that Dagster runs and shows."""

import dagster as dg

from assets.answers import assets as answers
from assets.chunks import assets as chunks
from assets.documents import assets as documents
from assets.index import assets as index
from assets.index import checks as index_checks
from assets.labels.intake import assets as intake
from assets.labels.quality import checks as label_checks
from assets.labels.snapshots import assets as snapshots
from assets.labels.warehouse import assets as warehouse
from assets.labels.warehouse import checks as warehouse_checks
from assets.models import assets as models
from assets.models.search import assets as search_models
from orchestration import jobs, schedules, sensors
from orchestration.progress_logger import progress_logger
from orchestration.resources import PlatformResource


@dg.definitions
def definitions() -> dg.Definitions:
    """Loads in about a second: nothing heavy is imported before a step needs it."""
    return dg.Definitions(
        assets=dg.load_assets_from_modules(
            [documents, chunks, index, answers, intake, warehouse, snapshots, models, search_models]
        ),
        asset_checks=dg.load_asset_checks_from_modules([index_checks, label_checks, warehouse_checks]),
        jobs=[
            jobs.refresh,
            jobs.rebuild,
            jobs.verify,
            jobs.measure,
            jobs.adapt,
            jobs.labels,
            jobs.dataset,
            jobs.train,
            jobs.compare,
        ],
        sensors=[sensors.watch_sources, sensors.watch_labels, sensors.build_datasets, sensors.retrain],
        schedules=[
            schedules.nightly_refresh,
            schedules.nightly_datasets,
            schedules.nightly_retrain,
            schedules.nightly_verify,
        ],
        resources={"platform": PlatformResource()},
        executor=dg.in_process_executor,
        loggers={"console": dg.default_loggers()["console"], "progress": progress_logger},
    )
