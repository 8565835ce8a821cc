"""The catalogue on SQLite: the contract, and what only a file can do."""

from pathlib import Path

import pytest
from catalogue_contract import CatalogueContract, LedgerContract, LockContract
from sqlalchemy import text

from assets.lineage.catalogue import SCHEMA_REVISION, Catalogue, CatalogueUnavailable

MIGRATIONS = Path(__file__).parents[2] / "assets" / "lineage" / "migrations" / "versions"


class TestCatalogueOnSQLite(CatalogueContract):
    pass


class TestLocksBesideSQLite(LockContract):
    pass


class TestLedgerOnSQLite(LedgerContract):
    pass


def test_the_known_revision_is_the_newest_migration() -> None:
    assert max(path.name.split("_")[0] for path in MIGRATIONS.glob("*.py")) == SCHEMA_REVISION


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").write_text("not a database, but long enough to be read as the header of one" * 20)
    with pytest.raises(CatalogueUnavailable, match=r"catalogue\.db"):
        Catalogue(f"sqlite:///{tmp_path / 'catalogue.db'}")


def test_the_catalogue_is_in_write_ahead_mode(catalogue: Catalogue) -> None:
    with catalogue.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
