"""Canonical text: its normalization, and the builder that gives blocks their exact offsets for every format."""

import re
import textwrap
import unicodedata
from datetime import datetime

from assets.documents.model import Block, BlockKind, ParsedDocument
from assets.documents.parsing.limits import MAX_BLOCKS, MAX_TEXT_CHARACTERS
from assets.documents.parsing.refusals import refusal

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_SPACES = re.compile("[\t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Control and format characters, variation selectors, surrogates, noncharacters; Arabic number signs are format
# characters that print, so they stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_MANY_EMPTY_LINES = re.compile("\n{3,}")
# Combining marks are neither word characters nor space: a cheap sieve before each character is looked at.
_MARKS = re.compile(r"[^\w\s\x21-\x7e]{31,}")
_MAX_MARKS = 30
_MAX_INDENT_LEVEL = 10
_MAX_TITLE_CHARACTERS = 300


def normalize(text: str) -> str:
    """`text` in the form that `ParsedDocument.text` promises; idempotent, and empty where only white space was."""
    text = _SPACES.sub(" ", _LINE_ENDS.sub("\n", text))
    if not (text.isascii() and text.isprintable()):
        text = _INVISIBLE.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", _MARKS.sub(_few_marks, text))
    lines = "\n".join(line.rstrip(" ") for line in text.split("\n"))
    return _MANY_EMPTY_LINES.sub("\n\n", lines).strip("\n ")


def one_line(text: str) -> str:
    """`text` normalized, every run of white space made one space."""
    return " ".join(normalize(text).split())


def _few_marks(match: re.Match[str]) -> str:
    # Ordering a run of combining marks takes quadratic time, and no script stacks more than a few (Unicode's
    # stream-safe text process allows 30).
    kept: list[str] = []
    run = 0
    for character in match[0]:
        run = run + 1 if unicodedata.combining(character) else 0
        if run <= _MAX_MARKS:
            kept.append(character)
    return "".join(kept)


class DocumentBuilder:
    """Collects blocks in reading order and lays them out in one canonical text.

    Raises UnreadableDocument("too_large") as soon as the text grows beyond what a document may hold.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._blocks: list[Block] = []
        self._length = 0

    def __len__(self) -> int:
        return len(self._blocks)

    def add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        """Append a block; `text` may come in any form and is normalized. White space alone adds nothing.

        In code, inner spaces and empty lines stay; in every other kind, white space runs become one space and line ends
        stay. Nested list items are indented in the white space before their block.
        """
        if kind is BlockKind.CODE:
            text = normalize(textwrap.dedent(text.expandtabs(4)))
        else:
            lines = (" ".join(line.split()) for line in normalize(text).split("\n"))
            text = "\n".join(line for line in lines if line)
        if not text:
            return
        gap = self._gap(kind, level)
        start = self._length + len(gap)
        end = start + len(text)
        if end > MAX_TEXT_CHARACTERS or len(self._blocks) >= MAX_BLOCKS:
            raise refusal("too_large")
        self._pieces.append(gap + text)
        self._blocks.append(Block(kind, start, end, level))
        self._length = end

    def _gap(self, kind: BlockKind, level: int) -> str:
        if not self._blocks:
            return ""
        if kind is not BlockKind.LIST_ITEM:
            return "\n\n"
        lines = "\n" if self._blocks[-1].kind is BlockKind.LIST_ITEM else "\n\n"
        return lines + "  " * min(level, _MAX_INDENT_LEVEL)

    def build(
        self,
        media_type: str,
        title: str = "",
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
    ) -> ParsedDocument:
        """The document; without a `title`, its first top heading is the title. Raises UnreadableDocument("no_text")."""
        if not self._blocks:
            raise refusal("no_text")
        text = "".join(self._pieces)
        title = one_line(title) or self._top_heading(text)
        if len(title) > _MAX_TITLE_CHARACTERS:
            title = title[:_MAX_TITLE_CHARACTERS].rsplit(" ", 1)[0]
        return ParsedDocument(text, tuple(self._blocks), title, media_type, valid_from, valid_to)

    def _top_heading(self, text: str) -> str:
        headings = [block for block in self._blocks if block.kind is BlockKind.HEADING]
        first = next((block for block in headings if block.level == 1), None)
        if first is None and headings and headings[0] is self._blocks[0]:
            first = headings[0]
        return one_line(text[first.start : first.end]) if first else ""
