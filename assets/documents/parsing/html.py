"""HTML as a reader sees it: the content's blocks without scripts, hidden parts, menus and page furniture."""

import re
from typing import Any

from assets.documents.model import BlockKind, ParsedDocument
from assets.documents.parsing.canonical import DocumentBuilder, one_line
from assets.documents.parsing.decoding import decode
from assets.documents.parsing.limits import MAX_DEPTH
from assets.documents.parsing.refusals import refusal
from assets.documents.parsing.tables import element_table, local_name
from assets.documents.parsing.validity import FROM_NAMES, TO_NAMES, moment

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([A-Za-z0-9._:-]{1,40})", re.I)
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,500}\?>")
_WHITE_SPACE = re.compile(r"\s+")
_HIDING_STYLE = re.compile(r"(?:display\s{0,5}:\s{0,5}none|visibility\s{0,5}:\s{0,5}hidden)", re.I)
_NEVER_SHOWN = frozenset({
    "script", "style", "noscript", "template", "head", "title", "meta", "link", "iframe", "object", "embed", "svg",
    "canvas", "audio", "video", "map", "button", "select", "input", "textarea", "datalist", "base"
})  # fmt: skip
_TABLE_PARTS = frozenset({"th", "thead", "caption"})
_LAYOUT_PARTS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre"})
_FURNITURE = frozenset({"nav", "footer", "header"})
_FURNITURE_ROLES = frozenset({"navigation", "banner", "contentinfo", "search"})
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr",
    "html", "legend", "li", "main", "menu", "nav", "ol", "p", "pre", "section", "summary", "table", "caption", "tbody",
    "td", "tfoot", "th", "thead", "tr", "ul", "option"
})  # fmt: skip


def parse_html(raw: bytes) -> ParsedDocument:
    """The document of an HTML page; the <main> element alone where there is one with text in it.

    Where menus, headers and footers are all there is, they are kept.
    """
    charset = _CHARSET.search(raw[:4096])
    root = _tree(decode(raw, charset[1].decode() if charset else None))
    mains = [element for element in root.iter("main") if one_line(_text_of(element))]
    content = mains[0] if len(mains) == 1 else root
    builder = DocumentBuilder()
    _Renderer(builder, skip_furniture=True).render(content)
    if not len(builder):
        _Renderer(builder, skip_furniture=False).render(root)
    declared = _declared(root)
    title = next((element.text_content() for element in root.iter("title")), "")
    return builder.build(
        "text/html",
        _headline(content) or title,
        next((found for name in FROM_NAMES if (found := moment(declared.get(name)))), None),
        next((found for name in TO_NAMES if (found := moment(declared.get(name)))), None),
    )


def add_fragment(builder: DocumentBuilder, html: str) -> None:
    """Append what a reader sees of a piece of HTML, such as Markdown allows between its paragraphs."""
    _Renderer(builder, skip_furniture=False).render(_tree(html))


def _tree(text: str) -> Any:
    from lxml import html

    text = _DECLARATION.sub("", text, count=1)
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    # A wrapper gives fragments without any element a root; a document's own html and body elements are merged into it.
    root = html.document_fromstring(f"<html>{text}".encode("utf-8", "replace"), parser=parser)
    level = [root]
    for _ in range(2 * MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return root
    raise refusal("too_deep")


def _headline(content: Any) -> str:
    headlines = [one_line(_text_of(element)) for element in content.iter("h1") if not _hidden(element)]
    return headlines[0] if len(headlines) == 1 else ""


def _declared(root: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter("meta"):
        name = (element.get("name") or element.get("property") or element.get("itemprop") or "").strip().lower()
        if name and element.get("content"):
            found.setdefault(name.replace("-", "_").replace(".", "_"), element.get("content"))
    return found


def _hidden(element: Any) -> bool:
    return (
        element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
        or bool(_HIDING_STYLE.search(element.get("style") or ""))
    )


def _text_of(element: Any) -> str:
    """The visible text in an element as one flow, with spaces where blocks meet."""
    pieces: list[str] = []

    def walk(node: Any) -> None:
        name = local_name(node)
        if name in _NEVER_SHOWN or not name or _hidden(node):
            return
        if name == "br" or name in _BLOCKS:
            pieces.append(" ")
        if name == "img":
            pieces.append(node.get("alt") or "")
        pieces.append(node.text or "")
        for child in node:
            walk(child)
            pieces.append(child.tail or "")
        if name in _BLOCKS:
            pieces.append(" ")

    walk(element)
    return "".join(pieces)


class _Renderer:
    """Walks an element tree once; text gathers until a block begins or ends."""

    def __init__(self, builder: DocumentBuilder, *, skip_furniture: bool) -> None:
        self._builder = builder
        self._skip_furniture = skip_furniture
        self._flow: list[str] = []
        self._lists: list[int | None] = []
        self._lead = ""

    def render(self, root: Any) -> None:
        self._children(root)
        self._flush()

    def _children(self, element: Any) -> None:
        self._gather(element.text)
        for child in element:
            self._element(child)
            self._gather(child.tail)

    def _gather(self, text: str | None) -> None:
        # Line ends in the source are white space like any other; only a <br> breaks a line.
        if text:
            self._flow.append(_WHITE_SPACE.sub(" ", text))

    def _flush(self, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0) -> None:
        text = "".join(self._flow)
        self._flow.clear()
        if not text.strip():
            return
        if self._lead:
            text, self._lead = self._lead + text.strip(), ""
            if self._lists:
                kind, level = BlockKind.LIST_ITEM, len(self._lists) - 1
        self._builder.add(kind, text, level)

    def _element(self, element: Any) -> None:
        name = local_name(element)
        if not name or name in _NEVER_SHOWN or _hidden(element) or self._is_furniture(element, name):
            return
        if name == "br":
            self._flow.append("\n")
        elif name == "img":
            self._gather(element.get("alt"))
        elif name not in _BLOCKS:
            self._children(element)
        else:
            self._flush()
            self._block(element, name)
            self._flush()

    def _block(self, element: Any, name: str) -> None:
        match name:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._children(element)
                self._flush(BlockKind.HEADING, int(name[1]))
            case "pre":
                self._builder.add(BlockKind.CODE, element.text_content())
            case "ul" | "menu":
                self._list(element, None)
            case "ol":
                start = element.get("start") or "1"
                self._list(element, int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1)
            case "li":
                self._item(element)
            case "dt":
                self._unused_lead()
                self._lead = f"{one_line(_text_of(element)).rstrip(':')}: "
            case "dl":
                self._children(element)
                self._unused_lead()
            case "table" if not _is_layout(element):
                self._table(element)
            case _:
                self._children(element)

    def _list(self, element: Any, first: int | None) -> None:
        self._lists.append(first)
        self._children(element)
        self._flush()
        self._lists.pop()

    def _item(self, element: Any) -> None:
        number = self._lists[-1] if self._lists else None
        if number is not None:
            self._lists[-1] = number + 1
        self._lead = "- " if number is None else f"{number}. "
        self._children(element)
        self._flush()
        self._lead = ""

    def _unused_lead(self) -> None:
        lead, self._lead = self._lead, ""
        self._builder.add(BlockKind.PARAGRAPH, lead)

    def _table(self, element: Any) -> None:
        for child in element:
            if local_name(child) == "caption":
                self._builder.add(BlockKind.PARAGRAPH, one_line(_text_of(child)))
        self._builder.add(BlockKind.TABLE, element_table(element, _text_of))

    def _is_furniture(self, element: Any, name: str) -> bool:
        if not self._skip_furniture:
            return False
        if name != "nav" and (element.get("role") or "") not in _FURNITURE_ROLES:
            if name not in _FURNITURE:
                return False
            inside = {local_name(ancestor) for ancestor in element.iterancestors()} & {"article", "main", "section"}
            if name == "header" and (inside or next(element.iter("h1"), None) is not None):
                return False
        return True


def _is_layout(table: Any) -> bool:
    """Whether a table only places blocks on the page: no header cells, and blocks or tables inside its cells."""
    names = {local_name(element) for element in table.iterdescendants()}
    if "table" in names:
        return True
    return names.isdisjoint(_TABLE_PARTS) and not names.isdisjoint(_LAYOUT_PARTS)
