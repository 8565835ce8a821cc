"""DOCX: the document's body as a reader sees it, with headings, numbered lists, tables and notes."""

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from assets.documents.model import BlockKind, ParsedDocument
from assets.documents.parsing.canonical import DocumentBuilder, one_line
from assets.documents.parsing.docx_numbering import Numbering, word
from assets.documents.parsing.limits import MAX_ARCHIVE_BYTES, MAX_ARCHIVE_PARTS, MAX_ARCHIVE_RATIO
from assets.documents.parsing.refusals import refusal
from assets.documents.parsing.tables import local_name, table_text
from assets.documents.parsing.xml_tree import checked_tree

_MEBIBYTE = 1024 * 1024
_CHECKED_PARTS = ("document", "footnotes", "endnotes", "numbering", "styles")
_ELEMENTS_A_LEVEL = 5
_NOT_SHOWN = frozenset({"del", "moveFrom", "instrText", "delText", "delInstrText", "Fallback", "rPr", "pPr", "sdtPr"})
_CHARACTERS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": " "}
_NOTES = {"footnoteReference": "footnotes", "endnoteReference": "endnotes"}


def parse_docx(raw: bytes) -> ParsedDocument:
    """The document of a Word file. Deleted and hidden text, headers, footers and macros are left out."""
    check_archive(raw)
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = Document(BytesIO(raw))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError) as error:
        raise refusal("corrupt") from error
    builder = DocumentBuilder()
    reader = _Reader(document, builder)
    reader.body(document.element.body)
    reader.notes()
    return builder.build("application/vnd.openxmlformats-officedocument.wordprocessingml.document", reader.title)


def check_archive(raw: bytes) -> None:
    """Refuse an archive that would unpack to more than a document holds, or whose XML declares entities or is too deep.

    Raises UnreadableDocument: zip_bomb, encrypted, entity_expansion, too_deep, corrupt.
    """
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        parts = archive.infolist()
        if len(parts) > MAX_ARCHIVE_PARTS or sum(part.file_size for part in parts) > MAX_ARCHIVE_BYTES:
            raise refusal("zip_bomb")
        for part in parts:
            if part.file_size > _MEBIBYTE and part.file_size > MAX_ARCHIVE_RATIO * max(1, part.compress_size):
                raise refusal("zip_bomb")
            if part.flag_bits & 1:
                raise refusal("encrypted")
        for name in {f"word/{part}.xml" for part in _CHECKED_PARTS}.intersection(archive.namelist()):
            checked_tree(archive.read(name), depth_factor=_ELEMENTS_A_LEVEL)


class _Reader:
    def __init__(self, document: Any, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._styles = {style.style_id: style for style in document.styles}
        self._numbering = Numbering(document)
        self._parts = {
            relation.reltype.rpartition("/")[2]: relation.target_part
            for relation in document.part.rels.values()
            if not relation.is_external
        }
        self._note_numbers: dict[tuple[str, str], int] = {}
        self._core_title = document.core_properties.title or ""
        self._shown_title = ""

    @property
    def title(self) -> str:
        """The text in the style "Title", else none if the body has a top heading, else the file's own metadata."""
        return self._shown_title or self._core_title

    def body(self, element: Any) -> None:
        for child in element:
            name = local_name(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name not in _NOT_SHOWN:
                self.body(child)

    def notes(self) -> None:
        """Append the foot- and endnotes that the text refers to, in the order of their first reference."""
        trees: dict[str, dict[str, Any]] = {}
        for (kind, identity), number in list(self._note_numbers.items()):
            if kind not in trees:
                part = self._parts.get(kind)
                root = checked_tree(part.blob, depth_factor=_ELEMENTS_A_LEVEL) if part is not None else ()
                trees[kind] = {note.get(word("id")): note for note in root}
            note = trees[kind].get(identity)
            if note is not None:
                text = " ".join(self._text(paragraph) for paragraph in note.iter(word("p")))
                self._builder.add(BlockKind.PARAGRAPH, f"[{number}] {one_line(text)}")

    def _paragraph(self, paragraph: Any) -> None:
        text = self._text(paragraph)
        boxes = list(_outermost(paragraph, "txbxContent"))
        if text.strip():
            level = self._heading_level(paragraph)
            marker, depth = self._numbering.marker(paragraph, self._style_chain(paragraph))
            if level is not None:
                if not self._shown_title and self._style_name(paragraph) == "title":
                    self._shown_title = one_line(text)
                self._builder.add(BlockKind.HEADING, f"{marker if marker != '- ' else ''}{one_line(text)}", level)
            elif marker:
                self._builder.add(BlockKind.LIST_ITEM, marker + text, depth)
            else:
                self._builder.add(BlockKind.PARAGRAPH, text)
        for box in boxes:
            self.body(box)

    def _table(self, table: Any) -> None:
        rows: list[list[str]] = []
        header: list[str] = []
        nested: list[Any] = []
        above: list[str] = []
        for number, row in enumerate(_rows(table)):
            cells: list[str] = []
            for cell in _cells(row):
                properties = cell.find(word("tcPr"))
                merge = properties.find(word("vMerge")) if properties is not None else None
                continues = merge is not None and merge.get(word("val")) != "restart"
                text = above[len(cells)] if continues and len(cells) < len(above) else self._cell_text(cell, nested)
                span = properties.find(word("gridSpan")) if properties is not None else None
                count = span.get(word("val")) if span is not None else "1"
                cells += [text] * (min(int(count), 100) if count and count.isdigit() else 1)
            above = cells
            if number == 0 and _is_header(row, table, cells):
                header = cells
            else:
                rows.append(_without_repeats(cells))
        self._builder.add(BlockKind.TABLE, table_text(header, rows))
        for inner in nested:
            self._table(inner)

    def _cell_text(self, cell: Any, nested: list[Any]) -> str:
        pieces = []
        for child in _contents(cell):
            if local_name(child) == "p":
                marker, _ = self._numbering.marker(child, self._style_chain(child))
                pieces.append(marker + self._text(child))
            elif local_name(child) == "tbl":
                nested.append(child)
        return one_line(" ".join(pieces))

    def _text(self, paragraph: Any) -> str:
        pieces: list[str] = []

        def walk(element: Any) -> None:
            for child in element:
                name = local_name(child)
                if name == "t":
                    pieces.append(child.text or "")
                elif name in _CHARACTERS:
                    pieces.append(_CHARACTERS[name])
                elif name == "sym":
                    pieces.append(_symbol(child))
                elif name in _NOTES:
                    pieces.append(self._note_mark(_NOTES[name], child.get(word("id"))))
                elif name == "r" and _is_hidden(child):
                    continue
                elif name not in _NOT_SHOWN and name != "txbxContent":
                    walk(child)

        walk(paragraph)
        return "".join(pieces)

    def _note_mark(self, kind: str, identity: str) -> str:
        number = self._note_numbers.setdefault((kind, identity), len(self._note_numbers) + 1)
        return f"[{number}]"

    def _style_chain(self, paragraph: Any) -> Iterator[Any]:
        properties = paragraph.find(word("pPr"))
        style = properties.find(word("pStyle")) if properties is not None else None
        identity = style.get(word("val")) if style is not None else None
        for _ in range(20):
            found = self._styles.get(identity)
            if found is None:
                return
            yield found
            based_on = found.element.find(word("basedOn"))
            identity = based_on.get(word("val")) if based_on is not None else None

    def _style_name(self, paragraph: Any) -> str:
        return next(((style.name or "").lower() for style in self._style_chain(paragraph)), "")

    def _heading_level(self, paragraph: Any) -> int | None:
        outline = next(paragraph.iter(word("outlineLvl")), None)
        if outline is None:
            for style in self._style_chain(paragraph):
                name = (style.name or "").lower()
                if name == "title":
                    return 1
                if name.startswith("heading ") and name[8:].isdigit():
                    return min(max(int(name[8:]), 1), 6)
                outline = next(style.element.iter(word("outlineLvl")), None)
                if outline is not None:
                    break
        value = outline.get(word("val")) if outline is not None else None
        return min(int(value) + 1, 6) if value and value.isdigit() and int(value) < 9 else None


def _contents(element: Any) -> Iterator[Any]:
    """Paragraphs and tables in an element, also those inside content controls."""
    for child in element:
        name = local_name(child)
        if name in ("p", "tbl"):
            yield child
        elif name not in _NOT_SHOWN:
            yield from _contents(child)


def _outermost(element: Any, name: str) -> Iterator[Any]:
    for child in element:
        if local_name(child) == name:
            yield child
        elif local_name(child) not in _NOT_SHOWN:
            yield from _outermost(child, name)


def _children(name: str) -> Callable[[Any], Iterator[Any]]:
    def find(element: Any) -> Iterator[Any]:
        for child in element:
            if local_name(child) == name:
                yield child
            elif local_name(child) in ("sdt", "sdtContent", "customXml", "ins", "smartTag"):
                yield from find(child)

    return find


_rows = _children("tr")
_cells = _children("tc")


def _is_header(row: Any, table: Any, cells: list[str]) -> bool:
    if next(row.iter(word("tblHeader")), None) is not None:
        return True
    filled = [cell for cell in cells if cell]
    # Word marks header rows only on request: a first row of short, different cells over further rows is one.
    more = len(table.findall(word("tr"))) > 2 or (len(table.findall(word("tr"))) == 2 and len(cells) > 2)
    return more and len(cells) > 1 and len(filled) == len(cells) == len(set(cells)) and max(map(len, cells)) <= 60


def _without_repeats(cells: list[str]) -> list[str]:
    return cells[:1] if len(set(cells)) == 1 else cells


def _is_hidden(run: Any) -> bool:
    properties = run.find(word("rPr"))
    vanish = properties.find(word("vanish")) if properties is not None else None
    return vanish is not None and vanish.get(word("val")) not in ("0", "false")


def _symbol(element: Any) -> str:
    code = element.get(word("char")) or ""
    try:
        character = chr(int(code, 16))
    except (ValueError, OverflowError):
        return ""
    return "•" if "\ue000" <= character <= "\uf8ff" else character
