"""Candidates of each task on a small encoder, exported once for all tests of serving."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.models.model import Example
from assets.models.serving.exporting import export
from assets.models.training.adapter import open_adapter
from tests.models.serving.small_candidates import OPENINGS, RESUMES, write_base, write_candidate


def examples() -> list[Example]:
    return [
        Example(f"{row}", f"{row}", text, str((row + number) % 2), opening_hash=str(number), opening_text=opening)
        for row, text in enumerate(RESUMES)
        for number, opening in enumerate(OPENINGS)
    ]


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("models") / "base")


@pytest.fixture(scope="session")
def exported(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a task's exported candidate; not to be changed."""
    made: dict[str, Path] = {}

    def of(task: str) -> Path:
        if task not in made:
            folder = write_candidate(tmp_path_factory.mktemp("candidates") / task, base, task)
            export(folder, RESUMES, examples(), open_adapter(folder))
            made[task] = folder
        return made[task]

    return of


@pytest.fixture
def candidate(exported: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of it that a test may change."""

    def of(task: str) -> Path:
        return Path(shutil.copytree(exported(task), tmp_path / "candidate"))

    return of
