"""Questions with what answers them and what does not, and the bundled ones: invented documents, read from JSON lines."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

BUNDLED = Path(__file__).parent / "questions.jsonl"
"""A document a line: `{title, kind, statements: [{heading, text}], questions: [{question, answer: [number of a statement]}]}`.
The documents and most questions were invented for this; the others are about the sample rules and the sample handbook."""

_HELD_OUT = 10
"""One document in so many validates."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A question, the texts that answer it, and texts near them that don't; `source` names what they were taken from."""

    question: str
    answers: tuple[str, ...]
    distractors: tuple[str, ...]
    source: str


def embedded_text(heading: str, text: str) -> str:
    """A statement below its heading, as it is embedded: its beginning says what it is about, and long ones cost most."""
    return f"{heading}\n{text[:320]}"


def read_documents(file: Path) -> list[Pair]:
    """The pairs of a file of documents: what doesn't answer a question is all else that its document says."""
    pairs = []
    for line in file.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        texts = [embedded_text(each["heading"], each["text"]) for each in document["statements"]]
        for asked in document["questions"]:
            right = tuple(texts[place] for place in asked["answer"])
            others = tuple(text for text in dict.fromkeys(texts) if text not in right)
            pairs.append(Pair(asked["question"], right, others, document["title"]))
    return pairs


def split(pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on and pairs to validate with: no source is in both, and each stays where it is for ever."""
    parts: tuple[list[Pair], list[Pair]] = ([], [])
    for pair in pairs:
        digest = hashlib.sha256(pair.source.encode()).digest()
        parts[int.from_bytes(digest[:8]) % _HELD_OUT == 0].append(pair)
    return parts


def content_hash(pairs: Sequence[Pair]) -> str:
    """SHA-256, hexadecimal, of pairs in their order."""
    digest = hashlib.sha256()
    for pair in pairs:
        digest.update(json.dumps([pair.question, pair.answers, pair.distractors, pair.source]).encode() + b"\n")
    return digest.hexdigest()
