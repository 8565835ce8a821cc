"""Brings a task's warehouse up to what the catalogue holds: rows, groups, models.

Each step does first what comes before it, which costs nothing where nothing is missing: whatever was killed, removed or left out
before, a step leaves the warehouse whole up to itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assets.labels.grouping.groups import Grouped, group
from assets.labels.warehouse.dbt import Built, DbtCommand, build
from assets.labels.warehouse.loading import Loaded, load

if TYPE_CHECKING:
    from assets.platform import Platform

_WAIT_SECONDS = 3600.0


def fill_rows(platform: "Platform", task: str, heard: Callable[[int], None] | None = None) -> Loaded:
    """Loads the batches that are not in the warehouse yet.

    This and the two below raise WarehouseUnavailable, StorageError, CatalogueUnavailable, and Busy after an hour.
    """
    with _held(platform, task):
        return load(platform, task, heard)


def fill_groups(platform: "Platform", task: str, heard: Callable[[int], None] | None = None) -> Grouped:
    """Puts the texts that are new into groups of near-duplicates."""
    with _held(platform, task):
        load(platform, task)
        return group(platform, task, heard)


def fill_models(
    platform: "Platform",
    task: str,
    models: tuple[str, ...] = (),
    run: Callable[[DbtCommand], None] | None = None,
) -> Built:
    """Builds and tests dbt's models, by default all of them. Raises DbtFailed too."""
    with _held(platform, task):
        load(platform, task)
        group(platform, task)
        return build(platform, task, models, run)


@contextmanager
def _held(platform: "Platform", task: str) -> Iterator[None]:
    with platform.locks.hold(f"labels/{task}", wait_seconds=_WAIT_SECONDS):
        yield
