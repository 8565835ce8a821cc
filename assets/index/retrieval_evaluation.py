"""How well the served index answers a file of questions: recall, MAP and nDCG."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from assets.index.evaluation import average_precision, holds, ndcg, once_each, recall
from assets.index.searching import SearchResult, search
from assets.index.store import OPEN
from assets.index.texts import ChunkTexts
from assets.lineage import schema
from assets.lineage.moments import now, parse_as_of
from assets.platform import Platform


class BadQuestions(Exception):
    """A file of questions that can't be used; the message names the line and what to write."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with what answers it: (document id, quote or nothing) of each; `as_of` is a moment."""

    text: str
    relevant: tuple[tuple[str, str], ...]
    as_of: int | None


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """Means over `n` questions at depth `k`. `unknown` counts relevant documents that don't apply then: they can't be found."""

    recall: float
    map: float
    ndcg: float
    n: int
    k: int
    unknown: int


def read_questions(path: Path) -> list[Question]:
    """Questions from JSON lines: `{question, relevant: [{document_id, quote?}], as_of?}`. Raises BadQuestions."""
    try:
        # Not splitlines: JSON may hold other line separators in its texts.
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        raise BadQuestions(f"{path.name} can't be read as UTF-8 text: write one JSON object a line") from None
    questions = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            questions.append(_question(line, f"{path.name}, line {number}"))
    if not questions:
        raise BadQuestions(f"{path.name} holds no question: write one JSON object a line")
    return questions


def evaluate_retrieval(platform: Platform, questions: Sequence[Question], k: int) -> RetrievalReport:
    """Asks every question. A document counts once in a ranking; where a question gives quotes, its ranking is one of chunks,
    and the chunk that holds most of a quote is the one to find. Raises NothingServed."""
    measures: list[tuple[float, float, float]] = []
    unknown = 0
    for question in questions:
        by_chunk = any(quote for _, quote in question.relevant)
        found = targets(platform, question)
        unknown += sum(target is None for target in found)
        answering = (
            {target for target in found if target} if by_chunk else {document for document, _ in question.relevant}
        )
        ranking = _ranking(platform, question, k, by_chunk=by_chunk)
        wanted = answering or {"nothing that is served"}
        measures.append((recall(ranking, wanted, k), average_precision(ranking, wanted, k), ndcg(ranking, wanted, k)))
    means = [sum(column) / len(measures) for column in zip(*measures, strict=True)]
    return RetrievalReport(
        recall=round(means[0], 4),
        map=round(means[1], 4),
        ndcg=round(means[2], 4),
        n=len(measures),
        k=k,
        unknown=unknown,
    )


def _question(line: str, where: str) -> Question:
    try:
        record: dict[str, Any] = json.loads(line)
        relevant = tuple((_text(each["document_id"]), _text(each.get("quote") or "")) for each in record["relevant"])
        text = _text(record["question"])
        as_of = parse_as_of(record["as_of"]) if record.get("as_of") else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadQuestions(
            f'{where} is not a question: write {{"question": "…", "relevant": [{{"document_id": "SOURCE/path"}}]}}'
        ) from None
    if not text.strip():
        raise BadQuestions(f"{where} asks nothing: leave the question out, or write it")
    if not relevant:
        raise BadQuestions(f"{where} names no relevant document: leave the question out, or name one")
    return Question(text, relevant, as_of)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _ranking(platform: Platform, question: Question, k: int, *, by_chunk: bool) -> list[str]:
    """Document or chunk ids, best first; as many passages are asked for as it takes to have `k` different ones."""
    depth = k if by_chunk else 3 * k
    while True:
        results = search(platform, question.text, k=depth, as_of=question.as_of)
        ranking = once_each(_names(results, by_chunk=by_chunk), k)
        if len(ranking) == k or len(results) < depth or depth >= 100 * k:
            return ranking
        depth *= 3


def _names(results: Sequence[SearchResult], *, by_chunk: bool) -> Iterator[str]:
    return (result.chunk_id if by_chunk else result.document_id for result in results)


def targets(platform: Platform, question: Question) -> list[str | None]:
    """The chunk that holds most of each quote, among those of its document that a search can find; None where there is none."""
    texts = ChunkTexts(platform.blobs)
    moment = now() if question.as_of is None else question.as_of
    targets: list[str | None] = []
    table = schema.rows
    with platform.catalogue.read() as connection:
        for document_id, quote in question.relevant:
            query = select(table.c.chunk_id).where(
                table.c.document_id == document_id,
                table.c.to_generation == OPEN,
                table.c.valid_from <= moment,
                table.c.valid_to > moment,
            )
            chunk_ids: list[str] = list(connection.execute(query if quote else query.limit(1)).scalars())
            if quote:
                held = [(holds(quote, text.body), text.chunk_id) for text in texts.read(connection, chunk_ids)]
                chunk_ids = [max(held)[1]] if held else []
            targets.append(chunk_ids[0] if chunk_ids else None)
    return targets
