"""The lines of a PDF page with their place, size and weight, read through PDFium's text page."""

import ctypes
import re
from dataclasses import dataclass
from typing import Any

_BOLD = re.compile(r"bold|black|heavy", re.I)
_SPLIT = re.compile("[^\r\n\x02\ufffe]+")
# PDFium marks a hyphen at a line's end with either of these and leaves out the line end.
_HYPHENS = ("\x02", "\ufffe")
_MARKER = re.compile(r"[-•‣◦▪–●○■*\uf0b7\uf0a7o]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)]")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_WIDE_GAP = 1.6
_NEW_LINE = 0.6


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text on one baseline, without wide gaps inside. Places are in points, `y` from the page's bottom."""

    text: str
    left: float
    right: float
    y: float
    size: float
    bold: bool
    page: int
    hyphenated: bool = False
    same_row: bool = False
    """Whether it goes on, after a wide gap, in the row of the line before it."""


def page_lines(text_page: Any, page: int) -> list[Line]:
    """The lines of a page in the order in which the file holds them."""
    import pypdfium2.raw as pdfium

    handle = text_page.raw
    characters = "".join(
        _character(pdfium.FPDFText_GetUnicode(handle, index)) for index in range(text_page.count_chars())
    )
    reader = _Reader(pdfium, handle)
    lines: list[Line] = []
    for match in _SPLIT.finditer(characters):
        hyphenated = characters[match.end() : match.end() + 1] in _HYPHENS
        lines += reader.lines(match[0], match.start(), page, hyphenated=hyphenated)
    return lines


def _character(code: int) -> str:
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


class _Reader:
    def __init__(self, pdfium: Any, handle: Any) -> None:
        self._pdfium = pdfium
        self._handle = handle
        self._numbers = [ctypes.c_double() for _ in range(4)]
        self._matrix = pdfium.FS_MATRIX()
        self._name = ctypes.create_string_buffer(128)

    def lines(self, text: str, start: int, page: int, *, hyphenated: bool) -> list[Line]:
        words = [(match.start() + start, match.end() - 1 + start) for match in re.finditer(r"\S+", text)]
        if not words:
            return []
        size = self._style(words[len(words) // 2][0])[0]
        runs = [[words[0]]]
        in_row = [False]
        for word in words[1:]:
            last = runs[-1][-1]
            gap = self._box(word[0])[0] - self._box(last[1])[1]
            ahead = text[runs[-1][0][0] - start : last[1] + 1 - start]
            # PDFium leaves out the line end where a page has hardly any text to tell its lines by.
            new_line = abs(self._baseline(word[0]) - self._baseline(last[0])) > _NEW_LINE * size
            if new_line or (gap > _WIDE_GAP * size and not _MARKER.fullmatch(ahead)):
                runs.append([word])
                in_row.append(not new_line)
            else:
                runs[-1].append(word)
        lines = []
        for number, run in enumerate(runs):
            first, last_index = run[0][0], run[-1][1]
            # A bullet or a file name may be set otherwise than the line it stands in.
            styles = [self._style(index) for index in (first, run[len(run) // 2][0], last_index)]
            lines.append(
                Line(
                    " ".join(text[a - start : b + 1 - start] for a, b in run).translate(_LIGATURES),
                    self._box(first)[0],
                    self._box(last_index)[1],
                    self._baseline(first),
                    sorted(style[0] for style in styles)[1],
                    all(style[1] for style in styles),
                    page,
                    hyphenated and number == len(runs) - 1,
                    in_row[number],
                )
            )
        return lines

    def _box(self, index: int) -> tuple[float, float]:
        left, right, bottom, top = self._numbers
        self._pdfium.FPDFText_GetCharBox(self._handle, index, left, right, bottom, top)
        return left.value, right.value

    def _baseline(self, index: int) -> float:
        x, y = self._numbers[:2]
        self._pdfium.FPDFText_GetCharOrigin(self._handle, index, x, y)
        return y.value

    def _style(self, index: int) -> tuple[float, bool]:
        size: float = self._pdfium.FPDFText_GetFontSize(self._handle, index)
        if self._pdfium.FPDFText_GetMatrix(self._handle, index, self._matrix):
            # Some programs write everything in size 1 and scale it.
            size *= (self._matrix.c**2 + self._matrix.d**2) ** 0.5
        flags = ctypes.c_int()
        self._pdfium.FPDFText_GetFontInfo(self._handle, index, self._name, len(self._name), flags)
        name = self._name.value.decode("latin-1")
        weight = self._pdfium.FPDFText_GetFontWeight(self._handle, index)
        return round(size * 2) / 2, weight >= 600 or bool(_BOLD.search(name))
