"""The section tree of a document: which blocks stand under which heading, and which sections stay together."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assets.documents.model import Block, BlockKind, ParsedDocument

INDEPENDENT_LEVEL = 2
"""Sections at this level or above are never merged with their neighbours, so that an edit stays inside of one."""

_HEADING_SIGNS = re.compile(r"^#{1,6} | #+$")
_UNDERLINE = re.compile(r"\n[=-]+$")
_WORD = re.compile(r"[^\W_]")
_EMPHASIS = re.compile(r"(\*\*|__|\*|`)(?=\S)(.{1,200}?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading's text on one line, and where it stands in the document's text."""

    level: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A heading with its own text, up to the next heading of any level.

    `blocks` begin with the headings that open it: usually one, none for text before the first heading, several where
    headings without own text came before. `number` counts the document's leaves from 0. `level` is the highest rank
    (smallest number) of them. `path` holds the headings that it stands under, its own included, outermost first.
    """

    number: int
    blocks: tuple[Block, ...]
    level: int
    path: tuple[Heading, ...]


def heading_text(raw: str) -> str:
    """A heading as one line of plain words: no Markdown signs, no line feeds."""
    line = " ".join(_UNDERLINE.sub("", raw.strip()).split())
    return _EMPHASIS.sub(r"\2", _HEADING_SIGNS.sub("", line))


def leaves(document: ParsedDocument) -> list[Leaf]:
    """A document's leaves in order. Headings that nothing follows belong to the leaf before them."""
    found: list[Leaf] = []
    path: list[Heading] = []
    blocks: list[Block] = []
    level, has_text = 0, False
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            if has_text:
                found.append(Leaf(len(found), tuple(blocks), level, tuple(path)))
                blocks, has_text = [], False
            level = min(level, block.level) if blocks else block.level
            while path and path[-1].level >= block.level:
                path.pop()
            text = heading_text(document.text[block.start : block.end])
            path.append(Heading(block.level, text, block.start, block.end))
        else:
            # A rule or a row of stars says nothing by itself either.
            has_text = has_text or _WORD.search(document.text, block.start, block.end) is not None
        blocks.append(block)
    if blocks and not has_text and found:
        last = found.pop()
        found.append(Leaf(last.number, (*last.blocks, *blocks), last.level, last.path))
    elif blocks:
        found.append(Leaf(len(found), tuple(blocks), level, tuple(path)))
    return found


def independent_sections(found: Sequence[Leaf]) -> Iterator[Sequence[Leaf]]:
    """Runs of leaves that are chunked without a look at the others."""
    return _divided(found, INDEPENDENT_LEVEL)


def subsections(section: Sequence[Leaf]) -> Iterator[Sequence[Leaf]]:
    """The parts of a section of at least two leaves: its own text, then each section at the highest level inside of
    it.
    """
    return _divided(section, min(leaf.level for leaf in section[1:]))


def _divided(section: Sequence[Leaf], level: int) -> Iterator[Sequence[Leaf]]:
    start = 0
    for position in range(1, len(section)):
        if section[position].level <= level:
            yield section[start:position]
            start = position
    if section:
        yield section[start:]
