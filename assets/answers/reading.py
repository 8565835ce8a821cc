"""A document version as sentences that can be quoted, each with what it needs around it to be understood."""

import re
import threading
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass

from assets.chunks.sentences import sentence_spans
from assets.chunks.structure import heading_text
from assets.documents.model import BlockKind, ParsedDocument
from assets.documents.structure import load
from assets.storage.blobs import Blobs

_BULLET = re.compile(r"(?:[-*+•–—>|]\s+)+")
_LEADS_IN = re.compile(r"[:—–][\"'”’*_]*$")
_WORD = re.compile(r"[^\W_]{2,}")
_MARKER = re.compile(r"\([0-9A-Za-z\-]{1,6}\)")
_MARKERS = re.compile(r"(?:\([0-9A-Za-z\-]{1,6}\)\s*)+")
_POINTS_BACK = re.compile(
    r"(?:It|They|This|These|That|Those|Such|Otherwise|However|After that|In this case|In that case|In these cases|The same)\b"
)
_EDITORIAL = frozenset({"annotations", "history", "editorial notes", "table of contents"})


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text[start:end]` of a document version. `block` numbers the block that it stands in.

    `lead` names the sentences (positions in the document) that open the list which it stands in, outermost first: without
    them it is no whole statement. `headings` are those above it, outermost first. `editorial` marks notes on a rule, which
    are not the rule.
    """

    start: int
    end: int
    block: int
    kind: BlockKind
    level: int
    lead: tuple[int, ...]
    headings: tuple[str, ...]
    editorial: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A document version's text with all its sentences, in order; headings are not among them."""

    version: str
    text: str
    sentences: tuple[Sentence, ...]

    def quote(self, position: int) -> str:
        sentence = self.sentences[position]
        return self.text[sentence.start : sentence.end]

    def within(self, start: int, end: int) -> range:
        """The positions of the sentences that begin inside a span."""
        first = bisect_left(self.sentences, start, key=lambda sentence: sentence.start)
        last = bisect_left(self.sentences, end, key=lambda sentence: sentence.start)
        return range(first, last)

    def items_of(self, position: int) -> list[int]:
        """The first sentences of the list items that a sentence leads in, in order; nested ones come right after theirs."""
        found = []
        for other in range(position + 1, len(self.sentences)):
            if position not in self.sentences[other].lead:
                if self.sentences[other].block != self.sentences[other - 1].block:
                    break
                continue
            found.append(other)
        return found


def read(document: ParsedDocument, version: str) -> Reading:
    """The sentences of a parsed document."""
    sentences: list[Sentence] = []
    headings: list[tuple[int, str]] = []
    # Of each level of the list that is open, the sentence that leads into the next deeper one: -1 is the paragraph above.
    openers: dict[int, int] = {}
    for number, block in enumerate(document.blocks):
        if block.kind is BlockKind.HEADING:
            while headings and headings[-1][0] >= block.level:
                headings.pop()
            headings.append((block.level, heading_text(document.text[block.start : block.end])))
            openers.clear()
            continue
        spans = _spans(document.text, block.start, block.end)
        if not spans:
            continue
        path = tuple(text for _, text in headings)
        is_item = block.kind is BlockKind.LIST_ITEM
        # "(c)(1)" stands one level deeper than the (c) that it begins, which no list above it opens.
        markers = _MARKERS.match(document.text, spans[0][0])
        begins = block.level - max(0, len(_MARKER.findall(markers[0])) - 1) if is_item and markers else block.level
        lead = tuple(openers[level] for level in sorted(openers) if level < begins) if is_item else ()
        editorial = any(part.casefold() in _EDITORIAL for part in path)
        first = len(sentences)
        sentences += [
            Sentence(
                start,
                end,
                number,
                block.kind,
                block.level if is_item else -1,
                lead if place == 0 else (*lead, first) if _needs_first(document.text[start:end]) else lead,
                path,
                editorial,
            )
            for place, (start, end) in enumerate(spans)
        ]
        level = block.level if is_item else -1
        for deeper in [each for each in openers if each >= (begins if is_item else level)]:
            del openers[deeper]
        if _LEADS_IN.search(document.text[spans[-1][0] : spans[-1][1]]):
            openers[level] = len(sentences) - 1
    return Reading(version, document.text, tuple(sentences))


def _spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The sentences of a block; one without a word in it (a rule, a row of stars) is none."""
    spans = []
    for first, last in sentence_spans(text[start:end]):
        sign = _BULLET.match(text, start + first, start + last)
        begin = sign.end() if sign else start + first
        if _WORD.search(text, begin, start + last):
            spans.append((begin, start + last))
    return spans


def _needs_first(sentence: str) -> bool:
    """Whether a later sentence of a block speaks of what the block's first one said."""
    return _POINTS_BACK.match(sentence) is not None


class Readings:
    """Reads document versions and keeps those read last, since the same sections are asked about again and again."""

    def __init__(self, blobs: Blobs, kept: int = 512) -> None:
        self._blobs = blobs
        self._kept = kept
        self._readings: OrderedDict[tuple[str, str], Reading] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, version: str, structure: str, title: str = "") -> Reading:
        """The version with that structure (its hash). Raises StorageError."""
        key = version, structure
        with self._lock:
            if key in self._readings:
                self._readings.move_to_end(key)
                return self._readings[key]
        text = self._blobs.get_text(version)
        reading = read(load(text, self._blobs.get(structure), title, "text/plain"), version)
        with self._lock:
            self._readings[key] = reading
            while len(self._readings) > self._kept:
                self._readings.popitem(last=False)
        return reading
