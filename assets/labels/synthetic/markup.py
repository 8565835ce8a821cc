"""Text that knows which of its parts is what: marks are woven in while a resume is written and taken out at its end.

Marks are private-use characters, so that marked text can be joined, formatted and put in capitals as any other.
"""

import re
from dataclasses import dataclass

_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARK = re.compile(f"{_OPEN}([^{_MIDDLE}]*){_MIDDLE}|{_CLOSE}")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text, and what they are."""

    start: int
    end: int
    kind: str


def mark(kind: str, text: str) -> str:
    """`text` marked as a `kind`; nothing stays nothing. Marks must not be nested."""
    return f"{_OPEN}{kind}{_MIDDLE}{text}{_CLOSE}" if text else ""


def unmark(marked: str) -> tuple[str, list[Span]]:
    """The text without its marks, and the spans that were marked, in order."""
    pieces: list[str] = []
    spans: list[Span] = []
    length, position, kind, start = 0, 0, "", 0
    for found in _MARK.finditer(marked):
        piece = marked[position : found.start()]
        pieces.append(piece)
        length += len(piece)
        position = found.end()
        if found[1] is None:
            spans.append(Span(start, length, kind))
        else:
            kind, start = found[1], length
    pieces.append(marked[position:])
    return "".join(pieces), spans


def capitals(marked: str) -> str:
    """The text in capitals, its marks as they are."""
    pieces, position = [], 0
    for found in _MARK.finditer(marked):
        pieces += [marked[position : found.start()].upper(), found[0]]
        position = found.end()
    return "".join([*pieces, marked[position:].upper()])
