"""Where a section that is too long for one chunk is cut.

The section is taken apart into pieces, each with the strength of the border in front of it. A border is chosen among
those in a window behind the last cut: the strongest, and among equals the one whose words have the smallest checksum.
The choice therefore depends on nearby text alone, and the cuts behind an edit soon fall where they fell before.
"""

import re
import unicodedata
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import accumulate

from assets.chunks.sentences import sentence_spans, stripped
from assets.documents.model import Block, BlockKind

DENSEST_TOKEN = 12
"""Characters that a token stands for at most. Tokenizers give one token to a very long unknown word; without this
limit a chunk could have any length.
"""

_DEEPEST_LEVEL = 8
_LEAD_IN_ENDS = (":", "：", "—", "–")
_CLAUSE_ENDS = (";", ",", ":", "—", "；", "，", "、", "：")
_LONGEST_WORD = 100
_CHECKSUM_CHARACTERS = 64
_WORD = re.compile(r"\S+")


class Border(IntEnum):
    """How well a text may be cut in front of a piece, from never (if there is any other way) to gladly."""

    BESIDE_HEADING = 0
    CHARACTER = 1
    AFTER_LEAD_IN = 2
    WORD = 3
    CLAUSE = 4
    SENTENCE = 5
    ROW = 6
    NESTED_ITEM = 7
    ITEM = NESTED_ITEM + _DEEPEST_LEVEL
    PARAGRAPH = ITEM + 1
    SECTION = PARAGRAPH + 1


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the text that is never empty, and the strength of the border before it (a Border; list items lie
    between NESTED_ITEM and ITEM by their depth).
    """

    start: int
    end: int
    border: int


def pieces_of(text: str, blocks: Sequence[Block]) -> list[Piece]:
    """The sentences, rows and headings of a leaf's blocks."""
    pieces: list[Piece] = []
    for position, block in enumerate(blocks):
        border = _border_before(text, blocks[position - 1] if position else None, block)
        for number, (start, end) in enumerate(_parts(text, block)):
            inner = Border.SENTENCE if block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM) else Border.ROW
            if block.kind is BlockKind.TABLE and number in (1, 2):
                inner = Border.AFTER_LEAD_IN
            pieces.append(Piece(start, end, inner if number else border))
    return pieces


def words_of(text: str, piece: Piece) -> list[Piece]:
    """A piece taken apart into its words, and very long words into runs of characters."""
    words: list[Piece] = []
    border = piece.border
    for word in _WORD.finditer(text, piece.start, piece.end):
        start = word.start()
        for cut in _character_runs(text, start, word.end(), _LONGEST_WORD):
            words.append(Piece(start, cut, border))
            start, border = cut, Border.CHARACTER
        border = Border.CLAUSE if text[word.end() - 1] in _CLAUSE_ENDS else Border.WORD
    return words


def halves_of(text: str, piece: Piece) -> list[Piece]:
    """A piece cut in the middle, or the piece itself where it is a single character."""
    length = piece.end - piece.start
    cuts = _character_runs(text, piece.start, piece.end, -(-length // 2)) if length > 1 else [piece.end]
    starts = [piece.start, *cuts[:-1]]
    borders = [piece.border, *[int(Border.CHARACTER)] * (len(cuts) - 1)]
    return [Piece(start, cut, border) for start, cut, border in zip(starts, cuts, borders, strict=True)]


def cuts_of(text: str, pieces: Sequence[Piece], costs: Sequence[int], budget: int) -> list[int]:
    """Indices of the pieces that begin a new part, so that no part costs more than `budget`, unless one piece alone
    does.

    Parts are at least half full, except where a better border asks for less or what is left is shared between the
    last two.
    """
    total = list(accumulate(costs, initial=0))
    cuts: list[int] = []
    start = 0
    while (rest := total[-1] - total[start]) > budget:
        start = _next_cut(text, pieces, total, start, rest, budget)
        if start >= len(pieces):
            break
        cuts.append(start)
    return cuts


def _next_cut(text: str, pieces: Sequence[Piece], total: list[int], start: int, rest: int, budget: int) -> int:
    """The index of the first piece of the next part; beyond the last piece where the rest is a single piece."""

    def window(low: float, high: float) -> range:
        first = max(start + 1, bisect_left(total, total[start] + low))
        return range(first, min(bisect_right(total, total[start] + high), len(pieces)))

    quarter = budget / 4
    if rest <= 1.6 * budget:
        middle = total[start] + rest / 2
        candidates = window(max(rest - budget, quarter), min(budget, rest - quarter))
        return max(
            candidates,
            key=lambda index: (pieces[index].border, -abs(total[index] - middle)),
            default=_fullest(total, start, budget),
        )

    def preference(index: int) -> tuple[int, int]:
        return pieces[index].border, -_checksum(text, pieces[index])

    best = max(window(budget / 2, budget), key=preference, default=_fullest(total, start, budget))
    if best < len(pieces) and pieces[best].border < Border.SENTENCE:
        wider = max(window(quarter, budget / 2), key=preference, default=best)
        if pieces[wider].border >= Border.SENTENCE:
            return wider
    return best


def _fullest(total: list[int], start: int, budget: int) -> int:
    return max(start + 1, bisect_right(total, total[start] + budget) - 1)


def _checksum(text: str, piece: Piece) -> int:
    return zlib.crc32(text[piece.start : min(piece.end, piece.start + _CHECKSUM_CHARACTERS)].encode())


def _border_before(text: str, previous: Block | None, block: Block) -> int:
    if previous is None:
        return Border.SECTION
    if BlockKind.HEADING in (previous.kind, block.kind):
        # Inside a leaf, a heading that follows text has no text of its own and stays with what came before.
        return Border.BESIDE_HEADING
    if previous.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM) and text.endswith(_LEAD_IN_ENDS, 0, previous.end):
        return Border.AFTER_LEAD_IN
    if block.kind is BlockKind.LIST_ITEM:
        return Border.ITEM - min(max(block.level, 0), _DEEPEST_LEVEL)
    return Border.PARAGRAPH


def _parts(text: str, block: Block) -> list[tuple[int, int]]:
    if block.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
        spans = sentence_spans(text[block.start : block.end])
        return [(block.start + start, block.start + end) for start, end in spans]
    if block.kind is BlockKind.HEADING:
        return [(block.start, block.end)]
    lines: list[tuple[int, int]] = []
    start = block.start
    while start < block.end:
        end = text.find("\n", start, block.end)
        end = block.end if end < 0 else end
        span = stripped(text, start, end)
        if span is not None:
            lines.append(span)
        start = end + 1
    return lines


def _character_runs(text: str, start: int, end: int, length: int) -> list[int]:
    """Ends of runs of about `length` characters in `text[start:end]`; a mark stays with its letter where that is
    possible.
    """
    cuts: list[int] = []
    while end - start > length:
        cut = start + length
        while cut > start + 1 and _belongs_to_previous(text[cut - 1], text[cut]):
            cut -= 1
        if cut == start + 1:
            cut = start + length
        cuts.append(cut)
        start = cut
    return [*cuts, end]


def _belongs_to_previous(previous: str, character: str) -> bool:
    joiner = "\u200d"
    return (
        character == joiner
        or previous == joiner
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or ("\U0001f1e6" <= previous <= "\U0001f1ff" and "\U0001f1e6" <= character <= "\U0001f1ff")
        or unicodedata.category(character) in ("Mn", "Me", "Mc")
    )
