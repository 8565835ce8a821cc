"""PostgreSQL is gone for a while, or cuts a connection that holds a lock: nothing is lost, nothing is done twice."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg2.extensions import set_wait_callback
from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import make_url

from assets.index import serving
from assets.index.refresh import Superseded, embed, stage_chunks, stage_documents, write_and_serve
from assets.lineage import ledger, postgresql, schema
from assets.lineage.catalogue import CatalogueUnavailable
from assets.platform import Platform, Settings
from assets.problems import RunsUnavailable
from deploy.services.postgresql import PostgreSQLServer
from orchestration import dagster_database
from orchestration.local_runs import clear_of_dagster
from tests.conftest import PROJECT, Installation
from tests.services.faults.conftest import Proxies, Refreshed, check_whole, told

QUESTION = "leave of whoever has served 17 months"


@pytest.fixture
def with_dagster(installation: Installation, dagster_url: str, proxies: Proxies, tmp_path: Path) -> Installation:
    """Dagster's state lies on the same server, as in production."""
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copyfile(PROJECT / "deploy" / "dagster.yaml", home / "dagster.yaml")
    address = make_url(dagster_url).set(port=proxies.sql.port).render_as_string(hide_password=False)
    installation.environment |= {"DAGSTER_HOME": str(home), "HRDP_DAGSTER_DATABASE": address}
    return installation


def test_a_server_that_is_stopped_for_ten_seconds_in_mid_refresh_loses_nothing(
    with_dagster: Installation,
    platform: Platform,
    guide: Path,
    proxies: Proxies,
    postgresql_server: PostgreSQLServer,
) -> None:
    timer = threading.Timer(10, postgresql_server.start)

    def stop() -> None:
        postgresql_server.stop()
        timer.start()

    # Some of the documents are in the object store by then.
    proxies.s3.after_upload(40_000, stop)
    sentence = told(with_dagster.run("refresh"))
    assert "stopped or restarted" in sentence or "can't be reached" in sentence or "broke off" in sentence
    timer.join()
    assert with_dagster.json("refresh")["sources"]["guide"]["documents"]["added"] == len(list(guide.iterdir()))
    check_whole(platform, guide)


def test_a_server_that_is_not_there_is_told_by_every_command(
    with_dagster: Installation, platform: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed
) -> None:
    refreshed(platform, "guide")
    proxies.sql.refuse()
    for command in (["search", QUESTION], ["refresh"]):
        assert "its server can't be reached; start it" in told(with_dagster.run(*command))
    proxies.sql.mend()
    [best, *_] = with_dagster.json("search", QUESTION)["results"]
    assert best["document_id"] == "guide/rule-017.md"
    check_whole(platform, guide)


@pytest.fixture
def other(environment: dict[str, str], postgresql_url: str) -> Platform:
    """Another process of the same installation, in effect: with connections of its own, which no proxy cuts."""
    return Platform(Settings.from_environment(environment | {"HRDP_CATALOGUE": postgresql_url}))


def test_a_refresh_that_lost_its_locks_while_it_writes_rows_does_not_go_on_beside_another(
    platform: Platform,
    other: Platform,
    guide: Path,
    proxies: Proxies,
    refreshed: Refreshed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "_ROWS_A_READ", 10)
    stage_documents(platform, "guide", "first")
    stage_chunks(platform, "guide", "first")
    embed(platform, "guide", "first")

    def lose_locks(_rows: int) -> None:
        # Nothing is wrong any more when the next row is written: only the locks are gone, and somebody else has them.
        proxies.sql.break_connections()
        assert refreshed(other, "guide").result.embedded == 0

    with pytest.raises(CatalogueUnavailable, match="run the command again"):
        write_and_serve(platform, "guide", "first", progress=lose_locks)
    platform.release()
    check_whole(other, guide)
    assert refreshed(platform, "guide").result.documents.unchanged == len(list(guide.iterdir()))
    check_whole(platform, guide)
    _check_ledger(platform, 1)


def test_a_refresh_that_lost_its_locks_before_it_reads_the_source_does_not_stage_beside_another(
    platform: Platform, other: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed
) -> None:
    documents = len(list(guide.iterdir()))

    def lose_locks(seen: int) -> None:
        if threading.current_thread() is threading.main_thread() and seen:
            proxies.sql.break_connections()
            refreshed(other, "guide")

    with pytest.raises((CatalogueUnavailable, Superseded), match=r"again|taken over"):
        stage_documents(platform, "guide", "first", progress=lose_locks)
    platform.release()
    check_whole(other, guide)
    assert refreshed(platform, "guide").result.documents.unchanged == documents
    check_whole(platform, guide)
    _check_ledger(platform, 1)


def test_a_switch_whose_connection_is_cut_has_taken_place_or_not(
    platform: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage_documents(platform, "guide", "first")
    stage_chunks(platform, "guide", "first")
    embed(platform, "guide", "first")
    append: Callable[..., str] = ledger.append

    def cut(*arguments: object) -> str:
        done = append(*arguments)
        proxies.sql.break_connections()
        return done

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "append", cut)
        with pytest.raises(CatalogueUnavailable):
            write_and_serve(platform, "guide", "first")
    platform.release()
    assert refreshed(platform, "guide").result.embedded == 0
    check_whole(platform, guide)
    _check_ledger(platform, 1)


def _check_ledger(platform: Platform, refreshes: int) -> None:
    with platform.catalogue.read() as connection:
        assert ledger.check(connection).intact
        table = schema.ledger
        query = select(func.count()).select_from(table).where(table.c.kind == "index.refreshed")
        assert connection.execute(query).scalar() == refreshes


def _read(platform: Platform, silence: Callable[[], None]) -> None:
    with platform.catalogue.read() as connection:
        silence()
        connection.execute(select(schema.sources)).all()


def _write(platform: Platform, silence: Callable[[], None]) -> None:
    with platform.catalogue.write() as connection:
        silence()
        ledger.append(connection, "index.refreshed", "generation/lost", {})


def _hold_lock(platform: Platform, silence: Callable[[], None]) -> None:
    with platform.locks.hold("serve"):
        silence()
        with platform.catalogue.read():
            pass


def _connect(platform: Platform, silence: Callable[[], None]) -> None:
    platform.catalogue.close()
    silence()
    with platform.catalogue.read():
        pass


@pytest.mark.parametrize("use", [_read, _write, _hold_lock, _connect])
def test_a_server_that_falls_silent_is_told_soon_and_one_that_works_on_a_query_is_waited_for(
    platform: Platform,
    guide: Path,
    proxies: Proxies,
    refreshed: Refreshed,
    monkeypatch: pytest.MonkeyPatch,
    use: Callable[[Platform, Callable[[], None]], None],
) -> None:
    refreshed(platform, "guide")
    monkeypatch.setattr(postgresql, "_SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(postgresql, "_CONNECT_SECONDS", 2)
    impatient = Platform(platform.settings)
    with impatient.catalogue.read() as connection:
        assert connection.execute(select(func.pg_sleep(1.5))).all()
    with pytest.raises(CatalogueUnavailable, match=r"does not answer|can't be reached|broke off") as raised:
        use(impatient, proxies.sql.silence)
    assert "\n" not in str(raised.value)
    proxies.sql.mend()
    with impatient.catalogue.read() as connection:
        assert ledger.check(connection).intact
    check_whole(platform, guide)
    _check_ledger(platform, 1)


def test_dagsters_database_that_falls_silent_is_told(
    dagster_url: str, proxies: Proxies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dagster_database, "_CONNECT_SECONDS", 1.0)
    monkeypatch.setattr(dagster_database, "_SILENCE_SECONDS", 1.0)
    engine = create_engine(make_url(dagster_url).set(port=proxies.sql.port))
    dagster_database.bound_waiting()
    try:
        with engine.connect() as connection:
            assert connection.execute(select(func.pg_sleep(0.2))).all()
            proxies.sql.silence()
            with pytest.raises(RunsUnavailable, match="its server does not answer"), clear_of_dagster():
                connection.execute(select(func.now()))
        with pytest.raises(RunsUnavailable, match="its server does not answer"), clear_of_dagster():
            engine.connect()
        proxies.sql.mend()
        with engine.connect() as connection:
            assert connection.execute(select(func.now())).all()
    finally:
        set_wait_callback(None)
        engine.dispose()
