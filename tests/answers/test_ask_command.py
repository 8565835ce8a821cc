"""`hrdp ask` and `hrdp evaluate answers`, as a person and a program use them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from assets.platform import Platform
from orchestration.command_line.main import main

QUESTION = "How many vacation days does a full-time employee have?"


@pytest.fixture
def hrdp(served: Platform, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command on the shared installation."""
    monkeypatch.setenv("HRDP_HOME", str(served.home))

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, list(arguments))

    return run


def test_a_program_gets_the_keys_of_the_interface(hrdp: Any) -> None:
    values = json.loads(hrdp("ask", QUESTION, "--json").stdout)
    assert {"answer_id", "answer", "refused", "reason", "citations"} <= values.keys()
    assert list(values["citations"][0]) == [
        "sentence",
        "quote",
        "chunk_id",
        "document_id",
        "version",
        "start",
        "end",
        "uri",
    ]


def test_a_person_reads_the_answer_the_quote_and_its_place(hrdp: Any) -> None:
    output = hrdp("ask", QUESTION).stdout
    assert "21 days of vacation" in output
    assert "handbook/leave.md [" in output
    assert "Leave > Vacation" in output


def test_a_person_reads_a_plain_refusal(hrdp: Any) -> None:
    done = hrdp("ask", "May I bring my dog to the office?")
    assert done.exit_code == 0
    assert done.stdout.startswith("No answer: ")


@pytest.mark.parametrize(
    "arguments", [("ask", " "), ("ask", QUESTION, "--known-at", "soon"), ("ask", QUESTION, "--as-of", "x")]
)
def test_bad_usage_ends_with_2(hrdp: Any, arguments: tuple[str, ...]) -> None:
    assert hrdp(*arguments).exit_code == 2


def test_answers_are_measured(hrdp: Any, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    lines = [
        {"question": QUESTION, "quotes": ["Full-time employees earn 21 days of vacation in a calendar year."]},
        {
            "question": "What is the minimum wage per hour?",
            "as_of": "2023-06-01",
            "quotes": ["The minimum wage is $15.10"],
        },
        {"question": "May I bring my dog to the office?", "refuse": True},
    ]
    questions.write_text("\n".join(map(json.dumps, lines)))
    values = json.loads(hrdp("evaluate", "answers", "--questions", str(questions), "--json").stdout)
    assert (values["n"], values["answered_right"], values["first_right"], values["refused_right"]) == (3, 0.5, 0.5, 1.0)
    assert values["citation_correct"] == 1.0
    assert values["p95_ms"] > 0


@pytest.mark.parametrize(
    "line",
    ['{"question": "x"}', '{"question": "", "refuse": true}', "[]", '{"question": "x", "quotes": "y", "refuse": true}'],
)
def test_a_file_that_holds_no_questions_is_said_so(hrdp: Any, tmp_path: Path, line: str) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(line)
    done = hrdp("evaluate", "answers", "--questions", str(questions), "--json")
    assert done.exit_code == 1
    assert "line 1" in done.stderr
