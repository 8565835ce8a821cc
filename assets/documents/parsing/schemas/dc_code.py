"""The D.C. Council's library schema: sections of the D.C. Code, and the titles and chapters that list them."""

from typing import Any

from assets.documents.model import BlockKind
from assets.documents.parsing.canonical import DocumentBuilder, one_line
from assets.documents.parsing.schemas.schema import Schema
from assets.documents.parsing.tables import element_table, local_name

_NAMESPACE = "https://code.dccouncil.us/schemas/dc-library"
_NOTES = frozenset({"annotation", "annotations", "find-replace"})
_INLINE = frozenset({"cite", "em", "strong", "u", "i", "b", "sup", "sub", "span", "br", "center", "code", "a", "small"})
_HEADING_PARTS = frozenset({"prefix", "num", "heading", "reason"})
_EDITORIAL = "Editorial Corrections"


def render(root: Any, builder: DocumentBuilder) -> str:
    """Append a section or container: the rule first, then its annotations under a heading of their own."""
    layout = _Layout(builder)
    title = layout.container(root, 1) if local_name(root) == "container" else layout.section(root)
    layout.annotations()
    return title


SCHEMA = Schema("D.C. Code", frozenset({f"{{{_NAMESPACE}}}section", f"{{{_NAMESPACE}}}container"}), render)


class _Layout:
    def __init__(self, builder: DocumentBuilder) -> None:
        self._builder = builder
        self._notes: dict[str, dict[str, None]] = {}
        self._inserted: set[str] = set()

    def section(self, section: Any) -> str:
        title = self._title(section, "§")
        self._builder.add(BlockKind.HEADING, title, 1)
        late = [child for child in section if not _stands_first(child)]
        for child in [*(child for child in section if _stands_first(child)), *late]:
            self._block(child, 0)
        self._stray(section)
        return one_line(title)

    def container(self, container: Any, depth: int) -> str:
        prefix = self._inline(_child(container, "prefix"))
        title = self._title(container, prefix)
        self._builder.add(BlockKind.HEADING, title, min(depth, 6))
        for child in container:
            if local_name(child) == "container":
                self.container(child, depth + 1)
            elif local_name(child) == "section":
                self._nested_section(child, depth + 1)
            else:
                self._block(child, 0)
        self._stray(container)
        return one_line(title)

    def annotations(self) -> None:
        if not any(self._notes.values()):
            return
        self._builder.add(BlockKind.HEADING, "Annotations", 2)
        for kind, notes in self._notes.items():
            if notes:
                self._builder.add(BlockKind.HEADING, kind, 3)
            for note in notes:
                self._builder.add(BlockKind.LIST_ITEM, f"- {note}")

    def _nested_section(self, section: Any, depth: int) -> None:
        self._builder.add(BlockKind.HEADING, self._title(section, "§"), min(depth, 6))
        for child in section:
            self._block(child, 0)
        self._stray(section)

    def _title(self, element: Any, prefix: str) -> str:
        number = one_line(self._inline(_child(element, "num")))
        heading = one_line(self._inline(_child(element, "heading")))
        reasons = [one_line(self._inline(child)) for child in element if local_name(child) == "reason"]
        if number and prefix == "§":
            several = any(mark in number for mark in (",", " to ", " through ", "–"))
            number = number if number.startswith("§") else f"{'§§' if several else '§'} {number}"
        elif number:
            number = f"{prefix} {number}".strip()
        parts = [f"{number}." if number and not number.endswith(".") else number, heading]
        return " ".join(part for part in [*parts, *(f"[{reason}]" for reason in reasons if reason)] if part)

    def _block(self, element: Any, depth: int) -> None:
        name = local_name(element)
        if name in _HEADING_PARTS:
            pass
        elif name in _NOTES:
            self._note(element)
        elif name == "para":
            self._paragraph(element, depth, "")
        elif name == "insert":
            self._insert(element)
        elif name == "table":
            self._builder.add(BlockKind.TABLE, element_table(element, self._inline))
        elif name == "include" and element.get("href"):
            number = element.get("href").rpartition("/")[2].removesuffix(".xml")
            self._builder.add(BlockKind.LIST_ITEM, f"- § {number}")
        elif _is_flow(element):
            self._builder.add(BlockKind.PARAGRAPH, self._inline(element))
        else:
            self._stray(element)
            for child in element:
                self._block(child, depth)

    def _insert(self, insert: Any) -> None:
        """A publisher's note in the rule's text; the same note may be recorded once for each act that caused it."""
        text = one_line(self._inline(insert)).strip("*")
        if text not in self._inserted:
            self._inserted.add(text)
            self._builder.add(BlockKind.PARAGRAPH, text)

    def _paragraph(self, para: Any, depth: int, inherited: str) -> None:
        """A numbered paragraph; a number without own text goes to the first one below it, as law is cited: (a)(1)."""
        marker = inherited + one_line(self._inline(_child(para, "num")))
        heading = one_line(self._inline(_child(para, "heading")))
        reason = one_line(self._inline(_child(para, "reason")))
        lead = " ".join(part for part in (marker, heading, f"[{reason}]" if reason else "") if part)
        self._stray(para)
        for child in para:
            name = local_name(child)
            if name in _HEADING_PARTS:
                continue
            if lead and name == "para" and not heading and not reason:
                self._paragraph(child, depth + 1, lead)
                lead = ""
            elif lead and name in ("text", "aftertext") and _is_flow(child):
                self._builder.add(BlockKind.LIST_ITEM, f"{lead} {self._inline(child)}", depth)
                lead = ""
            else:
                if lead and name not in _NOTES:
                    self._builder.add(BlockKind.LIST_ITEM, lead, depth)
                    lead = ""
                self._block(child, depth + 1)
        if lead:
            self._builder.add(BlockKind.LIST_ITEM, lead, depth)

    def _note(self, element: Any) -> None:
        name = local_name(element)
        if name == "annotations":
            for child in element:
                self._note(child)
            self._stray(element, into_notes=True)
        elif name == "find-replace":
            find, replace = (one_line(self._inline(_child(element, part))) for part in ("find", "replace"))
            self._keep_note(_EDITORIAL, f"“{find}” is read as “{replace}”.")
        else:
            kind = element.get("type") or ("Notes" if name == "annotation" else "Editor's Notes")
            text = one_line(self._inline(element))
            if not text and element.get("display") != "false":
                text = _amendment(element)
            self._keep_note(kind, text)

    def _keep_note(self, kind: str, text: str) -> None:
        notes = self._notes.setdefault(one_line(kind), {})
        if text:
            notes[text] = None

    def _stray(self, element: Any, *, into_notes: bool = False) -> None:
        """Text that stands between elements where the schema foresees none; no text of a file may be lost."""
        for piece in [element.text, *(child.tail for child in element)]:
            if piece and piece.strip():
                if into_notes:
                    self._keep_note("Notes", one_line(piece))
                else:
                    self._builder.add(BlockKind.PARAGRAPH, piece)

    def _inline(self, element: Any) -> str:
        if element is None:
            return ""
        pieces = [element.text or ""]
        for child in element:
            name = local_name(child)
            if name == "annotation":
                self._note(child)
            else:
                pieces.append("\n" if name == "br" else self._inline(child))
                if name not in _INLINE:
                    pieces.append(" ")
            pieces.append(child.tail or "")
        return " ".join("".join(pieces).split(" "))


def _child(element: Any, name: str) -> Any:
    return next((child for child in element if local_name(child) == name), None)


def _stands_first(element: Any) -> bool:
    return local_name(element) == "insert" and element.get("before") == "heading"


def _is_flow(element: Any) -> bool:
    return all(local_name(child) in _INLINE or local_name(child) == "annotation" for child in element.iterdescendants())


def _amendment(annotation: Any) -> str:
    """What an amendment's attributes say where the file leaves its wording to the publisher."""
    path = (annotation.get("path") or "").replace("|", "").replace("§", "§ ", 1)
    effective = annotation.get("eff")
    parts = (annotation.get("prefix"), annotation.get("doc"), path, f"effective {effective}" if effective else "")
    return ", ".join(part for part in parts if part)
