"""The second search sees what the first leaves, and rarely anything else."""

import pytest

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.anonymizing.residual import find_residual
from assets.labels.synthetic.generator import SyntheticResume, resumes


def without(resume: SyntheticResume, kind: str) -> str:
    """The resume with all personal items replaced but those of a kind."""
    pieces, position = [], 0
    for span in resume.personal:
        if span.kind != kind:
            pieces += [resume.text[position : span.start], f"[{span.kind}]"]
            position = span.end
    return "".join([*pieces, resume.text[position:]])


def test_properly_anonymized_resumes_raise_few_alarms() -> None:
    alarms = sum(bool(find_residual(anonymize(resume.text).text)) for resume in resumes(200, 80_808))
    assert alarms <= 4


@pytest.mark.parametrize(("kind", "share"), [("EMAIL", 0.98), ("PHONE", 0.95), ("BIRTH_DATE", 0.8), ("NAME", 0.5)])
def test_a_kind_that_was_left_is_seen(kind: str, share: float) -> None:
    concerned = [resume for resume in resumes(200, 80_809) if any(span.kind == kind for span in resume.personal)]
    assert len(concerned) >= 20
    assert sum(bool(find_residual(without(resume, kind))) for resume in concerned) >= share * len(concerned)


def test_findings_tell_where_they_are() -> None:
    text = "[NAME]\nDear Mrs. Xhaferi, write to z.x@mail.com"
    assert [(found.kind, text[found.start : found.end]) for found in find_residual(text)] == [
        ("NAME", "Xhaferi"),
        ("EMAIL", "z.x@mail.com"),
    ]


def test_placeholders_and_employers_are_no_findings() -> None:
    assert (
        find_residual("[NAME]\n[EMAIL] | [PHONE]\nMorgan Stanley, Jackson Laboratory, Charles Schwab\n2015 - 2018")
        == []
    )
