"""`hrdp anonymize` as it is used."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orchestration.command_line.main import main


def run(path: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["anonymize", str(path), *options])


def write(tmp_path: Path, *records: Any) -> Path:
    path = tmp_path / "resumes.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def test_results_hold_the_text_and_the_offsets_of_what_came_in(tmp_path: Path) -> None:
    text = "Zuzanna Xhaferi\nzuzanna@mail.com\nPython"
    done = run(write(tmp_path, {"id": "a", "text": text}, {"id": 7, "text": "Accountant\nExcel"}), "--json")
    assert done.exit_code == 0, done.output
    first, second = json.loads(done.stdout)["results"]
    assert (first["id"], first["text"]) == ("a", "[NAME]\n[EMAIL]\nPython")
    found = {span["kind"]: text[span["start"] : span["end"]] for span in first["masked"]}
    assert found == {"NAME": "Zuzanna Xhaferi", "EMAIL": "zuzanna@mail.com"}
    assert second == {"id": 7, "text": "Accountant\nExcel", "masked": []}


def test_bad_lines_are_told_by_number_without_their_text_and_the_rest_is_done(tmp_path: Path) -> None:
    path = tmp_path / "resumes.jsonl"
    secret = "Zuzanna Xhaferi"
    lines = [
        json.dumps({"id": "a", "text": "Python"}).encode(),
        f'{{"id": "b", "text": "{secret}'.encode(),
        json.dumps({"text": secret}).encode(),
        json.dumps({"id": "d", "text": [secret]}).encode(),
        json.dumps({"id": "e", "text": " "}).encode(),
        f'{{"id": "f", "text": "{secret} é"}}'.encode("latin-1"),
        json.dumps([secret]).encode(),
        json.dumps({"id": "h", "text": "SQL \ud800"}).encode(),
    ]
    path.write_bytes(b"\n".join(lines))
    done = run(path, "--json")
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert [result["id"] for result in report["results"]] == ["a", "h"]
    assert [record["line"] for record in report["quarantined"]] == [2, 3, 4, 5, 6, 7]
    assert "line 6 is not UTF-8 text: save the file as UTF-8" in done.stderr
    assert "Xhaferi" not in done.stdout + done.stderr


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "resumes.jsonl"
    path.write_bytes(content)
    done = run(path, "--json")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "holds no resume" in done.stderr


def test_only_bad_lines_still_give_one_json_document(tmp_path: Path) -> None:
    done = run(write(tmp_path, {"id": "a"}), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["results"] == []


def test_a_missing_file_is_bad_usage(tmp_path: Path) -> None:
    done = run(tmp_path / "nowhere.jsonl")
    assert done.exit_code == 2
    assert "does not exist" in done.stderr


def test_a_person_gets_lines_and_a_count(tmp_path: Path) -> None:
    done = run(write(tmp_path, {"id": "a", "text": "Zuzanna Xhaferi\nzuzanna@mail.com"}))
    assert done.exit_code == 0
    assert json.loads(done.stdout)["text"] == "[NAME]\n[EMAIL]"
    assert "1 resumes; masked: 1 EMAIL, 1 NAME" in done.stderr


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "resumes.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "a", "text": "Python"}\r\n{"id": "b", "text": "SQL"}\r\n')
    assert [result["id"] for result in json.loads(run(path, "--json").stdout)["results"]] == ["a", "b"]
