"""Which questions the quality of answers is measured on."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from assets.answers.quality import measure
from assets.index.retrieval_evaluation import BadQuestions
from assets.platform import Platform


def written(path: Path, **record: object) -> Path:
    path.write_text(json.dumps(record) + "\n")
    return path


def test_the_bundled_questions_are_asked_only_where_their_documents_are_served(
    served: Platform, tmp_path: Path
) -> None:
    quote = "Full-time employees earn 21 days of vacation in a calendar year."
    asked = {"question": "How many days of vacation does a full-time employee earn?", "quotes": [quote]}
    about_ours = written(tmp_path / "ours.jsonl", **asked, document_id="handbook/leave.md")
    about_others = written(tmp_path / "others.jsonl", **asked, document_id="samples/leave.md")
    assert measure(served, about_ours).first_right == 1.0
    with pytest.raises(BadQuestions, match="HRDP_ANSWER_QUESTIONS"):
        measure(served, about_others)
    set_to_ours = Platform(replace(served.settings, answer_questions=str(about_ours)))
    assert measure(set_to_ours, about_others).citation_correct == 1.0
