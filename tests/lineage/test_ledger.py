"""The ledger: a chain that shows every change made behind its back."""

from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from assets.lineage import ledger, schema
from assets.lineage.catalogue import Catalogue


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    opened = Catalogue(f"sqlite:///{tmp_path / 'catalogue.db'}")
    with opened.write() as connection:
        for number in range(5):
            ledger.append(connection, "index.refreshed", f"generation/{number}", {"rows": number})
    return opened


def test_an_untouched_chain_is_intact(catalogue: Catalogue) -> None:
    with catalogue.read() as connection:
        report = ledger.check(connection)
    assert report.intact
    assert report.entries == 5


@pytest.mark.parametrize("column", ["payload", "subject", "kind", "previous", "hash"])
def test_a_changed_field_is_found_where_it_stands(catalogue: Catalogue, column: str) -> None:
    with catalogue.write() as connection:
        connection.execute(update(schema.ledger).where(schema.ledger.c.sequence == 3).values({column: "x"}))
    with catalogue.read() as connection:
        assert ledger.check(connection).broken_at == 3


def test_a_removed_entry_is_found(catalogue: Catalogue) -> None:
    with catalogue.write() as connection:
        connection.execute(delete(schema.ledger).where(schema.ledger.c.sequence == 2))
    with catalogue.read() as connection:
        assert ledger.check(connection).broken_at == 2


def test_an_entry_goes_with_the_transaction_that_it_records(catalogue: Catalogue) -> None:
    def fail_after_recording() -> None:
        with catalogue.write() as connection:
            ledger.append(connection, "index.refreshed", "generation/9", {})
            raise RuntimeError("the change failed")

    with pytest.raises(RuntimeError):
        fail_after_recording()
    with catalogue.read() as connection:
        assert ledger.check(connection).entries == 5


def test_the_catalogue_is_in_write_ahead_mode(catalogue: Catalogue) -> None:
    with catalogue.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
