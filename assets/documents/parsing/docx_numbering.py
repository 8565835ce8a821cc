"""The numbers and bullets that Word shows before paragraphs and does not keep in the text."""

from collections.abc import Iterable
from typing import Any

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_MAX_NUMBER = 3999
_ROMAN = tuple(
    zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i"),
        strict=True,
    )
)


def word(name: str) -> str:
    """A WordprocessingML name in lxml's form."""
    return f"{{{_NAMESPACE}}}{name}"


class Numbering:
    """Counts along with the document: ask for every paragraph once, in order."""

    def __init__(self, document: Any) -> None:
        self._levels: dict[str, dict[int, Any]] = {}
        self._counters: dict[str, list[int]] = {}
        self._abstract: dict[str, str] = {}
        root = _numbering_root(document)
        if root is None:
            return
        for abstract in root.findall(word("abstractNum")):
            levels = {int(level.get(word("ilvl"))): level for level in abstract.findall(word("lvl"))}
            self._levels[abstract.get(word("abstractNumId"))] = levels
        for number in root.findall(word("num")):
            abstract_id = number.find(word("abstractNumId"))
            if abstract_id is not None:
                self._abstract[number.get(word("numId"))] = abstract_id.get(word("val"))

    def marker(self, paragraph: Any, styles: Iterable[Any]) -> tuple[str, int]:
        """The marker before a paragraph ("- ", "2.1. "; empty for none) and its list level from 0."""
        chain = list(styles)
        found: tuple[str | None, str | None] = _value_of(paragraph.find(word("pPr")))
        for style in chain:
            if found[0] is not None:
                break
            of_style = _value_of(style.element.find(word("pPr")))
            found = (of_style[0], of_style[1] if found[1] is None else found[1])
        number_id, level_text = found
        level = min(int(level_text), 8) if level_text and level_text.isdigit() else 0
        if number_id is None:
            return _by_style_name(chain)
        levels = self._levels.get(self._abstract.get(number_id, ""), {})
        definition = levels.get(level)
        if number_id == "0" or definition is None:
            return "", 0
        return self._counted(number_id, level, levels), level

    def _counted(self, number: str, level: int, levels: dict[int, Any]) -> str:
        form = _child_value(levels[level], "numFmt")
        if form in ("bullet", "none"):
            return "- " if form == "bullet" else ""
        # Lists with the same definition are told apart by their number, and each counts for itself.
        counters = self._counters.setdefault(number, [_start(levels.get(index)) - 1 for index in range(9)])
        counters[level] += 1
        for deeper in range(level + 1, 9):
            counters[deeper] = _start(levels.get(deeper)) - 1
        shown = _child_value(levels[level], "lvlText") or f"%{level + 1}."
        for index in range(level, -1, -1):
            value = max(counters[index], _start(levels.get(index)))
            shown = shown.replace(f"%{index + 1}", _formatted(value, _child_value(levels.get(index), "numFmt")))
        return f"{shown.strip()} " if shown.strip() else ""


def _numbering_root(document: Any) -> Any:
    from docx.opc.constants import RELATIONSHIP_TYPE

    for relation in document.part.rels.values():
        if relation.reltype == RELATIONSHIP_TYPE.NUMBERING and not relation.is_external:
            return getattr(relation.target_part, "element", None)
    return None


def _value_of(properties: Any) -> tuple[str | None, str | None]:
    numbering = properties.find(word("numPr")) if properties is not None else None
    if numbering is None:
        return None, None
    return _child_value(numbering, "numId"), _child_value(numbering, "ilvl")


def _child_value(element: Any, name: str) -> str | None:
    child = element.find(word(name)) if element is not None else None
    return child.get(word("val")) if child is not None else None


def _by_style_name(chain: list[Any]) -> tuple[str, int]:
    name = (chain[0].name or "").lower() if chain else ""
    if not name.startswith("list bullet"):
        return "", 0
    depth = name.rpartition(" ")[2]
    return "- ", int(depth) - 1 if depth.isdigit() else 0


def _start(level: Any) -> int:
    value = _child_value(level, "start")
    return min(int(value), _MAX_NUMBER) if value and value.isdigit() else 1


def _formatted(value: int, form: str | None) -> str:
    if form in ("lowerLetter", "upperLetter"):
        letters = chr(ord("a") + (value - 1) % 26) * min((value - 1) // 26 + 1, 5)
        return letters.upper() if form == "upperLetter" else letters
    if form in ("lowerRoman", "upperRoman"):
        roman, rest = "", min(value, _MAX_NUMBER)
        for size, digits in _ROMAN:
            count, rest = divmod(rest, size)
            roman += digits * count
        return roman.upper() if form == "upperRoman" else roman
    return f"{value:02d}" if form == "decimalZero" else str(value)
