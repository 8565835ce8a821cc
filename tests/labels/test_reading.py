"""Labelled resumes are read whatever form they come in."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hostile_labels import docx, parquet, zip_of
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.labels.model import LabelRow, Rejected
from assets.labels.reading.columns import Columns
from assets.labels.reading.reading import read_labels
from assets.labels.tasks import UnknownTask, task_named
from assets.platform import Settings

EMOJI = "👩‍💻 knows Python and\r\nSQL"


def rows(source: Path | bytes, task: str = "job-category", **options: Any) -> list[LabelRow]:
    results = list(read_labels(source, task_named(task), **options))
    assert not [result for result in results if isinstance(result, Rejected)]
    return [result for result in results if isinstance(result, LabelRow)]


def refused(source: Path | bytes, task: str = "job-category", **options: Any) -> list[Rejected]:
    return [each for each in read_labels(source, task_named(task), **options) if isinstance(each, Rejected)]


def spans(row: LabelRow) -> list[tuple[str, str]]:
    return [(row.text[start:end], kind) for start, end, kind in json.loads(row.label)["spans"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_of_any_dialect(delimiter: str, line_end: str, encoding: str) -> None:
    written = io.StringIO(newline="")
    sheet = csv.writer(written, delimiter=delimiter, lineterminator=line_end)
    text = 'Résumé, "senior"; a|b\tand\nmore'
    sheet.writerows([["Resume_str", "Category", "ID"], [text, "Data Science", "7"], ["plain", "HR", ""]])
    first, second = rows(written.getvalue().encode(encoding))
    assert (first.text, first.label, first.record_id, first.row) == (text, "Data Science", "7", 1)
    assert (second.text, second.label, second.record_id, second.row) == ("plain", "HR", None, 2)


@given(
    cells=st.lists(
        st.tuples(st.text("ab \",;\n\t'", max_size=30), st.sampled_from(["HR", "Data, Science", 'A "B"'])), min_size=1
    ),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
)
@settings(max_examples=100, deadline=None)
def test_cells_come_out_as_another_program_wrote_them(cells: list[tuple[str, str]], quoting: Any) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, quoting=quoting).writerows([("text", "label"), *((f"x{text}", label) for text, label in cells)])
    assert [(row.text, row.label) for row in rows(written.getvalue().encode())] == [
        (f"x{text}", label) for text, label in cells
    ]


def test_what_a_spreadsheet_writes_before_the_columns_is_passed_over() -> None:
    (row,) = rows(b"\xef\xbb\xbfsep=;\r\ntext;label\r\nknows SQL, Java;HR\r\n")
    assert (row.text, row.label) == ("knows SQL, Java", "HR")


def test_the_same_rows_in_every_form(tmp_path: Path) -> None:
    table = {
        "candidate_id": ["a", "b"],
        "text": ["knows SQL", "hires people"],
        "category": ["IT", "HR"],
        "labelled_at": ["2026-03-01T10:00:00+01:00", "1772355600"],
        "annotator": ["rater 1", "2"],
    }
    records = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(table))
    writer.writeheader()
    writer.writerows(records)
    lines = "\n".join(map(json.dumps, records)).encode()
    forms = {
        "set.csv": sheet.getvalue().encode(),
        "set.csv.gz": gzip.compress(sheet.getvalue().encode()),
        "set.jsonl": lines,
        "set.jsonl.gz": gzip.compress(lines),
        "set.json": json.dumps(records, indent=2).encode(),
        "set.parquet": parquet(**table),
    }
    for name, content in forms.items():
        (tmp_path / name).write_bytes(content)
        read = rows(tmp_path / name)
        assert read == rows(content), name
        assert [(row.row, row.record_id, row.text, row.label, row.labeller) for row in read] == [
            (1, "a", "knows SQL", "IT", "rater 1"),
            (2, "b", "hires people", "HR", "2"),
        ], name
        assert [row.labelled_at for row in read] == [1772355600_000000, 1772355600_000000], name


def test_parquet_of_other_programs() -> None:
    import pyarrow as pa

    text = pa.array(["knows SQL", "knows SQL", "hires"]).dictionary_encode()
    moments = pa.array([1, None, 1772355600_000000_001], pa.timestamp("ns"))
    source = parquet(text=text, label=pa.array(["IT", "IT", "HR"], pa.large_string()), labelled_at=moments)
    assert [(row.text, row.label, row.labelled_at) for row in rows(source)] == [
        ("knows SQL", "IT", 0),
        ("knows SQL", "IT", None),
        ("hires", "HR", 1772355600_000000),
    ]
    tokens = [["knows", "Python"]]
    (row,) = rows(parquet(tokens=tokens, tags_skill=[["O", "B"]], tags_knowledge=[["O", "O"]]), "skills")
    assert spans(row) == [("Python", "SKILL")]


def test_columns_that_are_named_come_before_those_that_are_known() -> None:
    source = b"text,label,id,profil,klasse,nummer\na b,HR,1,c d,IT,2\n"
    (row,) = rows(source, columns=Columns(text="Profil", label="klasse", id="nummer"))
    assert (row.text, row.label, row.record_id) == ("c d", "IT", "2")


def test_columns_that_can_not_be_told_are_told_in_one_sentence() -> None:
    (problem,) = refused(f"alpha,text,{'b' * 80}\nx,y,z\n".encode())
    assert problem.row == 0
    assert problem.advice == (
        f"No column is known to hold the label: name it with --label-column; the columns are alpha, text, {'b' * 60}."
    )
    (problem,) = refused(b"Xhaferi\nAccountant\n")
    assert "Xhaferi" not in problem.advice
    (problem,) = refused(b"text,label\nx,y\n", columns=Columns(text="profil"))
    assert "name it with --text-column; the columns are text, label." in problem.advice


def test_the_first_line_that_says_something_is_dropped() -> None:
    source = b'text,label\n"\n  ACCOUNTANT\nSummary\nknows SQL",HR\n'
    (row,) = rows(source, drop_first_line=True)
    assert row.text == "Summary\nknows SQL"


def test_a_label_is_spelled_as_in_the_list() -> None:
    (row,) = rows(b"text,label\nknows SQL,data  science\n", allowed=frozenset({"Data Science", "HR"}))
    assert row.label == "Data Science"


@pytest.mark.parametrize(
    ("written", "microseconds"),
    [
        ("2026-03-01T09:00:00Z", 1772355600_000000),
        ("2026-03-01 09:00:00.25", 1772355600_250000),
        ("2026-03-01", 1772323200_000000),
        (1772355600, 1772355600_000000),
        (1772355600.5, 1772355600_500000),
        ("1772355600000", 1772355600_000000),
        (1772355600000000, 1772355600_000000),
    ],
)
def test_times_in_all_usual_forms(written: Any, microseconds: int) -> None:
    (row,) = rows(json.dumps({"text": "knows SQL", "label": "HR", "labelled_at": written}).encode())
    assert row.labelled_at == microseconds


def export(*results: dict[str, Any], text: str = EMOJI, **annotation: Any) -> dict[str, Any]:
    made = {"completed_by": {"id": 5, "email": "a@b.org"}, "created_at": "2026-03-01T09:00:00.000000Z"}
    return {
        "id": 17,
        "project": 3,
        "data": {"text": text, "label": "an older one"},
        "annotations": [{**made, "result": list(results), **annotation}],
    }


def choice(*names: str) -> dict[str, Any]:
    return {"type": "choices", "from_name": "family", "to_name": "text", "value": {"choices": list(names)}}


def region(start: int, end: int, words: str, kind: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": words, "labels": [kind]}
    return {"type": "labels", "from_name": "skills", "to_name": "text", "value": value}


def test_a_label_studio_export_says_who_chose_what_and_when() -> None:
    other = export(choice("IT"), completed_by=6, updated_at="2026-03-02T09:00:00Z")["annotations"]
    task = export(choice("HR"))
    task["annotations"] += other
    skipped = export(choice("HR"), was_cancelled=True)
    results = list(read_labels(json.dumps([task, skipped], indent=1).encode(), task_named("job-category")))
    first, second, third = results
    assert isinstance(first, LabelRow)
    assert isinstance(second, LabelRow)
    assert (first.label, first.labeller, first.labelled_at) == ("HR", "5", 1772355600_000000)
    assert (second.label, second.labeller, second.labelled_at) == ("IT", "6", 1772442000_000000)
    assert first.record_id == second.record_id == "label-studio/3/17"
    assert third == Rejected(3, "no_label", third.advice)  # type: ignore[union-attr]


def test_spans_of_a_label_studio_export_are_where_the_words_are() -> None:
    # A browser counts the two signs of the emoji as two characters each, other tools as one.
    python = EMOJI.index("Python")
    for shift in (0, 2):
        task = export(region(python + shift, python + shift + 6, "Python", "Skill"))
        (row,) = rows(json.dumps([task]).encode(), "skills")
        assert spans(row) == [("Python", "SKILL")]
    task = export(region(python + 1, python + 7, "Python", "Skill"))
    assert [each.reason for each in refused(json.dumps([task]).encode(), "skills")] == ["shifted_spans"]
    (row,) = rows(json.dumps([export()]).encode(), "skills")
    assert spans(row) == []


def test_of_several_controls_the_label_column_names_one() -> None:
    other = {**choice("senior"), "from_name": "level"}
    source = json.dumps([export(choice("HR"), other)]).encode()
    assert [each.reason for each in refused(source)] == ["several_labels"]
    (row,) = rows(source, columns=Columns(label="family"))
    assert row.label == "HR"


def test_the_short_label_studio_export_is_read_too() -> None:
    label = [{"start": 6, "end": 9, "text": "SQL", "labels": ["SKILL"]}]
    (row,) = rows(json.dumps([{"text": "knows SQL", "id": 1, "label": label, "annotator": 2}]).encode(), "skills")
    assert spans(row) == [("SQL", "SKILL")]
    assert row.labeller == "2"


def resumes() -> dict[str, bytes]:
    return {
        "set/labels.jsonl": b'{"file": "a.docx", "label": "HR", "id": 1}\n{"file": "more/b.txt", "label": "IT", "id": 2}\n',
        "set/a.docx": docx("Head of people", "Ten years of hiring."),
        "set/more/b.txt": "Développeur\nPython".encode("cp1252"),
        "set/.DS_Store": b"\x00",
        "__MACOSX/a.docx": b"\x00",
    }


def test_resumes_in_an_archive_and_in_a_folder(tmp_path: Path) -> None:
    for name, content in resumes().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    for source in (zip_of(resumes().items()), tmp_path, tmp_path / "set" / "labels.jsonl"):
        first, second = rows(source)
        assert (first.record_id, first.label, first.text) == ("1", "HR", "Head of people\n\nTen years of hiring.")
        assert (second.record_id, second.label, second.text) == ("2", "IT", "Développeur\nPython")


def test_files_that_no_row_names_are_counted() -> None:
    files = {**resumes(), "set/c.txt": b"forgotten", "set/d.txt": b"forgotten"}
    (problem,) = refused(zip_of(files.items()))
    assert problem == Rejected(0, "unlisted_files", "2 files are named by no row: add rows for them, or take them out.")


def test_a_match_has_a_resume_an_opening_and_a_grade() -> None:
    source = (
        b"resume_id,resume,job_id,job_description,score\n"
        b"1,knows SQL,o1,We look for SQL.,3\n1,knows SQL,,We hire.,0.50\n2,hires,o1,We look for SQL.,No Fit\n"
    )
    first, second, third = rows(source, "match")
    assert (first.record_id, first.text, first.opening_id, first.opening_text) == (
        "1",
        "knows SQL",
        "o1",
        "We look for SQL.",
    )
    assert [row.label for row in (first, second, third)] == ["3", "0.5", "No Fit"]


def test_an_unknown_task_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UnknownTask, match="write job-category, skills, match"):
        task_named("category")


def test_the_public_sets_go_through(shared_data: Path) -> None:
    updated = rows(shared_data / "resumes" / "updated_resume_dataset.csv.gz")
    assert (len(updated), len({row.text for row in updated}), len({row.label for row in updated})) == (962, 166, 25)
    path = shared_data / "resumes" / "livecareer_dev.csv.gz"
    results = list(read_labels(path, task_named("job-category"), drop_first_line=True))
    assert [each.reason for each in results if isinstance(each, Rejected)] == ["no_text"]
    taken = [each for each in results if isinstance(each, LabelRow)]
    assert (len(taken), len({row.label for row in taken})) == (1503, 24)
    whole = {each.row: each for each in read_labels(path, task_named("job-category")) if isinstance(each, LabelRow)}
    assert all(row.text == whole[row.row].text.partition("\n")[2] for row in taken)


def test_skillspan_goes_through_with_its_spans(shared_data: Path) -> None:
    path = shared_data / "skills" / "skillspan_dev.jsonl.gz"
    read = rows(path, "skills")
    with gzip.open(path) as file:
        records = [json.loads(line) for line in file]
    assert [row.text for row in read] == [" ".join(record["tokens"]) for record in records]
    for row, record in zip(read, records, strict=True):
        begun = {kind: record[f"tags_{kind.lower()}"].count("B") for kind in ("SKILL", "KNOWLEDGE")}
        found = [kind for _, kind in spans(row)]
        assert {kind: found.count(kind) for kind in begun} == begun


def test_the_list_of_labels_is_a_setting() -> None:
    assert Settings.from_environment({}).known_job_categories == frozenset()
    listed = Settings.from_environment({"HRDP_JOB_CATEGORIES": "HR, Data Science,"})
    assert listed.known_job_categories == {"HR", "Data Science"}


@pytest.mark.parametrize(
    "text", ["+49(0)89 1234, knows SQL", "- Python (3 years)", "-SQL, Java", "@ work since 2003 (SQL)"]
)
def test_what_begins_with_a_sign_may_be_a_resume(text: str) -> None:
    (row,) = rows(json.dumps({"text": text, "label": "HR"}).encode())
    assert row.text == text
