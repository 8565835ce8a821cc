"""What catalogue, ledger and locks keep, whichever database is behind them. A test file gives the fixtures `catalogue_url` and
`catalogue` (an empty one) and inherits from these."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, insert, select, text, update

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.lineage import ledger, schema
from assets.lineage.catalogue import SCHEMA_REVISION, Catalogue, CatalogueUnavailable
from assets.lineage.every_table import metadata
from assets.lineage.locks import Busy, Locks
from assets.lineage.moments import OPEN

FRESH_PROCESSES = multiprocessing.get_context("spawn")

UNORDERED = ["ä", "Z", "a", "é", "z", "A", "a-b", "a/b", "a b", "aa", "_", "\U0001f600", "\ufffd", "ab", "a.b", "年"]
"""Names that languages order in another way than Python does."""


def _open(url: str) -> str:
    return Catalogue(url).url


def _append_many(url: str, writer: int, times: int) -> None:
    catalogue = Catalogue(url)
    for number in range(times):
        with catalogue.write() as connection:
            ledger.append(connection, "index.refreshed", f"writer/{writer}", {"number": number})


def _hold_for_ever(url: str, folder: Path) -> None:
    with Locks(Catalogue(url), folder).hold("source/a"):
        (folder / "held").touch()
        time.sleep(600)


class CatalogueContract:
    def test_the_migrations_make_exactly_the_declared_tables(self, catalogue: Catalogue) -> None:
        with catalogue.read() as connection:
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []

    def test_processes_that_open_a_new_one_at_once_migrate_it_once(self, catalogue_url: str) -> None:
        with ProcessPoolExecutor(2, mp_context=FRESH_PROCESSES) as pool:
            assert list(pool.map(_open, [catalogue_url] * 2)) == [catalogue_url] * 2
        with Catalogue(catalogue_url).read() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [(SCHEMA_REVISION,)]

    def test_one_of_a_newer_release_is_left_alone(self, catalogue: Catalogue, catalogue_url: str) -> None:
        with catalogue.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(CatalogueUnavailable, match="newer release"):
            Catalogue(catalogue_url)

    def test_text_is_ordered_and_compared_by_code_point(self, catalogue: Catalogue) -> None:
        table = schema.files
        with catalogue.write() as connection:
            connection.execute(insert(table), [{"source": "s", "path": path, "fingerprint": "f"} for path in UNORDERED])
        with catalogue.read() as connection:
            ordered = list(connection.execute(select(table.c.path).order_by(table.c.path)).scalars())
            assert ordered == sorted(UNORDERED)
            for name in UNORDERED:
                after = connection.execute(select(table.c.path).where(table.c.path > name)).scalars()
                assert set(after) == {other for other in UNORDERED if other > name}

    def test_a_read_sees_one_snapshot(self, catalogue: Catalogue) -> None:
        count = select(schema.ledger.c.sequence)
        with catalogue.read() as reading:
            assert reading.execute(count).all() == []
            with catalogue.write() as writing:
                ledger.append(writing, "index.refreshed", "generation/1", {})
            assert reading.execute(count).all() == []
        with catalogue.read() as reading:
            assert reading.execute(count).all() == [(1,)]

    def test_far_moments_and_any_text_come_back_as_they_were(self, catalogue: Catalogue) -> None:
        written = {
            "source": "s",
            "document_id": "s/Überstunden 年假 \U0001f600.md",
            "stage": "parse",
            "reason": 'it\'s 100 % "quoted" \\ %s :name',
            "advice": "a\nb\tc",
            "raw": None,
            "noticed_at": -(2**62),
            "resolved_at": OPEN,
        }
        with catalogue.write() as connection:
            connection.execute(insert(schema.quarantine), [written, {**written, "document_id": "s/b"}])
        with catalogue.read() as connection:
            found = connection.execute(select(schema.quarantine).order_by(schema.quarantine.c.quarantine_id)).all()
        assert [row.quarantine_id for row in found] == [1, 2]
        assert {name: getattr(found[0], name) for name in written} == written

    def test_a_source_is_registered_changed_and_removed(self, catalogue: Catalogue) -> None:
        for name in ("b", "a_1", "a-1"):
            registry.add(catalogue, SourceSpec(name, "handbook", f"/nowhere/{name}", include=("**/*.md",)))
        registry.remove(catalogue, "b")
        assert [each.spec.name for each in registry.listed(catalogue)] == ["a-1", "a_1"]
        assert registry.get(catalogue, "a_1").spec.include == ("**/*.md",)


class LockContract:
    def test_a_lock_is_held_by_one(self, catalogue: Catalogue, tmp_path: Path) -> None:
        locks = Locks(catalogue, tmp_path / "locks")
        with locks.hold("source/a"):
            assert not locks.is_free("source/a")
            assert locks.is_free("source/b")
            with pytest.raises(Busy), locks.hold("source/a"):
                pass
        assert locks.is_free("source/a")

    def test_the_lock_of_a_killed_process_is_free_again(
        self, catalogue: Catalogue, catalogue_url: str, tmp_path: Path
    ) -> None:
        locks = Locks(catalogue, tmp_path)
        holder = FRESH_PROCESSES.Process(target=_hold_for_ever, args=(catalogue_url, tmp_path), daemon=True)
        holder.start()
        while not (tmp_path / "held").exists():
            assert holder.is_alive()
            time.sleep(0.02)
        with pytest.raises(Busy, match="another process still works on 'source/a'"), locks.hold("source/a"):
            pass
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGKILL)
        holder.join()
        with locks.hold("source/a", wait_seconds=30):
            pass


class LedgerContract:
    @pytest.fixture
    def chained(self, catalogue: Catalogue) -> Catalogue:
        """A ledger of five entries."""
        with catalogue.write() as connection:
            for number in range(5):
                ledger.append(connection, "index.refreshed", f"generation/{number}", {"rows": number})
        return catalogue

    def test_an_untouched_chain_is_intact(self, chained: Catalogue) -> None:
        with chained.read() as connection:
            report = ledger.check(connection)
        assert report.intact
        assert report.entries == 5

    @pytest.mark.parametrize("column", ["payload", "subject", "kind", "previous", "hash"])
    def test_a_changed_field_is_found_where_it_stands(self, chained: Catalogue, column: str) -> None:
        with chained.write() as connection:
            connection.execute(update(schema.ledger).where(schema.ledger.c.sequence == 3).values({column: "x"}))
        with chained.read() as connection:
            assert ledger.check(connection).broken_at == 3

    def test_a_removed_entry_is_found(self, chained: Catalogue) -> None:
        with chained.write() as connection:
            connection.execute(delete(schema.ledger).where(schema.ledger.c.sequence == 2))
        with chained.read() as connection:
            assert ledger.check(connection).broken_at == 2

    def test_an_entry_goes_with_the_transaction_that_it_records(self, chained: Catalogue) -> None:
        def fail_after_recording() -> None:
            with chained.write() as connection:
                ledger.append(connection, "index.refreshed", "generation/9", {})
                raise RuntimeError("the change failed")

        with pytest.raises(RuntimeError):
            fail_after_recording()
        with chained.read() as connection:
            assert ledger.check(connection).entries == 5

    def test_processes_that_append_at_once_never_fork_the_chain(self, chained: Catalogue, catalogue_url: str) -> None:
        writers, times = 3, 40
        with ProcessPoolExecutor(writers, mp_context=FRESH_PROCESSES) as pool:
            list(pool.map(_append_many, [catalogue_url] * writers, range(writers), [times] * writers))
        with chained.read() as connection:
            report = ledger.check(connection)
            numbers = [
                [entry["payload"] for entry in ledger.entries(connection, subject=f"writer/{writer}")]
                for writer in range(writers)
            ]
        assert report.intact
        assert report.entries == 5 + writers * times
        assert numbers == [[{"number": number} for number in range(times)]] * writers
