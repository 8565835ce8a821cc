"""Plain text: paragraphs, list items and the few headings that are unmistakable."""

import re

from assets.documents.model import BlockKind, ParsedDocument
from assets.documents.parsing.canonical import DocumentBuilder, normalize
from assets.documents.parsing.decoding import decode

_NUMBERED = re.compile(r"(\d{1,3}(?:\.\d{1,3}){0,5})\.?[ \t]+(?=[A-Z])[^\n]{2,80}$")
_NAMED = re.compile(
    r"(?:PART|CHAPTER|TITLE|ARTICLE|APPENDIX|Part|Chapter|Title|Article|Appendix) [0-9IVXLC]{1,6}\b[^\n]{0,80}$"
)
_UNDERLINE = re.compile(r"(=|-|~|\*){3,}$")
_ITEM = re.compile(r"[ \t]*(?:[-*•‣◦▪–] +|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})[.)] +)(?=\S)")
_SENTENCE_END = (".", ";", ",", ":", "?", "!")


def parse_plain_text(raw: bytes) -> ParsedDocument:
    """The document of a plain text file or record. Line ends inside a paragraph stay, since they may carry meaning."""
    builder = DocumentBuilder()
    for paragraph in normalize(decode(raw).expandtabs(4)).split("\n\n"):
        _add(builder, paragraph.strip("\n").split("\n"))
    return builder.build("text/plain")


def _add(builder: DocumentBuilder, lines: list[str]) -> None:
    first = lines[0].strip()
    if len(lines) > 1 and len(first) <= 100 and _UNDERLINE.match(lines[1].strip()):
        builder.add(BlockKind.HEADING, first, 1 if lines[1].strip()[0] == "=" else 2)
        lines = lines[2:]
    elif (level := _heading_level(first, alone=len(lines) == 1)) is not None:
        builder.add(BlockKind.HEADING, first, level)
        lines = lines[1:]
    pending: list[str] = []
    depth: int | None = None
    for line in lines:
        if _ITEM.match(line):
            _flush(builder, pending, depth)
            pending, depth = [], min((len(line) - len(line.lstrip())) // 2, 6)
        pending.append(line)
    _flush(builder, pending, depth)


def _flush(builder: DocumentBuilder, lines: list[str], depth: int | None) -> None:
    if depth is None:
        builder.add(BlockKind.PARAGRAPH, "\n".join(lines))
    else:
        builder.add(BlockKind.LIST_ITEM, " ".join(line.strip() for line in lines), depth)


def _heading_level(line: str, *, alone: bool) -> int | None:
    if not line or line.endswith(_SENTENCE_END) or len(line) > 100:
        return None
    if _NAMED.match(line) and alone:
        return 1
    if alone and (match := _NUMBERED.match(line)):
        return min(match[1].count(".") + 1, 6)
    words = line.split()
    if alone and line.isupper() and len(words) <= 12 and sum(map(str.isalpha, line)) >= 3:
        return 2
    return None
