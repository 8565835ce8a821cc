"""How well questions are answered: right quotes, right refusals, citations that hold, and how long it takes."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.answers.answering import answer
from assets.answers.checking import normal
from assets.answers.model import Answer, Citation, Generator
from assets.index.retrieval_evaluation import BadQuestions
from assets.lineage.moments import parse_as_of
from assets.platform import Platform


@dataclass(frozen=True, slots=True)
class AnswerQuestion:
    """A question with the sentences that answer it, or none where it has to be refused; `as_of` is a moment."""

    text: str
    quotes: tuple[str, ...]
    as_of: int | None


@dataclass(frozen=True, slots=True)
class AnswersReport:
    """Shares from 0 to 1 over `n` questions, None where there was nothing to measure.

    `answered_right`: of the answerable ones, those whose answer cites one of the quotes; `first_right`: those whose first
    sentence does; `complete`: mean share of a question's quotes that are cited. `refused_right`: of the unanswerable ones, those
    that were refused; `refusal_precision`: of the refused ones, those that are unanswerable. `citation_correct`: of all
    citations, those that stand verbatim at their offsets in the version that they name. Times in milliseconds, for a whole
    answer with its record.
    """

    n: int
    answerable: int
    unanswerable: int
    answered: int
    answered_right: float | None
    first_right: float | None
    complete: float | None
    refused_right: float | None
    refusal_precision: float | None
    citations: int
    citation_correct: float | None
    p50_ms: float
    p95_ms: float


def read_answer_questions(path: Path) -> list[AnswerQuestion]:
    """From JSON lines: `{question, as_of?, quotes: [...]}` or `{question, as_of?, refuse: true}`. Raises BadQuestions."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        raise BadQuestions(f"{path.name} can't be read as UTF-8 text: write one JSON object a line") from None
    questions = [_question(line, f"{path.name}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not questions:
        raise BadQuestions(f"{path.name} holds no question: write one JSON object a line")
    return questions


def evaluate_answers(
    platform: Platform,
    questions: Sequence[AnswerQuestion],
    *,
    generator: Generator | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> AnswersReport:
    """Asks every question, each of which goes on record. Raises as `answer` does."""
    measured: list[tuple[AnswerQuestion, Answer]] = []
    for number, question in enumerate(questions, 1):
        measured.append((question, answer(platform, question.text, as_of=question.as_of, generator=generator)))
        progress(number)
    return report(measured, platform.blobs.get_text)


def report(measured: Sequence[tuple[AnswerQuestion, Answer]], text_of: Callable[[str], str]) -> AnswersReport:
    """What the answers to questions are worth. `text_of` gives a version's stored text."""
    answerable = [(question, given) for question, given in measured if question.quotes]
    unanswerable = [given for question, given in measured if not question.quotes]
    refused = [question for question, given in measured if given.refused]
    citations = [citation for _, given in measured for citation in given.citations]
    seconds = sorted(given.seconds for _, given in measured)
    return AnswersReport(
        n=len(measured),
        answerable=len(answerable),
        unanswerable=len(unanswerable),
        answered=sum(not given.refused for _, given in measured),
        answered_right=_mean([float(_cites(given.citations, question.quotes) > 0) for question, given in answerable]),
        first_right=_mean([float(_cites(_first(given), question.quotes) > 0) for question, given in answerable]),
        complete=_mean([_cites(given.citations, question.quotes) for question, given in answerable]),
        refused_right=_mean([float(given.refused) for given in unanswerable]),
        refusal_precision=_mean([float(not question.quotes) for question in refused]),
        citations=len(citations),
        citation_correct=_mean(
            [float(text_of(each.version)[each.start : each.end] == each.quote) for each in citations]
        ),
        p50_ms=_percentile(seconds, 50),
        p95_ms=_percentile(seconds, 95),
    )


def _question(line: str, where: str) -> AnswerQuestion:
    try:
        record: dict[str, Any] = json.loads(line)
        text = record["question"]
        quotes = tuple(record.get("quotes") or ())
        refuse = record.get("refuse", False)
        as_of = parse_as_of(record["as_of"]) if record.get("as_of") else None
        good = (
            isinstance(text, str) and text.strip() and all(isinstance(quote, str) and quote.strip() for quote in quotes)
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good or bool(quotes) == bool(refuse):
        raise BadQuestions(
            f'{where} is not a question: write {{"question": "…", "quotes": ["…"]}} or {{"question": "…", "refuse": true}}'
        )
    return AnswerQuestion(text, quotes, as_of)


def _first(given: Answer) -> list[Citation]:
    """The citations of an answer's first sentence."""
    return [each for each in given.citations if each.sentence == given.citations[0].sentence]


def _cites(citations: Sequence[Citation], quotes: Sequence[str]) -> float:
    """The share of quotes that a citation holds whole, or that hold one which is at least a third of them."""
    cited = [normal(citation.quote) for citation in citations]

    def found(quote: str) -> bool:
        return any(quote in each or (each in quote and 3 * len(each) >= len(quote)) for each in cited)

    return sum(found(normal(quote)) for quote in quotes) / len(quotes)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """In milliseconds, by the nearest rank."""
    return round(ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] * 1_000, 1)
