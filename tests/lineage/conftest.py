"""An empty catalogue on SQLite; `tests/services` gives the same on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.lineage.catalogue import Catalogue


@pytest.fixture
def catalogue_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'catalogue.db'}"


@pytest.fixture
def catalogue(catalogue_url: str) -> Iterator[Catalogue]:
    opened = Catalogue(catalogue_url)
    yield opened
    opened.close()
