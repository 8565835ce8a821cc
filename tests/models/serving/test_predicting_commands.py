"""`hrdp skills` and `hrdp match` as they are used, and what all predicting commands do with files of every kind."""

import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.tasks.spans import Span, moved
from assets.models.model import FoundSpan
from assets.models.promotion import champion
from assets.models.serving.predicting import moved_back
from orchestration.command_line.main import main
from tests.models.serving.small_candidates import RESUMES

PERSONAL = (
    "Zuzanna Xhaferi\nzuzanna@mail.com\n\nLed a team of nurses. Managed patients and the ward.\nPython, SQL and data"
)


@pytest.fixture
def hrdp(exported: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command on an installation whose champions are the candidates of these tests."""
    monkeypatch.setattr(champion, "load_champion", lambda _platform, task: exported(task))
    monkeypatch.setenv("HRDP_HOME", str(tmp_path / "home"))
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


def write_csv(path: Path, rows: dict[str, str], names: tuple[str, str] = ("id", "text")) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows.items()])
    return path


def read(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_skills_count_in_the_text_that_came_in(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    path = write_csv(tmp_path / "resumes.csv", {"a": PERSONAL, "b": RESUMES[1]})
    first, second = read(hrdp("skills", path, "--json"))["results"]
    assert (first["id"], second["id"]) == ("a", "b")
    assert first["skills"]
    for skill in first["skills"]:
        assert PERSONAL[skill["start"] : skill["end"]] == skill["text"]
        assert skill["kind"] in {"KNOWLEDGE", "SKILL"}
        assert 0 < skill["probability"] <= 1
        assert "Xhaferi" not in skill["text"]
    assert any(skill["start"] > PERSONAL.index("Led") for skill in first["skills"])
    assert all(RESUMES[1][skill["start"] : skill["end"]] == skill["text"] for skill in second["skills"])


def test_spans_moved_there_and_back_are_the_same() -> None:
    anonymized = anonymize(PERSONAL)
    spans = [Span(start, start + 4, "SKILL") for start in range(0, len(PERSONAL) - 4, 3)]
    there = moved(spans, anonymized)
    back = moved_back([FoundSpan(*span, 1.0) for span in there], anonymized.masked)
    personal = [span for span in spans if any(m.start < span.end and span.start < m.end for m in anonymized.masked)]
    assert personal
    assert [(span.start, span.end) for span in back] == [span[:2] for span in spans if span not in personal]


def test_a_span_over_a_placeholder_is_nobodys_skill() -> None:
    anonymized = anonymize(PERSONAL)
    start = anonymized.text.index("[NAME]")
    assert moved_back([FoundSpan(start, start + 3, "SKILL", 1.0)], anonymized.masked) == []
    assert moved_back([FoundSpan(0, len(anonymized.text), "SKILL", 1.0)], anonymized.masked) == []


def test_openings_are_ranked_for_each_resume(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    resumes = write_csv(tmp_path / "resumes.csv", {"a": RESUMES[0], "b": RESUMES[2]})
    openings = tmp_path / "openings.jsonl"
    wanted = {"n": "We need a nurse", "s": "We need Python and SQL", "t": "We need tax audit"}
    rows = [{"id": name, "text": text} for name, text in wanted.items()]
    openings.write_text("".join(json.dumps(row) + "\n" for row in [*rows, {"id": "empty", "text": " "}]))
    found = read(hrdp("match", resumes, "--openings", openings, "--json"))
    assert [each["id"] for each in found["results"]] == ["a", "b"]
    for each in found["results"]:
        scores = [opening["score"] for opening in each["ranking"]]
        assert {opening["opening_id"] for opening in each["ranking"]} == set(wanted)
        assert scores == sorted(scores, reverse=True)
        assert all(-1.0001 <= score <= 1.0001 for score in scores)
    assert [each["row"] for each in found["rejected_openings"]] == [4]
    by_opening = write_csv(tmp_path / "named.csv", wanted, ("opening_id", "opening"))
    assert read(hrdp("match", resumes, "--openings", by_opening, "--json"))["results"] == found["results"]


def test_without_an_opening_there_is_nothing_to_match(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    resumes = write_csv(tmp_path / "resumes.csv", {"a": RESUMES[0]})
    openings = write_csv(tmp_path / "openings.csv", {"n": " "})
    done = hrdp("match", resumes, "--openings", openings)
    assert done.exit_code == 1
    assert "holds none that can be read" in done.stderr


def test_bad_rows_are_named_between_good_ones(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "resumes.jsonl"
    lines = [{"id": 1, "text": RESUMES[0]}, {"id": 2, "text": ""}, ["no row"], {"id": 4, "text": RESUMES[1]}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read(hrdp("classify", path, "--json"))
    assert [each["id"] for each in found["results"]] == ["1", "4"]
    assert [(each["row"], each["reason"]) for each in found["rejected"]] == [(2, "no_text"), (3, "not_an_object")]


def test_where_nothing_can_be_read_it_is_said_and_the_command_fails(
    hrdp: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "resume.pdf"
    path.write_bytes(b"%PDF-1.7 torn")
    done = hrdp("classify", path, "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["results"] == []
    assert found["rejected"][0]["row"] == 0


def test_columns_are_named_and_a_first_line_is_dropped(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    path = write_csv(tmp_path / "r.csv", {"7": f"NURSE\n{RESUMES[1]}"}, ("person", "words"))
    plain = write_csv(tmp_path / "p.csv", {"7": RESUMES[1]})
    named = ["--text-column", "words", "--id-column", "person", "--drop-first-line", "--json"]
    assert read(hrdp("classify", path, *named)) == read(hrdp("classify", plain, "--json"))
    refused = hrdp("classify", path, "--json")
    assert refused.exit_code == 1
    assert "--text-column" in json.loads(refused.stdout)["rejected"][0]["advice"]


def test_a_large_file_is_answered_row_by_row_in_its_order(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    rows = {str(number): RESUMES[number % len(RESUMES)] for number in range(300)}
    found = read(hrdp("classify", write_csv(tmp_path / "many.csv", rows), "--json", "--record"))["results"]
    assert [each["id"] for each in found] == list(rows)
    for number in range(300):
        assert found[number]["probability"] == found[number % len(RESUMES)]["probability"]
    with sqlite3.connect(tmp_path / "home" / "catalogue.db") as catalogue:
        kept = catalogue.execute("SELECT count(*), count(DISTINCT input_hash) FROM predictions").fetchone()
    assert kept == (300, len(RESUMES))


def test_spans_and_rankings_are_recorded_without_words(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    path = write_csv(tmp_path / "resumes.csv", {"a": PERSONAL})
    openings = write_csv(tmp_path / "openings.csv", {"n": "We need a nurse"})
    read(hrdp("skills", path, "--json", "--record"))
    read(hrdp("match", path, "--openings", openings, "--json", "--record"))
    with sqlite3.connect(tmp_path / "home" / "catalogue.db") as catalogue:
        kept = catalogue.execute("SELECT task, output FROM predictions ORDER BY prediction_id").fetchall()
    assert [task for task, _ in kept] == ["skills", "match"]
    assert all(isinstance(span[0], int) for span in json.loads(kept[0][1])["skills"])
    assert json.loads(kept[1][1])["ranking"][0][0] == "n"
    assert not any(word in str(kept) for word in ("team", "Xhaferi", "nurse", "Python"))


def test_erasing_a_person_wipes_what_was_predicted_of_the_file_that_their_label_came_in_with(
    hrdp: Callable[..., Result], tmp_path: Path
) -> None:
    path = tmp_path / "resumes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = [("a", "NURSE", f"NURSE\n{PERSONAL}"), ("b", "IT", f"IT\n{RESUMES[0]}")]
        csv.writer(file).writerows([("id", "label", "text"), *rows])
    added = hrdp("labels", "add", path, "--task", "job-category", "--drop-first-line", "--json")
    assert added.exit_code == 0, added.output
    for _ in range(2):
        read(hrdp("classify", path, "--record", "--drop-first-line", "--json"))
    erased = read(hrdp("erase", "a", "--json"))
    assert (erased["predictions"], erased["models"]) == (2, [])
    with sqlite3.connect(tmp_path / "home" / "catalogue.db") as catalogue:
        kept = catalogue.execute("SELECT output, probability FROM predictions ORDER BY prediction_id").fetchall()
    assert [list(json.loads(output)) for output, _ in kept] == [["erased"], ["label"]] * 2
    assert [probability is None for _, probability in kept] == [True, False] * 2


def test_a_person_gets_a_table_and_a_next_step(hrdp: Callable[..., Result], tmp_path: Path) -> None:
    path = write_csv(tmp_path / "resumes.csv", {"first": RESUMES[0], "bad": " "})
    openings = write_csv(tmp_path / "openings.csv", {"n": "We need a nurse"})
    for arguments in (["classify", path], ["skills", path], ["match", path, "--openings", openings]):
        done = hrdp(*arguments)
        assert done.exit_code == 0, done.output
        assert "first" in done.stdout
        assert "Next: hrdp models show" in done.stdout
        assert "row 2:" in done.stderr


def test_a_model_of_another_task_is_refused(
    hrdp: Callable[..., Result], exported: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.models.artifacts.loading.load", lambda _platform, _version: exported("match"))
    done = hrdp("classify", write_csv(tmp_path / "r.csv", {"a": RESUMES[0]}), "--model", "0123456789ab")
    assert done.exit_code == 1
    assert "is no model of job-category" in done.stderr
