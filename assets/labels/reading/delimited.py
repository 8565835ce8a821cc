"""Records of cells with separators between and quotes around (CSV), which may be broken anywhere.

The standard library's reader takes a quote that is never closed for one cell to the end of the file, joins a cell to what
stands behind its quotes, and holds a cell whatever its size. Here a broken record ends at the next sound one, and one that
is too large is passed over. What lies between belongs to no row: half a resume must not become one with a wrong label.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from assets.labels.reading.limits import MAX_COLUMNS, MAX_ROW_CHARACTERS, PIECE
from assets.labels.reading.refusals import Unusable

DELIMITERS = (",", ";", "\t", "|")
_QUOTE = '"'
_QUOTES = re.compile(_QUOTE)
_LINE_END = re.compile("[\r\n]")
_EMPTY_LINES = re.compile("[\r\n]*")
_DECLARED = re.compile("sep=([,;\t|])(?:\r?\n|\r)")
# How many characters may be looked at in vain, over all of a file, before its rest is given up.
_PATIENCE = 16 * MAX_ROW_CHARACTERS
_RUN = 3
_MOST_BLANKS = 8


class _Record(NamedTuple):
    """Cells, where to read on, and what is wrong with the record ("": nothing).

    `is_loose` says that it looks like prose: a cell begins with a blank, or has a quote inside that encloses nothing.
    """

    cells: list[str]
    end: int
    is_quoted: bool = False
    is_loose: bool = False
    fault: str = ""


class Records:
    """The records of a text that comes in pieces; positions count characters from its beginning."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        self._base = 0
        self._patience = _PATIENCE
        self._delimiter = ""
        self._cell_end = _LINE_END
        self._next = 0

    def headers(self) -> Iterator[tuple[str, list[str]]]:
        """What the first record is with each delimiter that it may have; `choose` settles it."""
        self._pass_empty_lines()
        self._at(self._next + 6)
        declared = _DECLARED.match(self._text, self._next - self._base)
        if declared:
            # Spreadsheets write `sep=;` before the first record.
            self._next += len(declared[0])
        for delimiter in declared[1] if declared else DELIMITERS:
            self.choose(delimiter)
            record = self._record(self._next, is_peek=True)
            if not record.fault:
                yield delimiter, record.cells

    def choose(self, delimiter: str) -> None:
        """Read on with this delimiter."""
        self._delimiter = delimiter
        self._cell_end = re.compile(f"[{re.escape(delimiter)}\r\n]")

    def rows(self) -> Iterator[list[str] | Unusable]:
        """The cells of each record after the first, or why they can't be taken; empty lines are none."""
        header = self._record(self._next, is_peek=True)
        width, self._next = len(header.cells), header.end
        while self._pass_empty_lines():
            record = self._record(self._next)
            self._next = record.end
            if record.fault == "broken_quotes":
                self._next = self._sound_after(record.end, width)
            if record.fault:
                yield Unusable(record.fault)
            else:
                yield record.cells if len(record.cells) == width else Unusable("ragged")

    def _record(self, start: int, *, is_peek: bool = False) -> _Record:
        """The record that begins at a place. After a peek it can be read again, since nothing is let go of."""
        cells: list[str] = []
        is_quoted = is_loose = False
        position = start
        while True:
            begin = position
            while self._at(position) == " " and position - begin < _MOST_BLANKS:
                position += 1
            is_loose |= position > begin
            if self._at(position) == _QUOTE:
                begin, is_quoted = position + 1, True
                close, is_doubled = self._closing(begin, start, is_peek)
                if is_peek and close - start > MAX_ROW_CHARACTERS:
                    return _Record([], close, fault="too_large")
                position = close + 1
                if not self._at(close) or self._at(position) not in {self._delimiter, "\r", "\n", ""}:
                    # What is too large is gone, so that the next sound record can only be behind it.
                    return _Record([], close if self._is_large(start, close) else start, fault="broken_quotes")
                cell = "" if self._is_large(start, close) else self._slice(begin, close)
                cells.append(cell.replace(_QUOTE * 2, _QUOTE) if is_doubled else cell)
            else:
                position = self._search(self._cell_end, begin, start, is_peek)
                if is_peek and position - start > MAX_ROW_CHARACTERS:
                    return _Record([], position, fault="too_large")
                cells.append("" if self._is_large(start, position) else self._slice(begin, position))
                is_loose |= _QUOTE in cells[-1]
            if len(cells) > MAX_COLUMNS + 1:
                # They are too many whatever comes; only the record's end is looked for.
                cells.pop()
            if self._at(position) != self._delimiter:
                end = self._behind_line_end(position)
                fault = "too_large" if self._is_large(start, position) else ""
                return _Record([] if fault else cells, end, is_quoted, is_loose, fault)
            position += 1

    def _closing(self, position: int, start: int, is_peek: bool) -> tuple[int, bool]:
        """Where the quote is that closes a cell (the text's end where none does), and whether others are inside."""
        is_doubled = False
        while True:
            close = self._search(_QUOTES, position, start, is_peek)
            if self._at(close + 1) != _QUOTE or not self._at(close) or (is_peek and self._is_large(start, close)):
                return close, is_doubled
            is_doubled, position = True, close + 2

    def _sound_after(self, position: int, width: int) -> int:
        """Where the first line after a broken record begins that is a sound record again, or the text's end."""
        while True:
            position = self._behind_line_end(self._search(_LINE_END, position, position, is_peek=False))
            self._forget(position)
            if not self._at(position) or self._is_sound(position, width):
                return position
            if self._patience < 0:
                raise Unusable("broken_quotes")

    def _is_sound(self, position: int, width: int) -> bool:
        """Whether a record with a quoted cell begins here, or three without or as many as are left.

        A line of a resume may have as many commas as a record, but hardly three in a row do, and blanks follow its commas.
        """
        for number in range(_RUN):
            if not self._at(position):
                return number > 0
            record = self._record(position, is_peek=True)
            if record.fault or record.is_loose or len(record.cells) != width:
                return False
            if record.is_quoted:
                return True
            position = record.end
        return True

    def _search(self, pattern: re.Pattern[str], position: int, start: int, is_peek: bool) -> int:
        """Where a pattern is next, or the text's end; a peek ends when the record is too large."""
        begin = position
        while True:
            found = pattern.search(self._text, position - self._base)
            position = self._base + (found.start() if found else len(self._text))
            if found or (is_peek and self._is_large(start, position)):
                break
            if self._is_large(start, position):
                self._base, self._text = position, ""
            if not self._more():
                break
        if is_peek:
            self._patience -= position - begin
        return position

    @staticmethod
    def _is_large(start: int, position: int) -> bool:
        return position - start > MAX_ROW_CHARACTERS

    def _pass_empty_lines(self) -> bool:
        """Go to the next line that is not empty; whether there is one."""
        while True:
            self._forget(self._next)
            found = _EMPTY_LINES.match(self._text, self._next - self._base)
            assert found is not None
            self._next = self._base + found.end()
            if found.end() < len(self._text):
                return True
            if not self._more():
                return False

    def _behind_line_end(self, position: int) -> int:
        character = self._at(position)
        if character == "\r" and self._at(position + 1) == "\n":
            return position + 2
        return position + 1 if character else position

    def _at(self, position: int) -> str:
        """The character at a place, none behind the text's end."""
        while position - self._base >= len(self._text):
            if not self._more():
                return ""
        return self._text[position - self._base]

    def _slice(self, start: int, end: int) -> str:
        return self._text[start - self._base : end - self._base]

    def _more(self) -> bool:
        piece = next(self._pieces, "")
        self._text += piece
        return bool(piece)

    def _forget(self, position: int) -> None:
        """Let go of what lies before a place, once it is worth the copying."""
        if position - self._base > PIECE:
            self._text = self._text[position - self._base :]
            self._base = position
