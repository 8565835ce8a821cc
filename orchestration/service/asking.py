"""Asks a question in a thread and tells how far it is: events, ending with the answer or with a problem."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict

from assets.answers import model as answers
from assets.answers.answering import answer
from assets.answers.model import Answer, Draft, Generator, Piece
from assets.documents.registry import without_secrets
from assets.lineage.moments import iso
from assets.platform import Platform
from orchestration.service.model import (
    AnswerGiven,
    Checking,
    Citation,
    Event,
    EvidenceFound,
    Nearest,
    ProblemMet,
    Quote,
    SentenceGiven,
)
from orchestration.service.problems import status_and_sentence
from orchestration.service.work import Work

_SECTIONS_NAMED = 5


class _Followed:
    """A generator that tells when it begins to write and when it has written."""

    def __init__(self, generator: Generator, tell: Callable[[Event], None]) -> None:
        self.name = generator.name
        self.settings: Mapping[str, str | int | float] = generator.settings
        self._generator = generator
        self._tell = tell

    def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
        found = dict.fromkeys(piece.place for piece in evidence if piece.role == "found")
        self._tell(EvidenceFound(sections=list(found)[:_SECTIONS_NAMED]))
        drafts = self._generator.draft(question, evidence)
        self._tell(Checking(sentences=len(drafts)))
        return drafts


async def events(
    platform: Platform,
    work: Work,
    question: str,
    *,
    as_of: int | None,
    known_at: int | None,
    kind: str | None,
    jurisdiction: str | None,
    source: str | None,
) -> AsyncIterator[Event]:
    """What happens to a question, as it happens. No sentence is given before it was checked and is on record."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[Event | None] = asyncio.Queue()

    def tell(event: Event | None) -> None:
        loop.call_soon_threadsafe(told.put_nowait, event)

    def asked() -> Answer:
        return answer(
            platform,
            question,
            as_of=as_of,
            known_at=known_at,
            kind=kind,
            jurisdiction=jurisdiction,
            source=source,
            generator=_Followed(platform.generator, tell),
        )

    async def run() -> Answer:
        try:
            return await work.run(asked)
        finally:
            told.put_nowait(None)

    task = asyncio.create_task(run())
    try:
        while (event := await told.get()) is not None:
            yield event
        given = await task
    except Exception as problem:
        status, sentence = status_and_sentence(problem)
        yield ProblemMet(status=status, detail=sentence)
        return
    finally:
        task.cancel()
    for number, sentence in enumerate(dict.fromkeys(each.sentence for each in given.citations), 1):
        yield SentenceGiven(number=number, sentence=sentence, quotes=_quotes(given, sentence))
    yield _whole(given)


def _quotes(given: Answer, sentence: str) -> list[Quote]:
    quotes = []
    for citation in (each for each in given.citations if each.sentence == sentence):
        piece = next(each for each in given.evidence if _holds(each, citation))
        values = {name: value for name, value in asdict(citation).items() if name not in ("sentence", "uri")}
        quotes.append(
            Quote(
                **values,
                uri=without_secrets(citation.uri),
                place=piece.place,
                kind=piece.kind,
                jurisdiction=piece.jurisdiction,
                valid_from=iso(piece.valid_from),
                valid_to=iso(piece.valid_to),
            )
        )
    return quotes


def _holds(piece: Piece, citation: answers.Citation) -> bool:
    return (piece.document_id, piece.version) == (citation.document_id, citation.version) and any(
        start <= citation.start and citation.end <= end for start, end in piece.spans
    )


def _whole(given: Answer) -> AnswerGiven:
    versions = {(piece.document_id, piece.core): piece.version for piece in given.evidence}
    return AnswerGiven(
        answer_id=given.answer_id,
        question=given.question,
        answer=given.answer,
        refused=given.refused,
        reason=given.reason,
        citations=[
            Citation(**{**asdict(citation), "uri": without_secrets(citation.uri)}) for citation in given.citations
        ],
        nearest=[
            Nearest(
                document_id=section.document_id,
                version=versions.get((section.document_id, (section.start, section.end))),
                place=section.place,
                start=section.start,
                end=section.end,
                uri=without_secrets(section.uri),
            )
            for section in given.nearest
        ],
        dropped=len(given.dropped),
        as_of=given.as_of,
        known_at=given.known_at,
        generation=given.generation,
        index_version=given.index_version,
        generator=given.generator,
        seconds=given.seconds,
    )
