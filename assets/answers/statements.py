"""Cuts document versions into statements: the units that are ranked, quoted and cited."""

from dataclasses import dataclass
from functools import lru_cache

from assets.answers.instructions import addresses_a_machine
from assets.answers.model import Piece, Span
from assets.answers.reading import Reading
from assets.answers.retrieval import Version
from assets.documents.model import BlockKind

LONGEST = 4
"""How many sentences of a paragraph one statement holds at most: a sentence alone often lacks its condition, and a page is no
quote."""

_LABEL_WORDS = 12
_ENDS = frozenset(".;:!?…。；：！？")


@dataclass(frozen=True, slots=True)
class Statement:
    """The sentences from `first` up to `last`, without it, of one block, with the sentences that open its list."""

    first: int
    last: int
    lead: tuple[int, ...]


@lru_cache(maxsize=2048)
def statements(reading: Reading) -> tuple[Statement, ...]:
    """A document's statements, in order. Left out are notes on a rule, which are not the rule, and what speaks to a machine."""
    found: list[Statement] = []
    first = 0
    while first < len(reading.sentences):
        block = reading.sentences[first].block
        last = first
        while last < len(reading.sentences) and reading.sentences[last].block == block:
            last += 1
        parts = -(-(last - first) // LONGEST)
        size = -(-(last - first) // parts)
        for start in range(first, last, size):
            lead = tuple(position for position in reading.sentences[start].lead if position < first)
            statement = Statement(start, min(start + size, last), lead)
            words = _words(reading, statement)
            editorial = reading.sentences[start].editorial
            if not editorial and not _is_label(reading, statement, words) and not addresses_a_machine(words):
                found.append(statement)
        first = last
    return tuple(found)


def core(reading: Reading, statement: Statement) -> Span:
    return reading.sentences[statement.first].start, reading.sentences[statement.last - 1].end


def piece(reading: Reading, version: Version, statement: Statement, role: str, score: float = 0.0) -> Piece:
    """A statement as evidence, with its place, dates and address."""
    own = core(reading, statement)
    leads = [(reading.sentences[each].start, reading.sentences[each].end) for each in statement.lead]
    return Piece(
        role=role,
        chunk_ids=tuple(chunk_at(version, start) for start, _ in (*leads, own)),
        document_id=version.document_id,
        version=version.version,
        spans=(*leads, own),
        core=own,
        text=" ".join(reading.text[start:end] for start, end in (*leads, own)),
        source=version.source,
        kind=version.kind,
        jurisdiction=version.jurisdiction,
        title=version.title,
        headings=reading.sentences[statement.first].headings,
        valid_from=version.valid_from,
        valid_to=version.valid_to,
        uri=version.uri,
        score=score,
    )


def chunk_at(version: Version, position: int) -> str:
    """The passage that a character stands in; the one before it where it stands between two."""
    chosen = version.passages[0][0]
    for chunk_id, start, _ in version.passages:
        if start > position:
            break
        chosen = chunk_id
    return chosen


def in_a_list(reading: Reading, statement: Statement) -> bool:
    return reading.sentences[statement.first].kind is BlockKind.LIST_ITEM


def _is_label(reading: Reading, statement: Statement, words: str) -> bool:
    """Whether a short line that doesn't end like a sentence stands alone: a letterhead, a caption, a link."""
    alone = not statement.lead and reading.sentences[statement.first].kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
    return alone and len(words.split()) < _LABEL_WORDS and words.rstrip("\"'”’)*_ ")[-1:] not in _ENDS


def _words(reading: Reading, statement: Statement) -> str:
    start, end = core(reading, statement)
    return reading.text[start:end]
