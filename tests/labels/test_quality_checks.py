"""Each check of a dataset fails for what it is about, says what, and passes on what is sound."""

from collections.abc import Sequence
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from assets.labels.model import AnonymizedRow
from assets.labels.quality import anonymizing
from assets.labels.quality.anonymizing import reaches_goals
from assets.labels.quality.drift import compare
from assets.labels.quality.examination import examine
from assets.labels.quality.features import part
from assets.labels.quality.findings import Known
from assets.labels.quality.label_noise import find_noise
from assets.labels.quality.leaks import LeakReport, leaks_of, report_leaks
from assets.labels.quality.model import CHECK_NAMES, CheckOutcome, Examination
from assets.labels.quality.personal_data import find_all
from assets.labels.snapshots.building import ChecksFailed, build
from assets.labels.snapshots.reading import open_snapshot
from assets.labels.tasks import task_named
from assets.labels.warehouse.filling import fill_models
from assets.platform import Platform
from tests.labels.marts import Row, row_of, rows_of, span_row, write_mart
from tests.labels.warehouses import add_batch, labelled

TASK = "job-category"
_FEW = ("Nursing", "Accounting", "Software Engineering")


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_of(150, seed=8)


def examined(rows: Sequence[Row], task: str = TASK, earlier: Sequence[Row] | None = None) -> Examination:
    examination, _ = examine(
        pa.Table.from_pylist(list(rows)),
        task_named(task),
        "identity",
        earlier=pa.Table.from_pylist(list(earlier)) if earlier else None,
        known=Known(),
    )
    assert [each.name for each in examination.outcomes] == list(CHECK_NAMES)
    assert Examination.from_json(examination.as_json()) == examination
    return examination


def outcome(examination: Examination, name: str) -> CheckOutcome:
    return next(each for each in examination.outcomes if each.name == name)


def test_a_sound_dataset_passes_with_warnings_at_most(rows: list[Row]) -> None:
    examination = examined(rows)
    assert examination.failures == []
    assert examination.withheld == ()
    assert outcome(examination, "class_minimums").told[0].startswith("these classes are small: ")


def test_a_group_in_two_splits_is_named(rows: list[Row]) -> None:
    moved = [{**rows[0], "group_id": rows[9]["group_id"]}, *rows[1:]]
    [failed] = examined(moved).failures
    assert failed.name == "groups_in_one_split"
    assert rows[9]["group_id"] in failed.told[0]


def test_a_near_duplicate_in_another_split_is_named_with_its_twin(rows: list[Row]) -> None:
    twin = row_of(rows[0]["label"], f"{rows[0]['text']}\nReferences on request", 9)
    assert (rows[0]["split"], twin["split"]) == ("train", "test")
    [failed] = examined([*rows, twin]).failures
    assert failed.name == "no_near_duplicates_across_splits"
    assert failed.figures["pairs found"] == 1
    assert f"{rows[0]['text_hash']} (train)" in failed.told[0]
    assert f"{twin['text_hash']} (test)" in failed.told[0]
    # In the same split and group it is no leak.
    assert examined([*rows, {**twin, "split": "train", "group_id": rows[0]["group_id"]}]).failures == []


def test_malformed_rows_are_named_with_what_is_wrong(rows: list[Row]) -> None:
    changes: dict[str, Row] = {
        "not named by the hash of their text": {"text": "Another text"},
        "have no label": {"label": ""},
        "in no known split": {"split": "holdout"},
        "have no group": {"group_id": "7"},
    }
    malformed = [{**row, **change} for row, change in zip(rows, changes.values(), strict=False)]
    examination = examined([*malformed, *rows[4:60]])
    failed = outcome(examination, "rows_well_formed")
    assert failed in examination.failures
    for row, wrong in zip(rows, changes, strict=False):
        [told] = [each for each in failed.told if wrong in each]
        assert row["text_hash"] in told


def test_the_same_row_twice_is_named(rows: list[Row]) -> None:
    failed = outcome(examined([*rows[:60], rows[0]]), "rows_well_formed")
    assert rows[0]["text_hash"] in failed.told[0]


@pytest.mark.parametrize(
    ("label_of", "told"),
    [
        (lambda _: "Nurse", "too few classes"),
        (lambda row: f"{row['label']} {row['split']}", "never taught"),
    ],
)
def test_classes_that_nothing_can_be_learned_of_fail_by_name(rows: list[Row], label_of: object, told: str) -> None:
    examination = examined([{**row, "label": label_of(row)} for row in rows])  # type: ignore[operator]
    failed = outcome(examination, "class_minimums")
    assert failed in examination.failures
    assert any(told in each for each in failed.told)


def test_a_dataset_without_anything_to_measure_with_fails(rows: list[Row]) -> None:
    failed = outcome(examined([row for row in rows if row["split"] == "train"]), "class_minimums")
    assert failed.blocks
    assert any("nothing to measure with" in each for each in failed.told)


def test_what_holds_something_personal_beyond_doubt_is_withheld_and_too_much_of_it_blocks(
    platform: Platform, rows: list[Row]
) -> None:
    def leaking(count: int) -> list[Row]:
        return [
            row_of(row["label"], f"{row['text']}\nwrite to {number}.doe@mail.com", number) if number < count else row
            for number, row in enumerate(rows)
        ]

    write_mart(platform, TASK, leaking(1))
    built = build(platform, TASK, "run")
    [withheld] = built.examination.withheld
    assert withheld == leaking(1)[0]["text_hash"]
    held = open_snapshot(platform, built.version).rows
    assert held.num_rows == len(rows) - 1
    assert not any("mail.com" in text for text in held["text"].to_pylist())
    write_mart(platform, TASK, leaking(10))
    with pytest.raises(ChecksFailed, match="residual_personal_data") as failed:
        build(platform, TASK, "run")
    assert "doe" not in str(failed.value)


def test_names_that_are_perhaps_left_are_listed_without_their_text(rows: list[Row]) -> None:
    row = row_of("Nursing", f"Dr. Okonkwo\nMr. Okonkwo\n{rows[0]['text']}", 0)
    found = outcome(examined([row, *rows[1:]]), "residual_personal_data")
    assert found.passed
    assert found.records
    assert {(each["text"], each["kind"]) for each in found.records} == {(row["text_hash"], "NAME")}
    assert "Okonkwo" not in str(found)


def test_only_texts_that_are_new_are_searched_for_personal_data() -> None:
    found = find_all({"a": "mail me at x.y@mail.com", "b": "mail me at x.z@mail.com"}, {"a": ()})
    assert found["a"] == ()
    assert [kind for kind, _, _ in found["b"]] == ["EMAIL"]


def test_a_wrong_label_is_listed_and_shuffled_labels_block(rows: list[Row]) -> None:
    few = [row for row in rows_of(400, seed=3) if row["label"] in _FEW]
    wrong = next(number for number, row in enumerate(few) if row["label"] == "Nursing")
    noisy = [{**row, "label": "Accounting"} if number == wrong else row for number, row in enumerate(few)]
    listed = outcome(examined(noisy), "label_noise")
    assert listed.passed
    assert listed.records[0]["text"] == few[wrong]["text_hash"]
    assert listed.records[0]["likelier"] == "Nursing"
    labels = Random(1).sample([row["label"] for row in few], len(few))
    shuffled = [{**row, "label": label} for row, label in zip(few, labels, strict=True)]
    assert "label_noise" in [each.name for each in examined(shuffled).failures]


def test_of_a_large_set_a_part_and_what_is_new_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.labels.quality.features.MOST_ROWS", 110)
    few = [row for row in rows_of(900, seed=3) if row["label"] in _FEW]
    texts, labels, groups = ([row[name] for row in few] for name in ("text", "label", "group_id"))
    fitted = set(part(groups, [1] * len(few)))
    assert 100 < len(fitted) <= 110 < len(few)
    wrong = [row for row in range(len(few)) if row not in fitted and labels[row] == "Nursing"][:6]
    for row in wrong:
        labels[row] = "Accounting"
    # Judged by models that were fitted on the part, whether it is in there or not.
    everything = find_noise(texts, labels, groups)
    assert set(everything.judged) == set(range(len(few)))
    # So few rows teach a model to be sure of about half of what it sees.
    assert len({each.row for each in everything.suspects if each.likelier == "Nursing"} & set(wrong)) >= 3
    latest = find_noise(texts, labels, groups, [row in wrong for row in range(len(few))])
    assert set(latest.judged) == fitted | set(wrong)
    assert len({each.row for each in latest.suspects} & set(wrong)) >= 3
    assert set(find_noise(texts, labels, groups, [False] * len(few)).judged) == fitted


def test_drift_warns_and_does_not_block(rows: list[Row]) -> None:
    examination = examined([row for row in rows if row["label"] in _FEW], earlier=rows)
    found = outcome(examination, "drift")
    assert not found.passed
    assert found not in examination.failures
    assert "labels (stability index" in found.told[0]


def test_copies_of_a_resume_are_no_drift(rows: list[Row]) -> None:
    copied = [
        {**rows[0], "text": f"{rows[0]['text']} Copy {number}.", "text_hash": f"{number:064x}"} for number in range(200)
    ]
    found = outcome(examined([*rows, *copied], earlier=rows), "drift")
    assert found.told == ()
    alone = [{**row, "group_id": f"{number:064x}"} for number, row in enumerate(copied)]
    assert outcome(examined([*rows, *alone], earlier=rows), "drift").told


def test_drift_is_what_moved_and_not_what_chance_gives(rows: list[Row]) -> None:
    def moved(now: Sequence[Row], before: Sequence[Row]) -> list[str]:
        columns = ([row[name] for row in side] for side in (before, now) for name in ("text", "label"))
        return [drift.what for drift in compare(*columns) if drift.is_major]

    assert moved(rows[:75], rows[75:]) == []
    assert moved(rows[:10], rows[10:]) == []
    assert moved([row for row in rows if row["label"] in _FEW], rows) == ["labels"]
    shorter = [{**row, "text": row["text"][:300]} for row in rows]
    assert moved(shorter, rows) == ["lengths of texts"]
    foreign = [{**row, "text": row["text"].translate(str.maketrans("aeiou", "uoiea"))} for row in rows]
    assert moved(foreign, rows) == ["words"]


def test_labels_of_spans_are_counted_by_kind_and_one_kind_is_enough() -> None:
    rows = [span_row(f"{text} number {text}", number, [(0, 3, "SKILL")]) for number, text in enumerate(_SENTENCES)]
    examination = examined(rows, "skills")
    assert examination.failures == []
    assert outcome(examination, "class_minimums").records == (
        {"class": "SKILL", "train": 8, "validation": 1, "test": 1},
    )
    assert outcome(examination, "label_noise").figures["rows judged"] == 0


_SENTENCES = [
    "SQL and dashboards",
    "Java services at scale",
    "ward rounds by night",
    "payroll for three countries",
    "welding of thin sheets",
    "teaching pupils with dyslexia",
    "contracts with suppliers",
    "forklift in cold storage",
    "menus for large parties",
    "audits of small banks",
]


def test_copies_make_a_random_split_look_better_than_the_truth() -> None:
    rows = rows_of(120, seed=5)
    texts, labels, groups = ([row[name] for row in rows] for name in ("text", "label", "group_id"))
    # Labels that no text tells: only copies are ever right.
    labels = [("odd", "even")[int(group[:8], 16) % 2] for group in groups]
    report = report_leaks(texts, labels, groups, [4] * len(rows), scored=True)
    assert (report.rows, report.texts, report.groups) == (480, 120, 120)
    assert report.leaked > 0.95
    assert report.random_rows is not None
    assert report.by_group is not None
    assert report.random_rows.accuracy > 0.95
    assert report.by_group.low < 0.5 < report.by_group.high
    assert report_leaks(texts, labels, groups, [4] * len(rows), scored=False).by_group is None
    honest = report_leaks(texts, labels, groups, [1] * len(rows), scored=True)
    assert honest.leaked == 0


def test_a_report_on_leaks_stands_until_the_rows_are_others(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [labelled(number + 1, row["text"], row["label"]) for number, row in enumerate(rows_of(200, seed=6))]
    measured: list[int] = []

    def counted(*arguments: Any, **options: Any) -> LeakReport:
        measured.append(len(arguments[0]))
        return report_leaks(*arguments, **options)

    monkeypatch.setattr("assets.labels.quality.leaks.report_leaks", counted)

    def report(added: list[AnonymizedRow]) -> LeakReport:
        add_batch(platform, TASK, added)
        fill_models(platform, TASK)
        return leaks_of(platform, task_named(TASK))

    first = report(rows[:190])
    assert report(rows[190:191]) == first
    assert measured == [190]
    second = report(rows[191:])
    assert (second.rows, measured) == (200, [190, 200])


def test_the_anonymizer_is_measured_once_for_each_version_of_it(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anonymizing, "RESUMES", 20)
    first = anonymizing.standing_report(platform)
    assert (first.resumes, reaches_goals(first)) == (20, True)
    with monkeypatch.context() as patched:
        patched.setattr(anonymizing, "measured", lambda: pytest.fail("it was measured again"))
        assert anonymizing.standing_report(platform) == first
    monkeypatch.setattr(anonymizing, "fingerprint", lambda: "another")
    monkeypatch.setattr(anonymizing, "RESUMES", 10)
    assert anonymizing.standing_report(platform).resumes == 10
