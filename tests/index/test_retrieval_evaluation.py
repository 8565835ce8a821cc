"""Files of questions, and what counts as found, on a small installation."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.index.refresh import RefreshResult
from assets.index.retrieval_evaluation import BadQuestions, evaluate_retrieval, read_questions
from assets.platform import Platform

Refreshed = Callable[..., RefreshResult]


def questions(folder: Path, *records: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    return path


def test_a_quote_of_a_superseded_version_is_not_what_a_search_can_find(
    platform: Platform, handbook: Path, refreshed: Refreshed, tmp_path: Path
) -> None:
    refreshed(platform, "handbook")
    (handbook / "hours.md").write_text("# Working hours\n\nThe week has forty hours.\n")
    refreshed(platform, "handbook")
    # The old version holds more of the quote than the present one, but applies no longer.
    quote = {"document_id": "handbook/hours.md", "quote": "The week has thirty-eight hours."}
    path = questions(tmp_path, {"question": "How many hours has the week?", "relevant": [quote]})
    report = evaluate_retrieval(platform, read_questions(path), 10)
    assert (report.recall, report.unknown) == (1.0, 0)


def test_a_document_that_is_not_there_is_counted_as_unknown(
    platform: Platform, handbook: Path, refreshed: Refreshed, tmp_path: Path
) -> None:
    refreshed(platform, "handbook")
    path = questions(
        tmp_path,
        {"question": "How is travel booked?", "relevant": [{"document_id": "handbook/gone.md"}]},
        {
            "question": "Annual leave?",
            "relevant": [
                {"document_id": "handbook/leave.md", "quote": "twenty days of annual leave"},
                {"document_id": "handbook/leave.md", "quote": "Everyone earns twenty days"},
            ],
        },
    )
    report = evaluate_retrieval(platform, read_questions(path), 10)
    assert (report.recall, report.unknown) == (0.5, 1)


def test_questions_may_hold_any_character(tmp_path: Path) -> None:
    path = questions(tmp_path, {"question": "leave\u2028and pay\u0085?", "relevant": [{"document_id": "a/b"}]})
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read_questions(path)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"question": " ", "relevant": [{"document_id": "a/b"}]}',
        b'{"question": "why?", "relevant": []}',
        b'{"question": "why?", "relevant": [{"document_id": 1}]}',
        b'{"question": "why?", "relevant": [{"document_id": "a/b", "quote": 7}]}',
    ],
)
def test_a_file_that_can_not_be_used_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "questions.jsonl").write_bytes(content)
    with pytest.raises(BadQuestions, match=r"questions\.jsonl"):
        read_questions(tmp_path / "questions.jsonl")
