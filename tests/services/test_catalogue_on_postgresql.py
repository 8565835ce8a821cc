"""The catalogue on PostgreSQL: the contract, and what only a server can do to it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.engine import make_url

from assets.lineage import ledger, schema
from assets.lineage.catalogue import Catalogue, CatalogueUnavailable
from assets.lineage.locks import Busy, Locks
from deploy.services.postgresql import PostgreSQLServer
from tests.conftest import PROJECT
from tests.lineage.catalogue_contract import UNORDERED, CatalogueContract, LedgerContract, LockContract


@pytest.fixture
def catalogue_url(postgresql_url: str) -> str:
    return postgresql_url


@pytest.fixture
def catalogue(catalogue_url: str) -> Iterator[Catalogue]:
    opened = Catalogue(catalogue_url)
    yield opened
    opened.close()


class TestCatalogueOnPostgreSQL(CatalogueContract):
    pass


class TestLocksInPostgreSQL(LockContract):
    pass


class TestLedgerOnPostgreSQL(LedgerContract):
    pass


def test_the_database_itself_orders_text_in_another_way(catalogue: Catalogue) -> None:
    """Else the test of the order would show nothing."""
    query = text("SELECT name FROM unnest(CAST(:names AS text[])) AS name ORDER BY name")
    with catalogue.read() as connection:
        assert list(connection.execute(query, {"names": UNORDERED}).scalars()) != sorted(UNORDERED)


def test_every_column_of_text_is_ordered_by_code_point(catalogue: Catalogue) -> None:
    query = text(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type IN ('text', 'character varying') AND collation_name IS DISTINCT FROM 'C'"
        " AND table_name <> 'alembic_version'"
    )
    with catalogue.read() as connection:
        assert connection.execute(query).all() == []


def test_a_catalogue_of_the_first_schema_keeps_its_rows_and_is_ordered_anew(postgresql_url: str) -> None:
    configuration = Config()
    configuration.set_main_option("script_location", str(PROJECT / "assets" / "lineage" / "migrations"))
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")
        values = [{"source": "s", "path": path, "fingerprint": "f"} for path in UNORDERED]
        connection.execute(insert(schema.files), values)
        query = select(schema.files.c.path).order_by(schema.files.c.path)
        assert list(connection.execute(query).scalars()) != sorted(UNORDERED)
    engine.dispose()
    with Catalogue(postgresql_url).read() as connection:
        assert list(connection.execute(query).scalars()) == sorted(UNORDERED)


def test_a_reader_does_not_wait_for_a_writer_nor_write(catalogue: Catalogue) -> None:
    with catalogue.write() as writing:
        ledger.append(writing, "index.refreshed", "generation/1", {})
        with catalogue.read() as reading:
            assert ledger.check(reading).entries == 0
    with pytest.raises(CatalogueUnavailable, match="read-only"), catalogue.read() as reading:
        ledger.append(reading, "index.refreshed", "generation/2", {})
    with catalogue.write() as writing:
        ledger.append(writing, "index.refreshed", "generation/3", {})


def test_writers_wait_for_each_other(catalogue: Catalogue) -> None:
    began, ended = threading.Event(), threading.Event()

    def second() -> None:
        began.set()
        with catalogue.write() as connection:
            ledger.append(connection, "index.refreshed", "generation/2", {})
        ended.set()

    thread = threading.Thread(target=second)
    with catalogue.write() as connection:
        thread.start()
        assert began.wait(10)
        assert not ended.wait(0.5)
        ledger.append(connection, "index.refreshed", "generation/1", {})
    thread.join(10)
    with catalogue.read() as connection:
        assert ledger.check(connection).intact
        assert [entry["subject"] for entry in ledger.entries(connection)] == ["generation/1", "generation/2"]


def test_a_catalogue_goes_on_after_its_server_was_restarted(
    catalogue: Catalogue, postgresql_server: PostgreSQLServer, tmp_path: Path
) -> None:
    def interrupted() -> None:
        with catalogue.write() as connection:
            ledger.append(connection, "index.refreshed", "generation/lost", {})
            postgresql_server.stop()
            connection.execute(select(1))

    with catalogue.write() as connection:
        ledger.append(connection, "index.refreshed", "generation/1", {})
    with pytest.raises(CatalogueUnavailable, match="stopped or restarted"):
        interrupted()
    with pytest.raises(CatalogueUnavailable, match="can't be reached; start it"), catalogue.read():
        pass
    with pytest.raises(CatalogueUnavailable, match="can't be reached; start it"):
        Catalogue(catalogue.url)
    locks = Locks(catalogue, tmp_path)
    with pytest.raises(CatalogueUnavailable, match="can't be reached; start it"), locks.hold("source/a"):
        pass
    postgresql_server.start()
    with catalogue.write() as connection:
        ledger.append(connection, "index.refreshed", "generation/2", {})
    with catalogue.read() as connection:
        assert [entry["subject"] for entry in ledger.entries(connection)] == ["generation/1", "generation/2"]


def test_a_lock_whose_connection_was_cut_is_free_and_its_holder_ends_well(
    catalogue: Catalogue, postgresql_server: PostgreSQLServer, tmp_path: Path
) -> None:
    locks = Locks(catalogue, tmp_path)
    with locks.hold("source/a"):
        with pytest.raises(Busy), locks.hold("source/a"):
            pass
        with postgresql_server.connect("postgres") as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE locktype = 'advisory' AND datname = %s",
                (make_url(catalogue.url).database,),
            )
        with locks.hold("source/a", wait_seconds=10):
            pass
    assert locks.is_free("source/a")


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"password": "very-secret"}, "refuses this user"),
        ({"username": "somebody"}, "refuses this user"),
        ({"database": "nobody_made_this"}, "there is no such database; create it"),
        ({"port": 9}, "can't be reached; start it"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_its_password(
    postgresql_url: str, change: dict[str, object], advice: str
) -> None:
    address = make_url(postgresql_url).set(**change)  # type: ignore[arg-type]
    with pytest.raises(CatalogueUnavailable, match=advice) as raised:
        Catalogue(address.render_as_string(hide_password=False))
    assert str(address.password) not in str(raised.value)


def test_a_process_that_ends_leaves_no_connection_open(catalogue_url: str) -> None:
    lines = [
        "from assets.lineage.catalogue import Catalogue",
        f"catalogue = Catalogue({catalogue_url!r})",
        "with catalogue.read(): pass",
    ]
    done = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", "\n".join(lines)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "ResourceWarning" not in done.stderr
