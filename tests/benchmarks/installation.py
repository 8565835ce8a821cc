"""An installation in a folder of its own that is used in process, and a refresh taken step by step."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index import refresh
from assets.platform import Platform, Settings

Result = TypeVar("Result")

STEPS = ("documents", "chunks", "embeddings", "search_index")
"""The steps of a refresh, named as the assets that Dagster shows."""


@contextmanager
def installation() -> Iterator[tuple[Platform, Path]]:
    """A fresh installation with default settings, and an empty folder beside it for its sources."""
    # Dagster's own state has to be the installation's, whatever this shell is set up for.
    os.environ.pop("DAGSTER_HOME", None)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        sources = Path(folder) / "sources"
        sources.mkdir()
        platform = Platform(Settings(home=Path(folder) / "home"))
        try:
            yield platform, sources
        finally:
            platform.release()
            platform.catalogue.close()


def register(platform: Platform, name: str, location: Path, jurisdiction: str | None = None) -> None:
    registry.add(platform.catalogue, SourceSpec(name, "regulation", str(location), jurisdiction))


@dataclass(frozen=True, slots=True)
class StepByStep:
    """A refresh: seconds a step, and what it did."""

    seconds: dict[str, float]
    served: refresh.RefreshResult

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


def refresh_step_by_step(platform: Platform, name: str, entering: Callable[[str], None] = lambda _: None) -> StepByStep:
    """Refreshes a source as the Dagster job does, without Dagster; `entering` hears of each step before it begins."""
    run_id = uuid4().hex
    seconds: dict[str, float] = {}

    def timed(step: str, action: Callable[[Platform, str, str], Result]) -> Result:
        entering(step)
        started = time.perf_counter()
        result = action(platform, name, run_id)
        seconds[step] = time.perf_counter() - started
        return result

    try:
        timed("documents", refresh.stage_documents)
        timed("chunks", refresh.stage_chunks)
        timed("embeddings", refresh.embed)
        served = timed("search_index", refresh.write_and_serve)
    finally:
        platform.release()
    return StepByStep(seconds, served)


def expect(condition: bool, sentence: str) -> None:
    """A figure is worth nothing where the work was not done. Raises RuntimeError."""
    if not condition:
        raise RuntimeError(sentence)
