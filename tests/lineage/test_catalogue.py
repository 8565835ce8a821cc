"""The catalogue's schema, its migrations, and what it says when it can't be opened."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from assets.lineage.catalogue import SCHEMA_REVISION, Catalogue, CatalogueUnavailable
from assets.lineage.locks import Busy, Locks
from assets.lineage.schema import metadata

MIGRATIONS = Path(__file__).parents[2] / "assets" / "lineage" / "migrations" / "versions"


def test_the_migrations_make_exactly_the_declared_tables(tmp_path: Path) -> None:
    catalogue = Catalogue(f"sqlite:///{tmp_path / 'catalogue.db'}")
    with catalogue.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_known_revision_is_the_newest_migration() -> None:
    assert max(path.name.split("_")[0] for path in MIGRATIONS.glob("*.py")) == SCHEMA_REVISION


def test_a_catalogue_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    Catalogue(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CatalogueUnavailable, match="newer release"):
        Catalogue(f"sqlite:///{path}")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").write_text("not a database, but long enough to be read as the header of one" * 20)
    with pytest.raises(CatalogueUnavailable, match=r"catalogue\.db"):
        Catalogue(f"sqlite:///{tmp_path / 'catalogue.db'}")


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    locks = Locks(Catalogue(f"sqlite:///{tmp_path / 'catalogue.db'}"), tmp_path / "locks")
    with locks.hold("source/a"):
        assert not locks.is_free("source/a")
        assert locks.is_free("source/b")
        with pytest.raises(Busy), locks.hold("source/a"):
            pass
    assert locks.is_free("source/a")
