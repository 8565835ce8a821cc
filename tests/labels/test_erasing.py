"""Erasing a person: nothing of theirs is in any byte afterwards, everybody else is whole, and it can be done again."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from click.testing import CliRunner
from sqlalchemy import func, insert, select

from assets.backup.taking import backup
from assets.index.verification import verify
from assets.labels import erasing
from assets.labels.erasing import Erasure, erase
from assets.labels.intake import adding as intake
from assets.labels.intake import arrival
from assets.labels.intake.adding import add_labels
from assets.labels.intake.batches import read_rows
from assets.labels.snapshots.frozen import freeze
from assets.labels.snapshots.storing import read, write
from assets.labels.synthetic.generator import resumes
from assets.labels.tasks import task_named
from assets.labels.vault.originals import opened, read_originals
from assets.labels.vault.persons import PersonUnknown, known_persons
from assets.labels.warehouse.loading import load
from assets.lineage import ledger
from assets.lineage.label_tables import datasets, label_batches, label_rows, persons
from assets.platform import Platform, Settings
from assets.storage.blobs import Blobs
from orchestration.command_line.main import main
from tests.labels.every_byte import holding

SENTENCE = "I taught seven grey parrots to sort invoices by the smell of their ink."
MARKERS = ["Quirina", "Featherstonehaugh", "quirina.featherstonehaugh@example.org", SENTENCE, "HR-77-4711"]
RESUME = (
    "Quirina Featherstonehaugh\nquirina.featherstonehaugh@example.org | +1 614 555 0148\n\nSummary\n"
    f"Accountant with nine years in audit. {SENTENCE}\n\nExperience\nSenior accountant, Northwind Traders, 2015 - 2024\n"
    "Prepared monthly closings and reconciled ledgers.\n"
)


def write_csv(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "text"])
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with `home`, where three batches of two tasks hold the person, as do warehouses and a dataset, and with the
    batches' files; and the dataset's version."""
    folder = tmp_path_factory.mktemp("history")
    platform = Platform(Settings(home=folder / "home"))
    others = [(each.resume_id, each.category, each.text) for each in resumes(6, 11)]
    person = ("HR-77-4711", "FINANCE", RESUME)
    add_labels(platform, write_csv(folder / "one.csv", [*others[:3], person]), "job-category")
    corrected = ("HR-77-4711", "ACCOUNTING", f"{RESUME}References on request.")
    add_labels(platform, write_csv(folder / "two.csv", [corrected, *others[3:]]), "job-category")
    match = folder / "match.jsonl"
    match.write_text(json.dumps({"id": "HR-77-4711", "text": RESUME, "opening": "We seek an accountant.", "grade": 3}))
    add_labels(platform, match, "match")
    for task in ("job-category", "match"):
        with platform.locks.hold(f"labels/{task}"):
            load(platform, task)
    version = published(platform)
    platform.catalogue.close()
    return folder, version


@pytest.fixture
def lived(history: tuple[Path, str], platform: Platform) -> str:
    """The platform with that history, as a copy of one's own; returns the dataset's version."""
    shutil.copytree(history[0] / "home", platform.home)
    return history[1]


def published(platform: Platform) -> str:
    """A dataset of every different text, as a build publishes it."""
    rows = {row.text_hash: row for _, each in blobs_of(platform, "job-category") for row in read_rows(each)}
    mart = [
        {
            "text_hash": row.text_hash,
            "text": row.text,
            "label": row.label,
            "opening_hash": None,
            "opening_text": None,
            "group_id": row.text_hash,
            "split": "train",
        }
        for row in rows.values()
    ]
    frozen = freeze(pyarrow.Table.from_pylist(mart), task_named("job-category"))
    write(platform.objects, frozen)
    with platform.catalogue.write() as connection:
        connection.execute(
            insert(datasets).values(
                version=frozen.version, task="job-category", sequence=1, created_at=0, run_id="run", summary="{}"
            )
        )
    return frozen.version


def blobs_of(platform: Platform, task: str, column: str = "rows_blob") -> list[tuple[str, bytes]]:
    query = select(label_batches.c.batch_id, label_batches.c[column]).where(label_batches.c.task == task)
    with platform.catalogue.read() as connection:
        return [(name, platform.blobs.get(blob)) for name, blob in connection.execute(query)]


def assert_all_of_the_others_is_there(platform: Platform, version: str) -> None:
    assert verify(platform).ok
    rows = [row for _, each in blobs_of(platform, "job-category") for row in read_rows(each)]
    assert len(rows) == 6
    sealed = [
        (name, original)
        for name, each in blobs_of(platform, "job-category", "originals_blob")
        for original in read_originals(each)
    ]
    with platform.catalogue.read() as connection:
        keys = known_persons(connection, platform.vault, [each.person_id for _, each in sealed]).keys
        counted = connection.execute(select(func.count()).select_from(label_rows)).scalar_one()
    assert counted == 6
    texts = {opened(keys[original.person_id], name, original).text for name, original in sealed}
    assert texts == {each.text for each in resumes(6, 11)}
    stored = read(platform.objects, "job-category", version)
    assert stored.texts.keys() == {row.text_hash for row in rows}
    assert len(stored.erased) == 2


class TestErase:
    def test_no_byte_of_any_store_holds_anything_of_the_person(self, platform: Platform, lived: str) -> None:
        before = holding(platform.home, MARKERS)
        # What anonymizing leaves is what the search has to be able to find, in every store.
        assert SENTENCE in before
        assert {path.suffix for path in before[SENTENCE]} >= {".duckdb", ".parquet", ""}
        assert "Quirina" not in before
        done = erase(platform, "HR-77-4711")
        assert holding(platform.home, MARKERS) == {}
        assert len(done.batches) == 3
        assert done.snapshots == (lived,)
        assert (done.removed.rows, done.removed.originals, done.removed.texts) == (3, 3, 2)
        assert done.removed.warehouses == ("job-category", "match")
        assert_all_of_the_others_is_there(platform, lived)

    def test_the_key_is_gone_from_the_catalogues_bytes(self, platform: Platform, lived: str) -> None:
        query = select(persons.c.wrapped_key).where(persons.c.person_id == platform.vault.person_of_id("HR-77-4711"))
        with platform.catalogue.read() as connection:
            wrapped = connection.execute(query).scalar_one()
        erase(platform, "HR-77-4711")
        with platform.catalogue.read() as connection:
            assert connection.execute(query).scalar_one() is None
        assert holding(platform.home, [wrapped]) == {}

    def test_the_proof_is_in_the_ledger_and_tells_nothing(self, platform: Platform, lived: str) -> None:
        done = erase(platform, "HR-77-4711")
        with platform.catalogue.read() as connection:
            entry = ledger.entries(connection, subject=done.person_id)[-1]
            assert ledger.check(connection).intact
        assert (entry["kind"], entry["hash"]) == ("person.erased", done.proof)
        assert not [marker for marker in MARKERS if marker in json.dumps(entry)]

    def test_again_it_tells_the_same_by_either_id(self, platform: Platform, lived: str) -> None:
        done = erase(platform, "HR-77-4711")
        assert erase(platform, done.person_id) == done
        assert erase(platform, " HR-77-4711 ") == done

    def test_who_never_came_in_is_told_without_being_named(self, platform: Platform, lived: str) -> None:
        with pytest.raises(PersonUnknown, match="give the id as the file had it") as told:
            erase(platform, "nobody@example.org")
        assert "nobody" not in str(told.value)

    def test_backups_that_hold_the_person_are_named(self, platform: Platform, lived: str, tmp_path: Path) -> None:
        taken = backup(platform, str(tmp_path / "backup")).backup
        done = erase(platform, "HR-77-4711")
        assert done.backups == (taken,)
        backup(platform, str(tmp_path / "other"))
        assert erase(platform, "HR-77-4711").backups == (taken,)

    def test_an_erased_person_stays_out(
        self, platform: Platform, lived: str, history: tuple[Path, str], tmp_path: Path
    ) -> None:
        erase(platform, "HR-77-4711")
        assert add_labels(platform, history[0] / "one.csv", "job-category").repeated
        again = write_csv(tmp_path / "three.csv", [("HR-77-4711", "FINANCE", RESUME)])
        batch = add_labels(platform, again, "job-category")
        assert (batch.accepted, batch.reasons) == (0, {"person_erased": 1})
        assert holding(platform.home, MARKERS) == {}

    def test_what_another_person_says_too_word_for_word_stays(self, platform: Platform, tmp_path: Path) -> None:
        text = "Accountant with nine years in audit; prepared monthly closings and reconciled ledgers."
        rows = [("one", "FINANCE", f"one@example.org\n{text}"), ("two", "FINANCE", f"two@example.org\n{text}")]
        add_labels(platform, write_csv(tmp_path / "a.csv", rows), "job-category")
        version = published(platform)
        done = erase(platform, "one")
        assert done.removed.texts == 0
        assert [row.person_id for _, each in blobs_of(platform, "job-category") for row in read_rows(each)] == [
            platform.vault.person_of_id("two")
        ]
        assert len(read(platform.objects, "job-category", version).texts) == 1

    def test_what_a_killed_intake_left_of_the_person_goes_too(
        self, platform: Platform, lived: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def killed(*_: Any) -> None:
            raise _Killed

        with monkeypatch.context() as patched:
            patched.setattr(arrival.batch_tables, "add", killed)
            patched.setattr(intake, "remove_unfinished", lambda _: None)
            with pytest.raises(_Killed):
                add_labels(platform, write_csv(tmp_path / "a.csv", [("HR-77-4711", "LAW", RESUME)]), "job-category")
        assert (platform.home / "labels" / "intake" / "rows").exists()
        erase(platform, "HR-77-4711")
        assert holding(platform.home, MARKERS) == {}


class _Killed(BaseException):
    pass


STEPS: list[tuple[Any, str, int]] = [
    (erasing, "destroy_key", 1),
    (erasing, "forget", 1),
    (erasing, "remove_warehouse", 1),
    (erasing, "note", 2),
    (Blobs, "put", 2),
    (Blobs, "put", 6),
    (Blobs, "flush", 1),
    (erasing.ledger, "append", 1),
    (erasing, "settle_all", 1),
    (Blobs, "delete", 2),
]


@pytest.mark.parametrize(("target", "name", "number"), STEPS)
def test_one_that_ends_at_any_step_is_run_again_to_the_end(
    platform: Platform, lived: str, monkeypatch: pytest.MonkeyPatch, target: Any, name: str, number: int
) -> None:
    calls = 0
    original = getattr(target, name)

    def called(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            raise _Killed
        return original(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(target, name, called)
        with pytest.raises(_Killed):
            erase(platform, "HR-77-4711")
    # Somebody may build a warehouse before it is run again.
    with platform.locks.hold("labels/job-category"):
        load(platform, "job-category")
    done: Erasure = erase(platform, "HR-77-4711")
    assert (len(done.batches), done.snapshots, done.removed.rows) == (3, (lived,), 3)
    assert holding(platform.home, MARKERS) == {}
    assert_all_of_the_others_is_there(platform, lived)
    assert list(platform.objects.list("labels/")) == []


def test_the_command_prints_what_went_and_the_proof(platform: Platform, lived: str) -> None:
    runner = CliRunner(env={"HRDP_HOME": str(platform.home)})
    done = runner.invoke(main, ["erase", "HR-77-4711", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["erased"] is True
    assert told["snapshots"] == [lived]
    assert len(told["proof"]) == 64
    assert runner.invoke(main, ["erase", told["person_id"]]).exit_code == 0
    unknown = runner.invoke(main, ["erase", "nobody"])
    assert unknown.exit_code == 1
    assert unknown.output.startswith("Error: no labelled resume of that person came in")
