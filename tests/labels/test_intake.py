"""Labelled resumes come in: anonymized, as a whole or not at all, once, whatever is killed; originals only in the vault."""

import csv
import json
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from assets.backup.restoring import restore
from assets.backup.taking import backup
from assets.index.verification import verify
from assets.labels.anonymizing import parallel
from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.anonymizing.parallel import AnonymizingStopped, MaskedRow, anonymize_rows
from assets.labels.intake import batch_tables
from assets.labels.intake.adding import add_labels
from assets.labels.intake.batch_tables import Batch
from assets.labels.intake.batches import read_rows
from assets.labels.intake.identity import FileChanged, ReadOptions
from assets.labels.model import AnonymizedRow, LabelRow, Rejected
from assets.labels.reading.columns import Columns
from assets.labels.synthetic.generator import SyntheticResume, resumes
from assets.labels.tasks import UnknownTask
from assets.labels.vault.originals import opened, read_originals
from assets.labels.vault.persons import known_persons
from assets.lineage import ledger
from assets.lineage.label_tables import label_batches, label_rows, persons
from assets.platform import Platform, Settings
from assets.storage.blobs import Blobs
from tests.conftest import Installation

COUNT = 12


@pytest.fixture(scope="module")
def people() -> list[SyntheticResume]:
    return list(resumes(COUNT, 5))


def write_csv(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "text"])
        writer.writerows(rows)
    return path


@pytest.fixture
def file(tmp_path: Path, people: list[SyntheticResume]) -> Path:
    return write_csv(tmp_path / "labels.csv", [(each.resume_id, each.category, each.text) for each in people])


def stored(platform: Platform, batch: Batch) -> Any:
    with platform.catalogue.read() as connection:
        return connection.execute(select(label_batches).where(label_batches.c.batch_id == batch.batch_id)).one()


def rows_of(platform: Platform, batch: Batch) -> list[AnonymizedRow]:
    return list(read_rows(platform.blobs.get(stored(platform, batch).rows_blob)))


def originals_of(platform: Platform, batch: Batch) -> list[LabelRow]:
    found = list(read_originals(platform.blobs.get(stored(platform, batch).originals_blob)))
    with platform.catalogue.read() as connection:
        keys = known_persons(connection, platform.vault, [each.person_id for each in found]).keys
    return [opened(keys[each.person_id], batch.batch_id, each) for each in found]


def blobs_in(platform: Platform) -> set[str]:
    return {info.key.rpartition("/")[2] for info in platform.objects.list("blobs/")}


class TestABatch:
    def test_it_holds_anonymized_rows_and_sealed_originals(
        self, platform: Platform, file: Path, people: list[SyntheticResume]
    ) -> None:
        batch = add_labels(platform, file, "job-category")
        assert (batch.rows, batch.accepted, batch.duplicates, batch.quarantined) == (COUNT, COUNT, 0, 0)
        rows = rows_of(platform, batch)
        assert [row.row for row in rows] == list(range(1, COUNT + 1))
        assert [row.label for row in rows] == [each.category for each in people]
        assert [row.text for row in rows] == [anonymize(each.text).text for each in people]
        assert len({row.person_id for row in rows}) == COUNT
        originals = originals_of(platform, batch)
        assert [(row.record_id, row.text) for row in originals] == [(each.resume_id, each.text) for each in people]
        with platform.catalogue.read() as connection:
            assert connection.execute(select(func.count()).select_from(label_rows)).scalar_one() == COUNT
            entry = ledger.entries(connection)[-1]
            assert ledger.check(connection).intact
        assert entry["kind"] == "labels.added"
        assert entry["payload"]["rows_blob"] == stored(platform, batch).rows_blob

    def test_nothing_outside_the_vault_holds_a_resume_or_an_id(
        self, platform: Platform, file: Path, people: list[SyntheticResume]
    ) -> None:
        batch = add_labels(platform, file, "job-category")
        emails = {each.text[s.start : s.end] for each in people for s in each.personal if s.kind == "EMAIL"}
        assert emails
        said = " ".join(str(row) for row in rows_of(platform, batch))
        for path in platform.home.rglob("*"):
            if path.is_file():
                said += path.read_bytes().decode("latin-1")
        for secret in (*emails, *(each.resume_id for each in people)):
            assert secret not in said

    def test_the_same_file_comes_in_once(self, platform: Platform, file: Path) -> None:
        first = add_labels(platform, file, "job-category")
        again = add_labels(platform, file.rename(file.with_name("other.csv")), "job-category")
        assert again.batch_id == first.batch_id
        assert again.repeated
        assert (again.rows, again.accepted, again.duplicates) == (COUNT, 0, COUNT)
        with platform.catalogue.read() as connection:
            assert [each["kind"] for each in ledger.entries(connection)] == ["labels.added"]
            assert len(batch_tables.listed(connection)) == 1

    def test_rows_that_are_known_stay_out_and_new_ones_come_in(
        self, platform: Platform, tmp_path: Path, people: list[SyntheticResume]
    ) -> None:
        rows = [(each.resume_id, each.category, each.text) for each in people]
        add_labels(platform, write_csv(tmp_path / "a.csv", rows[:8]), "job-category")
        relabelled = [(rows[0][0], "OTHER", rows[0][2]), *rows[1:10], ("somebody-else", *rows[2][1:])]
        batch = add_labels(platform, write_csv(tmp_path / "b.csv", relabelled), "job-category")
        assert (batch.rows, batch.accepted, batch.duplicates, batch.unique_resumes) == (11, 2, 9, 10)
        assert [row.row for row in rows_of(platform, batch)] == [1, 9, 10, 11]

    def test_a_copy_in_the_file_is_counted_with_what_is_kept(
        self, platform: Platform, tmp_path: Path, people: list[SyntheticResume]
    ) -> None:
        row = ("", people[0].category, people[0].text)
        batch = add_labels(platform, write_csv(tmp_path / "a.csv", [row, row, row]), "job-category")
        assert (batch.accepted, batch.duplicates) == (1, 2)
        assert [each.copies for each in rows_of(platform, batch)] == [3]

    def test_in_any_order_and_in_any_parts_the_same_is_kept(
        self, platform: Platform, tmp_path: Path, people: list[SyntheticResume]
    ) -> None:
        rows = [(each.resume_id, each.category, each.text) for each in people]
        rows += [("", "IT", people[0].text), ("", "HR", people[0].text), ("", "IT", people[0].text), *rows[:4]]
        add_labels(platform, write_csv(tmp_path / "all.csv", rows), "job-category")
        parts = Platform(Settings(home=tmp_path / "parts", vault_key=(platform.home / "vault.key").read_text().strip()))
        random.Random(1).shuffle(rows)
        for number in range(5):
            add_labels(parts, write_csv(tmp_path / f"{number}.csv", rows[number::5]), "job-category")
        kept = []
        for each in (platform, parts):
            with each.catalogue.read() as connection:
                batches = batch_tables.listed(connection)
            found = [row for batch in batches for row in rows_of(each, batch)]
            kept.append(sorted((row.person_id, row.text_hash, row.label) for row in found))
        assert kept[0] == kept[1]
        assert len(kept[0]) == COUNT + 2

    def test_a_person_is_one_across_tasks(self, platform: Platform, tmp_path: Path) -> None:
        job = write_csv(tmp_path / "a.csv", [("7", "IT", "Ada Lovelace\nProgrammer of engines\nada@example.org")])
        match = tmp_path / "b.jsonl"
        match.write_text(json.dumps({"id": 7, "text": "Ada Lovelace\nAnalyst", "opening": "We seek one.", "grade": 3}))
        one, two = add_labels(platform, job, "job-category"), add_labels(platform, match, "match")
        assert rows_of(platform, one)[0].person_id == rows_of(platform, two)[0].person_id
        assert [row.text for row in originals_of(platform, two)] == ["Ada Lovelace\nAnalyst"]
        with platform.catalogue.read() as connection:
            assert connection.execute(select(func.count()).select_from(persons)).scalar_one() == 1

    def test_spans_move_with_the_text(self, platform: Platform, tmp_path: Path) -> None:
        file = tmp_path / "skills.jsonl"
        tokens = ["Write", "to", "ada.lovelace@example.org", "about", "Python"]
        file.write_text(json.dumps({"tokens": tokens, "tags_skill": ["O", "O", "O", "O", "B"]}))
        row = rows_of(platform, add_labels(platform, file, "skills"))[0]
        assert "ada" not in row.text
        [[start, end, kind]] = json.loads(row.label)["spans"]
        assert (row.text[start:end], kind) == ("Python", "SKILL")


class TestWhatCannotBeTaken:
    def test_bad_rows_are_told_and_the_good_come_in(
        self, platform: Platform, tmp_path: Path, people: list[SyntheticResume]
    ) -> None:
        good = people[0]
        rows = [
            (good.resume_id, good.category, good.text),
            ("2", "", people[1].text),
            ("3", "IT", "=HYPERLINK(1)"),
            ("4", "IT", people[2].text),
            ("4", "HR", people[2].text),
        ]
        batch = add_labels(platform, write_csv(tmp_path / "mixed.csv", rows), "job-category")
        assert (batch.rows, batch.accepted, batch.quarantined) == (5, 1, 4)
        assert batch.reasons == {"conflicting_labels": 2, "formula": 1, "no_label": 1}
        with platform.catalogue.read() as connection:
            told = list(batch_tables.quarantined(connection, batch.batch_id))
        assert [each.row for each in told] == [2, 3, 4, 5]
        assert all(each.advice for each in told)
        assert [row.row for row in rows_of(platform, batch)] == [1]

    def test_a_file_of_another_kind_is_a_batch_of_nothing(self, platform: Platform, tmp_path: Path) -> None:
        file = tmp_path / "ages.csv"
        file.write_text("name,age\nAda,36\n")
        batch = add_labels(platform, file, "job-category")
        assert (batch.rows, batch.accepted, batch.quarantined) == (1, 0, 1)
        assert rows_of(platform, batch) == []
        named = add_labels(platform, file, "job-category", ReadOptions(Columns(text="name", label="age")))
        assert named.batch_id != batch.batch_id
        assert named.rows == named.accepted == 1

    def test_a_file_that_is_written_to_meanwhile_is_left(
        self, platform: Platform, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def rows(*_: Any, **__: Any) -> Iterator[LabelRow]:
            yield LabelRow(1, "1", "A resume of somebody", "IT")
            file.write_text(file.read_text() + "more")

        monkeypatch.setattr("assets.labels.intake.adding.read_labels", rows)
        with pytest.raises(FileChanged, match="run the command again"):
            add_labels(platform, file, "job-category")
        with platform.catalogue.read() as connection:
            assert batch_tables.listed(connection) == []

    def test_a_task_that_is_none_is_told(self, platform: Platform, file: Path) -> None:
        with pytest.raises(UnknownTask, match="job-category, skills, match"):
            add_labels(platform, file, "seniority")


class _Killed(BaseException):
    pass


def _nth_call(original: Callable[..., Any], number: int) -> Callable[..., Any]:
    calls = 0

    def called(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number:
            raise _Killed
        return original(*arguments, **options)

    return called


class TestKills:
    @pytest.mark.parametrize(
        ("target", "name", "number"),
        [
            ("assets.labels.intake.arrival", "note", 1),
            (Blobs, "put", 1),
            (Blobs, "put", 2),
            (Blobs, "flush", 1),
            (batch_tables, "add", 1),
            ("assets.labels.intake.arrival", "add_persons", 1),
            ("assets.labels.intake.adding", "settle_all", 2),
        ],
    )
    def test_one_that_ends_at_any_step_is_finished_by_the_next(
        self, platform: Platform, file: Path, monkeypatch: pytest.MonkeyPatch, target: Any, name: str, number: int
    ) -> None:
        module = __import__(target, fromlist=[name]) if isinstance(target, str) else target
        with monkeypatch.context() as patched:
            patched.setattr(module, name, _nth_call(getattr(module, name), number))
            with pytest.raises(_Killed):
                add_labels(platform, file, "job-category")
        with platform.catalogue.read() as connection:
            visible = batch_tables.listed(connection)
            people = connection.execute(select(func.count()).select_from(persons)).scalar_one()
        # Only the very last step comes after everything is visible.
        assert (len(visible), people) == ((1, COUNT) if name == "settle_all" else (0, 0))
        batch = add_labels(platform, file, "job-category")
        assert len(originals_of(platform, batch)) == COUNT
        kept = stored(platform, batch)
        assert blobs_in(platform) == {kept.rows_blob, kept.originals_blob}
        assert list(platform.objects.list("labels/")) == []
        assert verify(platform).ok

    def test_kill_9_leaves_nothing_visible_and_the_next_finishes(
        self, installation: Installation, platform: Platform, tmp_path: Path
    ) -> None:
        many = list(resumes(40, 9))
        file = write_csv(tmp_path / "labels.csv", [(each.resume_id, each.category, each.text) for each in many])
        process = installation.start("labels", "add", str(file), "--task", "job-category", "--json")
        folder = installation.home / "labels" / "intake"
        deadline = time.monotonic() + 60
        while not folder.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        with platform.catalogue.read() as connection:
            assert batch_tables.listed(connection) == []
        done = installation.json("labels", "add", str(file), "--task", "job-category")
        assert done["accepted"] == done["rows"] == 40
        assert not folder.exists()
        assert len(blobs_in(platform)) == 2


class TestProcesses:
    def test_several_give_what_one_gives(self, people: list[SyntheticResume], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parallel, "_ALONE", 1000)
        rows: list[LabelRow | Rejected] = []
        for number, each in enumerate(people * 3, 1):
            rows.append(LabelRow(number, each.resume_id, each.text, each.category))
            if number % 5 == 0:
                rows.append(Rejected(1000 + number, "no_text", "Write it."))
        alone = list(anonymize_rows(rows, "job-category", processes=1))
        assert list(anonymize_rows(iter(rows), "job-category", processes=2)) == alone
        assert [each.row if isinstance(each, Rejected) else each.original.row for each in alone] == [
            each.row for each in rows
        ]

    def test_a_row_that_cannot_be_anonymized_stops_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(text: str) -> Any:
            if "Grace" in text:
                raise RuntimeError(text)
            return original(text)

        original = parallel._anonymized
        monkeypatch.setattr(parallel, "_anonymized", fails)
        rows = [LabelRow(1, None, "Grace Hopper", "IT"), LabelRow(2, None, "Ada Lovelace", "IT")]
        failed, fine = anonymize_rows(rows, "job-category")
        assert isinstance(failed, Rejected)
        assert "Grace" not in f"{failed}"
        assert isinstance(fine, MaskedRow)

    def test_one_that_is_ended_from_outside_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import psutil

        monkeypatch.setattr(parallel, "_ALONE", 10)
        me = psutil.Process()

        def rows() -> Iterator[LabelRow]:
            for number in range(1, 10_000):
                for child in me.children() if number > 600 else ():
                    with suppress(psutil.Error):
                        if any("spawn_main" in part for part in child.cmdline()):
                            child.kill()
                yield LabelRow(number, None, "Ada Lovelace, programmer", "IT")

        with pytest.raises(AnonymizingStopped, match="run the command again"):
            list(anonymize_rows(rows(), "job-category", processes=2))


class TestBackups:
    def test_labels_move_with_the_platform_and_open_with_the_key(
        self, platform: Platform, file: Path, tmp_path: Path
    ) -> None:
        batch = add_labels(platform, file, "job-category")
        backup(platform, str(tmp_path / "backup"))
        moved = Platform(Settings(home=tmp_path / "moved", vault_key=(platform.home / "vault.key").read_text().strip()))
        restore(moved, str(tmp_path / "backup"))
        assert rows_of(moved, batch) == rows_of(platform, batch)
        assert originals_of(moved, batch) == originals_of(platform, batch)

    def test_a_lost_object_is_told(self, platform: Platform, file: Path) -> None:
        batch = add_labels(platform, file, "job-category")
        platform.blobs.delete(stored(platform, batch).originals_blob)
        assert verify(platform).missing == 1
