"""What the service takes and gives, as it stands in openapi.json. Moments are ISO 8601, None for an open end; `start` and `end`
count characters (Unicode code points) of a document version's text."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from assets.documents.registry import KINDS

_DAY = "A day as 2024-07-01, which means its end, or an ISO 8601 time"
_KINDS: dict[str, Any] = {"enum": [*KINDS, None]}


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    as_of: str | None = Field(None, max_length=40, description=f"What applied then; by default now. {_DAY}")
    kind: str | None = Field(None, max_length=40, description="Only this kind of source", json_schema_extra=_KINDS)
    jurisdiction: str | None = Field(None, max_length=200, description="Only rules of this jurisdiction")
    source: str | None = Field(None, max_length=80, description="Only this source")


class Question(_Asked):
    """A question, and for when and where it is asked."""

    question: str = Field(description="One question, up to 2,000 characters")
    known_at: str | None = Field(None, max_length=40, description=f"By what was recorded up to then. {_DAY}")


class Query(_Asked):
    """What to search for, and for when and where."""

    query: str = Field(max_length=2_000, description="Words, up to 2,000 characters")
    k: int = Field(10, ge=1, le=100, description="How many passages")


class Problem(BaseModel):
    """Why a request was not met: one sentence that says what to do."""

    detail: str


class Choices(BaseModel):
    """What questions can be restricted to."""

    kinds: list[str]
    jurisdictions: list[str]
    sources: list[str]
    generator: str = Field(description="What writes the answers")


class Passage(BaseModel):
    """A passage that bears on a query, the best first."""

    chunk_id: str
    document_id: str
    version: str
    source: str
    title: str
    heading_path: list[str]
    text: str
    start: int
    end: int
    score: float
    valid_from: str | None
    valid_to: str | None
    uri: str


class Passages(BaseModel):
    """What a search found."""

    results: list[Passage]


class Quote(BaseModel):
    """Characters `start` to `end` of a document version, and where they stand."""

    quote: str
    chunk_id: str
    document_id: str
    version: str
    start: int
    end: int
    uri: str
    place: str = Field(description="Title and headings, outermost first")
    kind: str
    jurisdiction: str
    valid_from: str | None
    valid_to: str | None


class Nearest(BaseModel):
    """A section that is near to a question that was refused. `version` is None where it is the one that applies."""

    document_id: str
    version: str | None
    place: str
    start: int
    end: int
    uri: str


class Citation(BaseModel):
    """A sentence of the answer with a quote that supports it."""

    sentence: str
    quote: str
    chunk_id: str
    document_id: str
    version: str
    start: int
    end: int
    uri: str


class EvidenceFound(BaseModel):
    """The evidence is together, and an answer is being written from it."""

    event: Literal["evidence"] = "evidence"
    sections: list[str] = Field(description="Where the evidence stands, best first")


class Checking(BaseModel):
    """An answer was written, and each of its sentences is being checked against what it cites."""

    event: Literal["checking"] = "checking"
    sentences: int


class SentenceGiven(BaseModel):
    """A sentence that was checked and is on record, with the quotes that it rests on."""

    event: Literal["sentence"] = "sentence"
    number: int
    sentence: str
    quotes: list[Quote]


class AnswerGiven(BaseModel):
    """The whole answer or refusal, as it is on record. It is the last line."""

    event: Literal["answer"] = "answer"
    answer_id: str
    question: str
    answer: str
    refused: bool
    reason: str = Field(description="Why it was refused, or what to mind")
    citations: list[Citation]
    nearest: list[Nearest]
    dropped: int = Field(description="How many sentences were left out, because what they cite does not say so")
    as_of: str | None
    known_at: str | None
    generation: int
    index_version: str
    generator: str
    seconds: float


class ProblemMet(BaseModel):
    """What went wrong after the stream had begun. It is the last line."""

    event: Literal["problem"] = "problem"
    status: int
    detail: str


Event = EvidenceFound | Checking | SentenceGiven | AnswerGiven | ProblemMet


class Version(BaseModel):
    """A version in a document's timeline."""

    version: str
    valid_from: str | None
    valid_to: str | None
    recorded_at: str | None
    title: str
    uri: str


class Block(BaseModel):
    """A part of a document's text. `level` is 1 to 6 for a heading, and the depth, from 0, for a list item."""

    kind: Literal["heading", "paragraph", "list_item", "table", "code"]
    start: int
    end: int
    level: int


class Document(Version):
    """A document version with its text and structure, and the timeline that it stands in."""

    document_id: str
    text: str
    blocks: list[Block]
    versions: list[Version]


class Place(BaseModel):
    """Where a section stands in a version: a heading with its own text, up to the next heading."""

    headings: list[str]
    start: int
    end: int


class SectionReading(BaseModel):
    """How a section read for a time. `place` is None where the document was without it."""

    version: str
    valid_from: str | None
    valid_to: str | None
    place: Place | None


class SectionVersions(BaseModel):
    """The readings of a section, oldest first; `asked` is the position of the one that was asked about."""

    document_id: str
    readings: list[SectionReading]
    asked: int
    complete: bool = Field(description="Whether all versions of the document were looked at")


class Part(BaseModel):
    """A run of text that both versions have, or only the older or the newer one."""

    kind: Literal["same", "removed", "added"]
    text: str


class Redline(BaseModel):
    """What changed from an older to a newer version, in reading order."""

    parts: list[Part]
