"""Resumes in JSON lines, anonymized one after the other; what can't be read is told by its line, never by its content."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.anonymizing.model import Masked

_FORM = 'write {"id": "…", "text": "…"}'
_LONGEST_LINE = 128 * 1024 * 1024


class NoResumes(Exception):
    """A file that holds no line at all, or can't be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class AnonymizedRecord:
    """A resume without its personal items; the offsets in `masked` count in the text that came in."""

    id: str | int
    text: str
    masked: tuple[Masked, ...]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A line, counted from 1, that is not a resume, and what to do about it."""

    line: int
    reason: str


def anonymized_records(path: Path) -> Iterator[AnonymizedRecord | BadRecord]:
    """The resumes of a file of JSON lines, in order; at most one is held in memory. Raises NoResumes."""
    is_empty = True
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE + 1):
                number += 1
                if len(line) > _LONGEST_LINE:
                    while (rest := file.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
                        pass
                    is_empty = False
                    yield BadRecord(number, f"is longer than {_LONGEST_LINE // 1024**2} MiB: split it or leave it out")
                elif line.strip():
                    is_empty = False
                    yield _anonymized(number, line)
    except OSError as problem:
        raise NoResumes(f"{path.name} can't be read ({problem.strerror}): see that this user may read it") from None
    if is_empty:
        raise NoResumes(f"{path.name} holds no resume: {_FORM}, one a line")


def _anonymized(number: int, line: bytes) -> AnonymizedRecord | BadRecord:
    try:
        record: Any = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return BadRecord(number, "is not UTF-8 text: save the file as UTF-8")
    except (ValueError, RecursionError):
        return BadRecord(number, f"is not JSON: {_FORM}, one a line")
    if not isinstance(record, dict) or "text" not in record or "id" not in record:
        return BadRecord(number, f"has no `id` or no `text`: {_FORM}")
    identity, text = record["id"], record["text"]
    if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
        return BadRecord(number, "has an `id` that is neither text nor a whole number: write one")
    if not isinstance(text, str):
        return BadRecord(number, "has a `text` that is not text: write the resume as a JSON string")
    if not text.strip():
        return BadRecord(number, "has an empty `text`: write the resume, or leave the line out")
    done = anonymize(text)
    return AnonymizedRecord(identity, done.text, done.masked)
