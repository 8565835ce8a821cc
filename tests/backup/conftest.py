"""A platform with a history, built once and copied for each test, and an S3 server (moto's)."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index import refresh
from assets.platform import Platform, Settings
from tests.storage.conftest import s3_address, s3_endpoint

__all__ = ["s3_address", "s3_endpoint"]


def refresh_source(platform: Platform, run_id: str, source_name: str = "handbook") -> refresh.RefreshResult:
    """As the Dagster job does it, step by step."""
    try:
        refresh.stage_documents(platform, source_name, run_id)
        refresh.stage_chunks(platform, source_name, run_id)
        refresh.embed(platform, source_name, run_id)
        return refresh.write_and_serve(platform, source_name, run_id)
    finally:
        platform.release()


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `home`, three generations old, and `handbook`, its source."""
    folder = tmp_path_factory.mktemp("lived")
    handbook = folder / "handbook"
    handbook.mkdir()
    for number in range(12):
        (handbook / f"rule-{number}.md").write_text(
            f"# Rule {number}\n\n## Scope\n\nRule {number} holds for everyone who works here.\n\n"
            f"## Term\n\nNotice is given {number + 2} weeks before\u2028the last day.\n"
        )
    platform = Platform(Settings(home=folder / "home"))
    registry.add(platform.catalogue, SourceSpec("handbook", "handbook", str(handbook)))
    refresh_source(platform, "run-1")
    (handbook / "rule-3.md").write_text("# Rule 3\n\nRule 3 holds for nobody any more.\n")
    (handbook / "broken.pdf").write_bytes(b"%PDF-1.7 and nothing of one")
    refresh_source(platform, "run-2")
    (handbook / "rule-5.md").unlink()
    refresh_source(platform, "run-3")
    platform.catalogue.close()
    return folder


@pytest.fixture
def platform(lived: Path, tmp_path: Path) -> Platform:
    """The platform with a history, as a copy of one's own."""
    shutil.copytree(lived / "home", tmp_path / "home")
    return Platform(Settings(home=tmp_path / "home"))


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return (tmp_path / "backups").as_uri()


@pytest.fixture
def empty(tmp_path: Path) -> Callable[..., Platform]:
    """Opens an empty platform in a new folder, or the one in a folder that was used before."""

    def opened(name: str = "other", **settings: str) -> Platform:
        return Platform(Settings(home=tmp_path / name, **settings))  # type: ignore[arg-type]

    return opened
