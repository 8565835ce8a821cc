"""Pairs from an organisation's own questions: what answers them in the served index, and what a search finds beside it."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import select

from assets.index.retrieval_evaluation import Question, targets
from assets.index.searching import search
from assets.index.store import OPEN
from assets.index.texts import ChunkTexts
from assets.lineage import schema
from assets.models.search.pairs import Pair
from assets.platform import Platform

_NEAR = 20
"""How many passages are looked at for some that look right and are not."""

_PASSAGES_OF_A_DOCUMENT = 4


def halves(questions: Sequence[Question]) -> tuple[list[Question], list[Question]]:
    """Questions to learn from and questions to measure with. Those about the same documents are in one half, and a question
    stays where it is for ever."""
    parts: tuple[list[Question], list[Question]] = ([], [])
    for question in questions:
        parts[hashlib.sha256(_documents(question).encode()).digest()[0] & 1].append(question)
    return parts


def gather(platform: Platform, questions: Sequence[Question]) -> list[Pair]:
    """A pair for each question that the served index holds an answer to. Raises NothingServed, ModelMismatch."""
    texts = ChunkTexts(platform.blobs)
    pairs = []
    for question in questions:
        right = _answers(platform, question)
        documents = {document_id for document_id, quote in question.relevant if not quote}
        found = search(platform, question.text, k=_NEAR, as_of=question.as_of)
        wrong = [each.chunk_id for each in found if each.document_id not in documents and each.chunk_id not in right]
        with platform.catalogue.read() as connection:
            embedded = {each.chunk_id: each.embedded for each in texts.read(connection, [*right, *wrong])}
        answers = tuple(embedded[chunk_id] for chunk_id in right if chunk_id in embedded)
        if answers:
            others = tuple(
                dict.fromkeys(embedded[each] for each in wrong if embedded.get(each) not in (None, *answers))
            )
            pairs.append(Pair(question.text, answers, others, _documents(question)))
    return pairs


def _answers(platform: Platform, question: Question) -> list[str]:
    """The chunks that answer a question: of a quote the one that holds it, else the first ones of the document."""
    held = [
        chunk_id
        for (_, quote), chunk_id in zip(question.relevant, targets(platform, question), strict=True)
        if quote and chunk_id
    ]
    whole = [document_id for document_id, quote in question.relevant if not quote]
    table = schema.rows
    with platform.catalogue.read() as connection:
        for document_id in whole:
            query = (
                select(table.c.chunk_id)
                .where(table.c.document_id == document_id, table.c.to_generation == OPEN)
                .order_by(table.c.chunk_id)
                .limit(_PASSAGES_OF_A_DOCUMENT)
            )
            held += connection.execute(query).scalars()
    return list(dict.fromkeys(held))


def _documents(question: Question) -> str:
    return "\n".join(sorted({document_id for document_id, _ in question.relevant}))
