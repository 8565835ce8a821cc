"""What the answers room works with: a question's scope, pieces of evidence, drafts of sentences, and the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

Span = tuple[int, int]
"""Character offsets, start and end, into a document version's text."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rules a question is about: those that were valid at `moment` (microseconds, UTC), as recorded up to `known_at`
    (None: all that is known), of a kind, jurisdiction or source."""

    moment: int
    known_at: int | None = None
    kind: str | None = None
    jurisdiction: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence: `text`, whole sentences at `spans` of a document version, in the order of the text.

    The first spans may be a rule that opens the list in which the last one stands; `core` is the part that is meant, and
    `chunk_ids` name the passage of each span. `role` says why it is there: found, item (of a list that a found one opens),
    neighbour, definition or reference. `score` is how well it fits the question, higher is better, and 0 for what the search
    did not find. Moments as in `lineage.moments`.
    """

    role: str
    chunk_ids: tuple[str, ...]
    document_id: str
    version: str
    spans: tuple[Span, ...]
    core: Span
    text: str
    source: str
    kind: str
    jurisdiction: str
    title: str
    headings: tuple[str, ...]
    valid_from: int
    valid_to: int
    uri: str
    score: float = 0.0

    @property
    def chunk_id(self) -> str:
        """The passage that the core stands in."""
        return self.chunk_ids[self.spans.index(self.core)]

    @property
    def place(self) -> str:
        """Title and headings, outermost first, on one line."""
        return " > ".join(dict.fromkeys(part for part in (self.title, *self.headings) if part))


@dataclass(frozen=True, slots=True)
class Quote:
    """Characters `start` to `end` of a document version, said to be `text`. `chunk_id` is the passage that it stands in."""

    chunk_id: str
    document_id: str
    version: str
    start: int
    end: int
    text: str
    uri: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence that a generator wrote, with what it cites; the quote that matters most comes first."""

    text: str
    quotes: tuple[Quote, ...]


class Generator(Protocol):
    """Writes the sentences of an answer from evidence. `settings` go into the record: no secrets."""

    name: str
    settings: Mapping[str, str | int | float]

    def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
        """Sentences in the order in which they are to be read, the one that answers first. What it returns is not trusted.

        Raises GeneratorUnavailable.
        """
        ...


class GeneratorUnavailable(Exception):
    """The generator that is set can't be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A sentence that failed a check: the check's name and the SHA-256 of the sentence."""

    check: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A sentence of the answer and a quote that supports it, at character offsets into the document version's text."""

    sentence: str
    quote: str
    chunk_id: str
    document_id: str
    version: str
    start: int
    end: int
    uri: str


@dataclass(frozen=True, slots=True)
class Section:
    """A place in a document that is near to a question."""

    document_id: str
    place: str
    start: int
    end: int
    uri: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with its citations, or a refusal with the nearest sections. Both are on record under `answer_id`.

    `reason` says why it was refused, or what the asker should mind (a change, another jurisdiction). Moments are ISO 8601.
    """

    answer_id: str
    question: str
    answer: str
    refused: bool
    reason: str
    citations: tuple[Citation, ...]
    nearest: tuple[Section, ...]
    dropped: tuple[Dropped, ...]
    as_of: str | None
    known_at: str | None
    asked_at: str | None
    generation: int
    index_version: str
    generator: str
    seconds: float
    evidence: tuple[Piece, ...] = field(default=(), repr=False)
