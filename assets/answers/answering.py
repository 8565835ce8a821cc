"""Answers a question from what is served, or refuses: retrieves, assembles, generates, checks, records."""

import threading
import time
import uuid
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assets.answers import noticing, refusing
from assets.answers.assembling import FOUND, Assembler
from assets.answers.candidates import candidates
from assets.answers.checking import Checker, normal
from assets.answers.entailment import KEPT, NEAR
from assets.answers.meaning import Meanings
from assets.answers.model import Answer, Citation, Draft, Dropped, Generator, Piece, Scope, Section
from assets.answers.other_times import applied_at_another_time
from assets.answers.reading import Readings
from assets.answers.recording import record
from assets.answers.relevance import Relevance, asked, rank
from assets.answers.retrieval import Found, retrieve
from assets.lineage.moments import iso, now
from assets.platform import Platform

DEPTH = 30
"""How many passages are looked at."""

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Memory:
    """What a platform's questions share: documents as read, and vectors."""

    readings: Readings
    meanings: Meanings


@dataclass(frozen=True, slots=True)
class Looked:
    """What a question met: the passages, and the statements that were ranked, best first, with their score set."""

    found: Found
    ranked: tuple[tuple[Relevance, Piece], ...]

    @property
    def answers_it(self) -> bool:
        return bool(self.ranked) and refusing.answers_it(self.ranked[0][0])


class BadQuestion(Exception):
    """A question that can't be asked; the message says what to write."""


def answer(
    platform: Platform,
    question: str,
    *,
    as_of: int | None = None,
    known_at: int | None = None,
    kind: str | None = None,
    jurisdiction: str | None = None,
    source: str | None = None,
    generator: Generator | None = None,
) -> Answer:
    """An answer that quotes what applies now, or applied `as_of` a moment, or a refusal; either is on record.

    `known_at` asks by what was recorded up to a moment, and, where no `as_of` is given, for what applied then. `generator` is
    by default the one that is set. Raises BadQuestion, NothingServed, ModelMismatch, IndexUnavailable, NotKnownThen,
    GeneratorUnavailable, CatalogueUnavailable, StorageError.
    """
    started = time.monotonic()
    question = _checked(question)
    asked_at = now()
    moment = as_of if as_of is not None else known_at if known_at is not None else asked_at
    scope = Scope(moment, known_at, kind, jurisdiction, source)
    writer = generator or platform.generator
    memory = memory_of(platform)
    looked = look(platform, memory, question, scope)
    given = _given(platform, memory, question, scope, looked, writer)
    result = replace(
        given,
        answer_id=str(uuid.uuid4()),
        as_of=iso(moment),
        known_at=None if known_at is None else iso(known_at),
        asked_at=iso(asked_at),
        seconds=round(time.monotonic() - started, 4),
    )
    record(platform.catalogue, result, scope, as_of, asked_at, writer, _CHECKS)
    return result


_CHECKS = {"least confidence": refusing.LEAST, "kept": KEPT, "near": NEAR}

_memories: "weakref.WeakKeyDictionary[Platform, Memory]" = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def memory_of(platform: Platform) -> Memory:
    """The platform's memory, made at its first question."""
    with _guard:
        if platform not in _memories:
            _memories[platform] = Memory(Readings(platform.blobs), Meanings(platform.embedder))
        return _memories[platform]


def look(platform: Platform, memory: Memory, question: str, scope: Scope) -> Looked:
    """Searches, and ranks the statements of what was found. Raises as `answer` does."""
    found = retrieve(platform, question, DEPTH, scope, memory.meanings.of)
    pieces = candidates(found.passages, memory.readings)
    ranked = rank(asked(question, memory.meanings, found.statistics), pieces, memory.meanings)
    return Looked(found, tuple((relevance, replace(piece, score=relevance.score)) for relevance, piece in ranked))


def _given(
    platform: Platform, memory: Memory, question: str, scope: Scope, looked: Looked, writer: Generator
) -> Answer:
    if not looked.answers_it:
        reason = refusing.NOT_ANSWERED if looked.ranked else refusing.NOTHING_FOUND
        other = applied_at_another_time(
            platform, scope, looked.found.generation, lambda there: look(platform, memory, question, there)
        )
        return _refused(question, looked, writer, other or reason, ())
    versions = {(each.version.document_id, each.version.version): each.version for each in looked.found.passages}
    with platform.catalogue.read() as connection:
        assembler = Assembler(connection, memory.readings, looked.found.generation, scope.moment)
        evidence = assembler.assemble([piece for _, piece in looked.ranked], versions)
    drafts = writer.draft(question, evidence)
    checker = Checker(evidence, platform.blobs.get_text, memory.meanings)
    held, dropped = checker.check(drafts)
    if not any(_is_core(draft, looked) for draft in held):
        return _refused(question, looked, writer, refusing.CORE_GONE, tuple(dropped), evidence)
    citations = [
        Citation(
            draft.text, quote.text, quote.chunk_id, quote.document_id, quote.version, quote.start, quote.end, quote.uri
        )
        for draft in held
        for quote in draft.quotes
    ]
    return Answer(
        answer_id="",
        question=question,
        answer="\n".join(normal(draft.text) for draft in held),
        refused=False,
        reason=_notes(platform, looked, scope, evidence, held),
        citations=tuple(replace(each, sentence=normal(each.sentence)) for each in citations),
        nearest=(),
        dropped=tuple(dropped),
        as_of=None,
        known_at=None,
        asked_at=None,
        generation=looked.found.generation,
        index_version=looked.found.index_version,
        generator=writer.name,
        seconds=0.0,
        evidence=tuple(evidence),
    )


def _refused(
    question: str,
    looked: Looked,
    writer: Generator,
    reason: str,
    dropped: tuple[Dropped, ...],
    evidence: Sequence[Piece] = (),
) -> Answer:
    best = [piece for _, piece in looked.ranked]
    nearest = {(piece.document_id, piece.headings): _section(piece) for piece in reversed(best[: 2 * _NEAREST])}
    return Answer(
        answer_id="",
        question=question,
        answer="",
        refused=True,
        reason=reason,
        citations=(),
        nearest=tuple(list(nearest.values())[::-1][:_NEAREST]),
        dropped=dropped,
        as_of=None,
        known_at=None,
        asked_at=None,
        generation=looked.found.generation,
        index_version=looked.found.index_version,
        generator=writer.name,
        seconds=0.0,
        evidence=tuple(evidence or best[:FOUND]),
    )


def _is_core(draft: Draft, looked: Looked) -> bool:
    """Whether a sentence cites a statement that by itself answers the question."""
    answering = [piece for relevance, piece in looked.ranked if refusing.answers_it(relevance)]
    return any(
        (quote.document_id, quote.version) == (piece.document_id, piece.version)
        and piece.core[0] <= quote.start < piece.core[1]
        for quote in draft.quotes
        for piece in answering
    )


def _notes(platform: Platform, looked: Looked, scope: Scope, evidence: Sequence[Piece], held: Sequence[Draft]) -> str:
    """What the asker should mind, as one line; empty where there is nothing."""
    cited = {(quote.document_id, quote.version, quote.start) for draft in held for quote in draft.quotes}
    chosen = [piece for piece in evidence if (piece.document_id, piece.version, piece.core[0]) in cited]
    answering = [piece for relevance, piece in looked.ranked if refusing.answers_it(relevance)]
    beside = [
        piece
        for piece in evidence
        if chosen and (piece.role == "neighbour" or piece in chosen) and piece.document_id == chosen[0].document_id
    ]
    notes = noticing.sizes([*chosen[:1], *beside])
    notes += noticing.elsewhere(chosen, answering, scope)
    if chosen:
        with platform.catalogue.read() as connection:
            notes += noticing.dates(connection, chosen[0], looked.found.generation, platform.blobs.get_text)
    return "; ".join(notes)


def _section(piece: Piece) -> Section:
    return Section(piece.document_id, piece.place or piece.document_id, piece.core[0], piece.core[1], piece.uri)


def _checked(question: str) -> str:
    text = normal(question)
    if not text:
        raise BadQuestion("the question is empty: write what you want to know")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadQuestion("the question is not UTF-8 text: write it again")
    if len(text) > 2_000:
        raise BadQuestion("the question is longer than 2,000 characters: ask for one thing at a time")
    return text
