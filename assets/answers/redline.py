"""What changed between two texts, word by word."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_MOST_WORDS = 2_000
"""Longer changed stretches are shown as a whole: comparing them by words would take seconds."""

_LEAST_SAME = 3
"""Fewer words that stayed, between words that did not, are shown as changed too: a redline in crumbs can't be read."""

_WORD = re.compile(r"(?:[$€£§]?\w(?:[\w.,:'’/\-]*\w)?%?|\S)\s*")


@dataclass(frozen=True, slots=True)
class Part:
    """A run of text that both have, or that only the older (removed) or the newer one (added) has."""

    kind: Literal["same", "removed", "added"]
    text: str


def redline(older: str, newer: str) -> list[Part]:
    """The parts in reading order. Without the added ones they make the older text, without the removed ones the newer, up to
    white space."""
    before, after = older.splitlines(keepends=True), newer.splitlines(keepends=True)
    parts: list[Part] = []
    lines = SequenceMatcher(None, [line.strip() for line in before], [line.strip() for line in after])
    for operation, a, b, c, d in lines.get_opcodes():
        if operation == "equal":
            parts.append(Part("same", "".join(after[c:d])))
        else:
            parts += _by_words("".join(before[a:b]), "".join(after[c:d]))
    return list(_joined(parts))


def _by_words(older: str, newer: str) -> list[Part]:
    before, after = _WORD.findall(older), _WORD.findall(newer)
    if max(len(before), len(after)) > _MOST_WORDS or not before or not after:
        return [Part("removed", older), Part("added", newer)]
    parts: list[Part] = []
    for same, (a, b), (c, d) in _runs([word.strip() for word in before], [word.strip() for word in after]):
        if same:
            parts.append(Part("same", "".join(after[c:d])))
        else:
            parts += [Part("removed", "".join(before[a:b])), Part("added", "".join(after[c:d]))]
    return parts


def _runs(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[bool, tuple[int, int], tuple[int, int]]]:
    """Whether a run is the same in both, and where it stands in each; no two changed ones follow each other."""
    a = c = 0
    for operation, first, last, start, end in SequenceMatcher(None, before, after).get_opcodes():
        at_border = first == 0 or last == len(before)
        if operation != "equal" or (last - first < _LEAST_SAME and not at_border):
            continue
        if first > a or start > c:
            yield False, (a, first), (c, start)
        yield True, (first, last), (start, end)
        a, c = last, end
    if a < len(before) or c < len(after):
        yield False, (a, len(before)), (c, len(after))


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """Neighbours of a kind become one; empty ones go."""
    kept: list[Part] = []
    for part in parts:
        if not part.text:
            continue
        if kept and kept[-1].kind == part.kind:
            kept[-1] = Part(part.kind, kept[-1].text + part.text)
        else:
            kept.append(part)
    yield from kept
