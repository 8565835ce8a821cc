"""From a PDF's lines to paragraphs, headings, list items and table rows, in reading order."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median

from assets.documents.model import BlockKind
from assets.documents.parsing.canonical import DocumentBuilder
from assets.documents.parsing.pdf_lines import Line
from assets.documents.parsing.tables import table_text

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(r"(?:page\s+)?[-–—]?\s*(?:\d{1,4}|[ivxlc]{1,6})\s*[-–—]?(?:\s*(?:of|/)\s*\d{1,4})?", re.I)
_BULLET = re.compile(r"[•‣◦▪–●○■\uf0b7\uf0a7-]\s+(?=\S)")
_NUMBERED = re.compile(r"\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)]\s+(?=\S)")
_SENTENCE_END = (".", "!", "?", ":", ";", ".”", '."', ".)")
_LAST_WORD = re.compile(r"[^\W\d_]+$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_COMPOUND_STARTS = frozenset({
    "self", "non", "well", "full", "part", "long", "short", "half", "cross", "co", "all", "ex", "high", "low", "mid",
    "multi"
})  # fmt: skip
_LEADER = re.compile(r"(?:\s?\.){5,}\s?")
_EDGE_LINES = 3


def lay_out(pages: Sequence[Sequence[Line]], builder: DocumentBuilder) -> None:
    """Append the blocks of all pages. Running headers, footers and page numbers are left out."""
    lines = [line for page in _without_furniture(pages) for line in _without_lone_rows(_in_columns(page))]
    if not lines:
        return
    vocabulary = {word.lower() for line in lines for word in _WORDS.findall(line.text)}
    sizes = _sizes(lines)
    body = sizes.most_common(1)[0][0]
    bold_body = sum(len(line.text) for line in lines if line.bold) > 0.5 * sum(sizes.values())
    levels = {
        size: min(rank, 6) for rank, size in enumerate(sorted((s for s in sizes if s >= 1.12 * body), reverse=True), 1)
    }
    for paragraph in _paragraphs(lines, _leading(lines)):
        if any(line.same_row for line in paragraph):
            builder.add(BlockKind.TABLE, _rows(paragraph))
            continue
        text, leaders = _LEADER.subn(" … ", _joined(paragraph, vocabulary))
        if leaders:
            # An entry of a table of contents looks like the heading that it leads to.
            builder.add(BlockKind.PARAGRAPH, text)
            continue
        level = levels.get(paragraph[0].size)
        if (
            level is None
            and not bold_body
            and all(line.bold for line in paragraph)
            and not text.endswith((".", ",", ";"))
        ):
            level = min(len(levels) + 1, 6)
        if level is not None and len(text) <= 200 and any(map(str.isalpha, text)):
            builder.add(BlockKind.HEADING, text, level)
        elif match := _BULLET.match(text):
            builder.add(BlockKind.LIST_ITEM, f"- {text[match.end() :]}")
        elif _NUMBERED.match(text):
            builder.add(BlockKind.LIST_ITEM, text)
        else:
            builder.add(BlockKind.PARAGRAPH, text)


def _sizes(lines: Sequence[Line]) -> Counter[float]:
    """How many characters stand in each font size."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes


def _without_furniture(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """The pages without what repeats at the same place on most of them, and without page numbers."""

    sizes = _sizes([line for page in pages for line in page])
    body = sizes.most_common(1)[0][0] if sizes else 0.0

    def key(line: Line) -> tuple[str, float, int]:
        # A number that changes with the page may be the page's or an article's; a heading shows by its looks.
        plain = line.size <= body and not line.bold
        return _DIGITS.sub("#", line.text) if plain else line.text, line.size, round(line.y / 3)

    near: Counter[tuple[str, float, int]] = Counter()
    outermost: Counter[tuple[str, float, int]] = Counter()
    for page in pages:
        near.update({key(line) for line in _edges(page, _EDGE_LINES)})
        outermost.update({key(line) for line in _edges(page, 1)})
    # What names a chapter runs over its pages only, but stands at the very edge.
    repeated = {found for found, count in near.items() if count >= max(3, 0.5 * len(pages))}
    repeated |= {found for found, count in outermost.items() if count >= 3}
    kept = []
    for page in pages:
        drop = {id(line) for line in _edges(page, _EDGE_LINES) if key(line) in repeated}
        drop |= {id(line) for line in _edges(page, 1) if _is_page_number(line, page)}
        kept.append([line for line in page if id(line) not in drop] or list(page))
    return kept


def _is_page_number(line: Line, page: Sequence[Line]) -> bool:
    """Whether a line at the edge is the page's number: it stands apart from everything else."""
    distance = min((abs(line.y - other.y) for other in page if other is not line), default=0.0)
    return distance >= 2 * line.size and bool(_PAGE_NUMBER.fullmatch(line.text))


def _edges(page: Sequence[Line], count: int) -> list[Line]:
    """The lines at the page's uppermost and lowest `count` heights."""
    heights = sorted({line.y for line in page})
    outer = {*heights[:count], *heights[-count:]}
    return [line for line in page if line.y in outer]


def _in_columns(page: Sequence[Line]) -> list[Line]:
    """The lines in reading order: where a file holds two columns row by row, first the left, then the right one."""
    pairs = [
        (left, right)
        for left, right in pairwise(page)
        if right.same_row and not left.same_row and min(len(left.text), len(right.text)) >= 15
    ]
    if len(pairs) < 4 or len(pairs) < 0.4 * sum(not line.same_row for line in page):
        return list(page)
    gutter = median((left.right + right.left) / 2 for left, right in pairs)
    if sum(left.right < gutter < right.left for left, right in pairs) < 0.8 * len(pairs):
        return list(page)
    ordered: list[Line] = []

    def crosses(line: Line) -> bool:
        return line.left < gutter < line.right

    for across, run in groupby(sorted(page, key=lambda line: -line.y), key=crosses):
        part = list(run)
        if not across:
            part.sort(key=lambda line: line.left > gutter)
            part = [replace(line, same_row=False) for line in part]
        ordered += part
    return ordered


def _without_lone_rows(page: Sequence[Line]) -> list[Line]:
    """The lines, with a row of cells joined to one where no other row stands next to it: no table, but a gap."""
    rows: list[list[Line]] = []
    for line in page:
        if line.same_row and rows:
            rows[-1].append(line)
        else:
            rows.append([line])
    kept: list[Line] = []
    for before, row, after in zip([[], *rows], rows, [*rows[1:], []], strict=False):
        if len(row) == 1 or len(before) > 1 or len(after) > 1:
            kept += row
        else:
            text = " ".join(line.text for line in row)
            kept.append(replace(row[0], text=text, right=row[-1].right, hyphenated=row[-1].hyphenated))
    return kept


def _leading(lines: Sequence[Line]) -> float:
    """The document's usual distance between the lines of a paragraph, in units of the font size."""
    steps: Counter[float] = Counter()
    for above, below in pairwise(lines):
        step = above.y - below.y
        if above.page == below.page and above.size == below.size and 0 < step < 4 * above.size:
            steps[round(step / above.size, 1)] += 1
    return max(1.0, steps.most_common(1)[0][0]) if steps else 1.2


def _paragraphs(lines: Sequence[Line], leading: float) -> Iterable[list[Line]]:
    rights = {page: max(line.right for line in group) for page, group in groupby(lines, key=lambda line: line.page)}
    rows = _row_starts(lines)
    paragraph: list[Line] = []
    for index, line in enumerate(lines):
        if paragraph and _starts_paragraph(paragraph, line, leading, rights[paragraph[-1].page], rows[index]):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _row_starts(lines: Sequence[Line]) -> list[bool]:
    """For each line whether a row of cells begins with it."""
    return [
        not line.same_row and index + 1 < len(lines) and lines[index + 1].same_row for index, line in enumerate(lines)
    ]


def _starts_paragraph(paragraph: list[Line], line: Line, leading: float, right: float, row: bool) -> bool:
    last = paragraph[-1]
    if line.same_row:
        return False
    in_table = any(one.same_row for one in paragraph)
    if in_table or row:
        return not (in_table and row and line.page == last.page)
    if abs(line.size - last.size) > 0.08 * last.size or (line.bold != last.bold and len(paragraph) == 1):
        return True
    if _BULLET.match(line.text) or (
        _NUMBERED.match(line.text) and last.text.endswith((*_SENTENCE_END, ",", "and", "or"))
    ):
        return True
    ended = last.text.endswith(_SENTENCE_END) or bool(_LEADER.search(last.text))
    step = last.y - line.y
    if line.page != last.page or step < 0:
        return ended or not line.text[:1].islower()
    if step > 1.35 * leading * last.size or _LEADER.search(last.text):
        return True
    return ended and last.right < right - 0.2 * (right - min(one.left for one in paragraph))


def _rows(paragraph: Sequence[Line]) -> str:
    rows: list[list[str]] = []
    for line in paragraph:
        if line.same_row:
            rows[-1].append(line.text)
        else:
            rows.append([line.text])
    return table_text((), rows)


def _joined(lines: Sequence[Line], vocabulary: set[str]) -> str:
    text = lines[0].text
    for above, line in pairwise(lines):
        if above.hyphenated or (text.endswith("-") and line.text[:1].isalpha()):
            text = _without_hyphen(text.removesuffix("-"), line.text, vocabulary)
        else:
            text = f"{text} {line.text}"
    return text


def _without_hyphen(above: str, below: str, vocabulary: set[str]) -> str:
    """Join a word that was broken at a line's end; a hyphen that belongs to it stays."""
    start, end = _LAST_WORD.search(above), _FIRST_WORD.match(below)
    if start is None or end is None:
        return f"{above}-{below}"
    whole, compound = f"{start[0]}{end[0]}".lower(), f"{start[0]}-{end[0]}".lower()
    if whole in vocabulary:
        return above + below
    if compound in vocabulary or not end[0][0].islower() or start[0].lower() in _COMPOUND_STARTS:
        return f"{above}-{below}"
    return above + below
