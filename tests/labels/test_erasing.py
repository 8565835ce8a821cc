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
from assets.labels.erased import erased_from
from assets.labels.erasing import erase
from assets.labels.erasure import Erasure, TrainedModel
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
from assets.lineage.model_tables import predictions
from assets.models.artifacts.packaging import package
from assets.models.model import Gate
from assets.models.promotion.decisions import Hand
from assets.models.promotion.promoting import MEASURED, PromotionRefused, promote, promote_by_hand, rollback
from assets.models.serving.predicting import Classified, Ranked
from assets.models.serving.recording import record
from assets.models.serving.unlabelled import UnlabelledText, read_resumes
from assets.platform import Platform, Settings
from assets.storage.blobs import Blobs
from orchestration.command_line.main import main
from tests.labels.every_byte import holding
from tests.models.candidates import write_candidate

SENTENCE = "I taught seven grey parrots to sort invoices by the smell of their ink."
PREDICTED = "the-aviary-of-parrots"
MARKERS = ["Quirina", "Featherstonehaugh", "quirina.featherstonehaugh@example.org", SENTENCE, "HR-77-4711", PREDICTED]
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
    """A folder with `home`, where three batches of two tasks hold the person, as do warehouses and a dataset on which a champion
    was trained, which predicted for them and others, and with the batches' files; and the dataset's version."""
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
    model = package(platform, write_candidate(folder / "candidate", dataset=version), "run").version
    promote_by_hand(platform, "job-category", model, Hand("A. Tester", "a try"), champion=None)
    package(platform, write_candidate(folder / "other", seed=1, dataset="e" * 64), "run")
    for name in ("one.csv", "two.csv"):
        given = [each for each in read_resumes(folder / name) if isinstance(each, UnlabelledText)]
        record(platform, "job-category", model, [Classified(each, "FINANCE", 0.75, False) for each in given])
        openings = {each.id: PREDICTED if each.id == "HR-77-4711" else "a bakery" for each in given}
        record(platform, "match", "m" * 64, [Ranked(each, ((openings[each.id], 0.5),)) for each in given])
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


def recorded(platform: Platform) -> list[Any]:
    with platform.catalogue.read() as connection:
        return list(connection.execute(predictions.select().order_by(predictions.c.prediction_id)))


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
        assert PREDICTED in before
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

    def test_models_that_learned_from_the_person_are_named_and_which_of_them_is_served(
        self, platform: Platform, lived: str, tmp_path: Path
    ) -> None:
        [model] = erase(platform, "HR-77-4711").models
        assert (model.task, model.dataset_version, model.is_champion) == ("job-category", lived, True)
        better = package(platform, write_candidate(tmp_path / "better", seed=5), "run").version
        promote_by_hand(platform, "job-category", better, Hand("A. Tester", "without them"), champion=model.version)
        [later] = erase(platform, "HR-77-4711").models
        assert later == TrainedModel(model.version, "job-category", lived, False)

    def test_a_model_that_learned_from_the_person_comes_back_neither_by_rollback_nor_by_its_gates(
        self, platform: Platform, lived: str, tmp_path: Path
    ) -> None:
        [model] = erase(platform, "HR-77-4711").models
        hand = Hand("A. Tester", "without them")
        later = package(platform, write_candidate(tmp_path / "later", seed=5), "run").version
        promote_by_hand(platform, "job-category", later, hand, champion=model.version)
        with pytest.raises(PromotionRefused, match="train a model on what is left"):
            rollback(platform, "job-category", hand, champion=later)
        same = package(platform, write_candidate(tmp_path / "same", seed=6, dataset=lived), "run").version
        gates = [Gate(name, True, None, None, "") for name in MEASURED]
        refused = promote(platform, "job-category", same, gates, champion=later, run_id="run")
        assert [gate.name for gate in refused.failed] == ["nobody_erased"]
        with pytest.raises(PromotionRefused, match="nobody_erased"):
            promote_by_hand(platform, "job-category", same, hand, champion=later)

    def test_a_champion_that_learned_from_the_person_gives_way_to_one_that_did_too(
        self, platform: Platform, lived: str, tmp_path: Path
    ) -> None:
        [model] = erase(platform, "HR-77-4711").models
        other = package(platform, write_candidate(tmp_path / "other", seed=6, dataset=lived), "run").version
        gates = [Gate(name, True, None, None, "") for name in MEASURED]
        assert promote(platform, "job-category", other, gates, champion=model.version, run_id="run").failed == ()

    def test_of_predictions_it_stays_known_that_they_were_made_and_of_others_what_they_said(
        self, platform: Platform, lived: str
    ) -> None:
        before = recorded(platform)
        assert len(before) == 16
        assert erase(platform, "HR-77-4711").predictions == 4
        after = recorded(platform)
        wiped = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        assert len(wiped) == 4
        for old, new in wiped:
            assert (new.output, new.probability) != (old.output, old.probability)
            assert set(json.loads(new.output)) == {"erased"}
            assert new.probability is None
            kept = ("prediction_id", "task", "model_version", "input_hash", "abstained", "predicted_at")
            assert [getattr(new, name) for name in kept] == [getattr(old, name) for name in kept]
        assert {new.input_hash for _, new in wiped}.isdisjoint(
            new.input_hash for new in after if "erased" not in new.output
        )
        # Two texts, two tasks: what was said of each is proven by a hash of its own.
        assert len({new.output for _, new in wiped}) == 4

    def test_a_key_that_opens_nothing_does_not_keep_the_person_from_being_erased(
        self, platform: Platform, lived: str
    ) -> None:
        person = platform.vault.person_of_id("HR-77-4711")
        with platform.catalogue.write() as connection:
            wrapped = platform.vault.wrap(person, platform.vault.new_key())
            connection.execute(persons.update().where(persons.c.person_id == person).values(wrapped_key=wrapped))
        said: list[str] = []
        done = erase(platform, "HR-77-4711", said.append)
        assert (done.predictions, done.removed.rows) == (0, 3)
        assert any("predictions of those can't be found" in each for each in said)

    def test_datasets_tell_whom_they_held(self, platform: Platform, lived: str) -> None:
        with platform.catalogue.read() as connection:
            assert erased_from(connection, {lived, "f" * 64}) == {lived: frozenset(), "f" * 64: frozenset()}
        done = erase(platform, "HR-77-4711")
        with platform.catalogue.read() as connection:
            assert erased_from(connection, {lived, "f" * 64}) == {lived: {done.person_id}, "f" * 64: frozenset()}

    def test_the_proof_is_in_the_ledger_and_tells_nothing(self, platform: Platform, lived: str) -> None:
        done = erase(platform, "HR-77-4711")
        with platform.catalogue.read() as connection:
            entries = ledger.entries(connection, subject=done.person_id)
            assert ledger.check(connection).intact
        assert [entry["kind"] for entry in entries] == ["predictions.erased", "person.erased"]
        assert entries[-1]["hash"] == done.proof
        assert not [marker for marker in MARKERS if marker in json.dumps(entries)]

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
    (erasing, "erase_outputs", 1),
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
    assert (len(done.models), done.predictions) == (1, 4)
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
    assert [model["is_champion"] for model in told["models"]] == [True]
    again = runner.invoke(main, ["erase", told["person_id"]])
    assert again.exit_code == 0
    assert "outputs of 4 predictions" in again.stdout
    assert told["models"][0]["version"][:12] in again.stdout
    assert "hrdp dataset build --task job-category, then hrdp train --task job-category" in again.stdout
    unknown = runner.invoke(main, ["erase", "nobody"])
    assert unknown.exit_code == 1
    assert unknown.output.startswith("Error: no labelled resume of that person came in")
