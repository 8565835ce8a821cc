"""Markdown as a reader sees it: no marks, no link targets, no template tags, the structure kept as blocks."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from assets.documents.model import BlockKind, ParsedDocument
from assets.documents.parsing.canonical import DocumentBuilder, one_line
from assets.documents.parsing.decoding import decode
from assets.documents.parsing.front_matter import FrontMatter, split_front_matter
from assets.documents.parsing.limits import MAX_DEPTH
from assets.documents.parsing.liquid import without_template_tags
from assets.documents.parsing.refusals import refusal
from assets.documents.parsing.tables import table_text

if TYPE_CHECKING:
    from markdown_it.token import Token

_LINE_BREAK = re.compile(r"<br\s*/?>", re.I)


def parse_markdown(raw: bytes) -> ParsedDocument:
    """The document of a Markdown file; a front matter's title opens the text unless the first heading says the same."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote import footnote_plugin

    text = decode(raw).replace("\r\n", "\n").replace("\r", "\n")
    matter, body = split_front_matter(text)
    if matter is None:
        matter = FrontMatter()
    else:
        body = without_template_tags(body)
    reader = MarkdownIt("commonmark", {"maxNesting": MAX_DEPTH}).enable(["table", "strikethrough"])
    tokens = reader.use(footnote_plugin).parse(body)
    if any(token.level >= MAX_DEPTH - 1 for token in tokens):
        # The library leaves out what is nested deeper.
        raise refusal("too_deep")
    builder = DocumentBuilder()
    if matter.title and _first_heading(tokens) != matter.title:
        builder.add(BlockKind.HEADING, matter.title, 1)
    _Renderer(builder).render(tokens)
    return builder.build("text/markdown", matter.title, matter.valid_from, matter.valid_to)


def _first_heading(tokens: Sequence["Token"]) -> str:
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            return one_line(inline_text(following.children or ()))
        if token.type == "inline":
            break
    return ""


def inline_text(tokens: Iterable["Token"]) -> str:
    """What a reader sees of inline tokens: emphasis and links as their text, images as their description."""
    pieces: list[str] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline":
                pieces.append(token.content)
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case "image":
                pieces.append(inline_text(token.children or ()))
            case "footnote_ref":
                pieces.append(f"[{int(token.meta['id']) + 1}]")
            case "html_inline" if _LINE_BREAK.fullmatch(token.content):
                pieces.append("\n")
    return "".join(pieces)


class _Renderer:
    """Walks the block tokens once and appends what they show to the builder."""

    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._numbers: list[int | None] = []
        self._marker = ""
        self._kind = BlockKind.PARAGRAPH
        self._level = 0

    def render(self, tokens: Sequence["Token"]) -> None:
        position = 0
        while position < len(tokens):
            token = tokens[position]
            if token.type == "table_open":
                position = self._table(tokens, position)
                continue
            self._block(token)
            position += 1

    def _block(self, token: "Token") -> None:
        match token.type:
            case "bullet_list_open":
                self._numbers.append(None)
            case "ordered_list_open":
                self._numbers.append(int(token.attrGet("start") or 1) if token.attrGet("start") != 0 else 0)
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                self._marker = self._next_marker()
            case "list_item_close":
                self._marker = ""
            case "footnote_open":
                self._marker = f"[{int(token.meta['id']) + 1}] "
            case "footnote_close":
                self._marker = ""
            case "paragraph_open":
                self._kind, self._level = BlockKind.PARAGRAPH, 0
            case "heading_open":
                self._kind, self._level = BlockKind.HEADING, int(token.tag[1])
            case "inline":
                self._add(self._kind, inline_text(token.children or ()), self._level)
            case "fence" | "code_block":
                self._add(BlockKind.CODE, token.content)
            case "html_block":
                self._html(token.content)

    def _next_marker(self) -> str:
        number = self._numbers[-1]
        if number is None:
            return "- "
        self._numbers[-1] = number + 1
        return f"{number}. "

    def _add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if self._marker and kind is not BlockKind.CODE and text.strip():
            marker, self._marker = self._marker, ""
            if self._numbers:
                kind, level = BlockKind.LIST_ITEM, len(self._numbers) - 1
            text = marker + text
        self._builder.add(kind, text, level)

    def _html(self, content: str) -> None:
        from assets.documents.parsing.html import add_fragment

        add_fragment(self._builder, content)

    def _table(self, tokens: Sequence["Token"], position: int) -> int:
        header: list[str] = []
        rows: list[list[str]] = []
        in_header = False
        while tokens[position].type != "table_close":
            token = tokens[position]
            match token.type:
                case "thead_open" | "thead_close":
                    in_header = token.type == "thead_open"
                case "tr_open" if not in_header:
                    rows.append([])
                case "inline":
                    (header if in_header else rows[-1]).append(inline_text(token.children or ()))
            position += 1
        self._builder.add(BlockKind.TABLE, table_text(header, rows))
        return position + 1
