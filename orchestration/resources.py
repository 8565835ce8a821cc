"""The platform as a Dagster resource: opened from the environment for a run, given back at its end."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.platform import Platform, Settings


class PlatformResource(dg.ConfigurableResource[Platform]):
    """Hands every asset the opened platform; its settings are `HRDP_*` in the environment of the run."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Platform]:
        platform = Platform(Settings.from_environment())
        try:
            yield platform
        finally:
            platform.release()
