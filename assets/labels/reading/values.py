"""A row's values by what they mean, checked: text, id, time and labeller, which every task has."""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from assets.labels.reading.columns import Columns, column, considered
from assets.labels.reading.limits import LONGEST_ID, MAX_TEXT_CHARACTERS
from assets.labels.reading.refusals import Unusable

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_BREAKS_AND_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# A function's call or a command, alone on its line, as spreadsheets run it; "- Led a team (of 5)" is none.
_FORMULA = re.compile(r"(?:[=@][=+@-]*[A-Za-z][\w.]*[(|!]|[+-][=+@-]*[A-Z][A-Z0-9.]*[(|!]).*", re.S)
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Row:
    """The values of a row, asked for by what they mean. Every method raises Unusable where the value can't be taken."""

    def __init__(self, values: Mapping[str, Any], columns: Columns) -> None:
        self._values = values
        self.columns = columns
        self.names = considered(values)
        self._given = {"text": columns.text, "label": columns.label, "grade": columns.label, "id": columns.id}

    def value(self, meaning: str) -> Any:
        """The value as it was read; None where there is no such column or it is empty."""
        name = column(meaning, self.names, self._given.get(meaning))
        value = None if name is None else self._values[name]
        return None if isinstance(value, str) and not value.strip() else value

    def required(self, meaning: str, reason: str) -> Any:
        """The same, refused for the reason where it is empty and for columns_unknown where there is no such column."""
        if meaning not in self:
            raise Unusable("columns_unknown")
        value = self.value(meaning)
        if value is None:
            raise Unusable(reason)
        return value

    @property
    def names_a_file(self) -> bool:
        """Whether the resume's text is in a file that the row names."""
        return "file" in self and "text" not in self and "tokens" not in self

    def with_text(self, text: str) -> "Row":
        """The same row with the text of its file."""
        return Row({**self._values, "text": text}, self.columns)

    def __contains__(self, meaning: str) -> bool:
        return column(meaning, self.names, self._given.get(meaning)) is not None

    def of(self, name: str) -> Any:
        """The value of a column by its own name."""
        return self._values[name]

    def text(self, *, drop_first_line: bool) -> str:
        """The resume's text."""
        text = checked_text(self.required("text", "no_text"))
        return without_first_line(text)[0] if drop_first_line else text

    def record_id(self) -> str | None:
        """The id that the file gives, if any."""
        return _short(self.value("id"), "bad_id")

    def opening_id(self) -> str | None:
        """The id that the file gives the opening, if any."""
        return _short(self.value("opening_id"), "bad_id")

    def labelled_at(self) -> int | None:
        """When it was labelled, in microseconds since 1970, if it says so."""
        value = self.value("labelled_at")
        return None if value is None else microseconds(value)

    def labeller(self) -> str | None:
        """Who labelled it, if it says so."""
        return _short(self.value("labeller"), "bad_labeller")


def checked_text(value: Any, *, empty: str = "no_text", letters: bool = True) -> str:
    """A text that a resume or an opening may be. Raises Unusable."""
    text = checked_characters(value)
    if not text.strip():
        raise Unusable(empty)
    if _FORMULA.fullmatch(text.strip()) and "\n" not in text.strip():
        raise Unusable("formula")
    if letters and not any(character.isalpha() for character in text):
        raise Unusable("no_letters")
    return text


def checked_characters(value: Any) -> str:
    """Text of characters that can be written and read. Raises Unusable."""
    if not isinstance(value, str):
        raise Unusable("not_the_type")
    if len(value) > MAX_TEXT_CHARACTERS:
        raise Unusable("too_long")
    if "\x00" in value:
        raise Unusable("null_bytes")
    if _SURROGATES.search(value):
        raise Unusable("bad_encoding")
    # Some exports write a control character for each one that they could not convert.
    if len(_CONTROLS.findall(value)) > max(20, len(value) // 10):
        raise Unusable("binary")
    return value


def without_first_line(text: str) -> tuple[str, int]:
    """The text after its first line that says something, and how many characters were taken off. Raises Unusable."""
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start)
    if end < 0 or not text[end:].strip():
        raise Unusable("first_line_only")
    return text[end + 1 :], end + 1


def microseconds(value: Any) -> int:
    """A time in ISO 8601 (UTC where it names no zone) or counted since 1970 in seconds, or in thousandths or millionths.

    Raises Unusable.
    """
    try:
        if isinstance(value, bool):
            raise ValueError
        if isinstance(value, str):
            value = value.strip()
            moment = _counted(float(value)) if re.fullmatch(r"\d{9,17}(\.\d{1,9})?", value) else _stated(value)
        elif isinstance(value, datetime):
            moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        else:
            moment = _counted(float(value))
        if not _FIRST <= moment < _LAST:
            raise ValueError
    except (ValueError, TypeError, OverflowError):
        raise Unusable("bad_time") from None
    since = moment - _FIRST
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _stated(text: str) -> datetime:
    # A day or a year alone tells nothing of a later correction on that day, but it orders batches well.
    if not 10 <= len(text) <= 40:
        raise ValueError
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _counted(number: float) -> datetime:
    if not math.isfinite(number) or number < 1e8:
        raise ValueError
    while number >= 1e11:
        number /= 1000
    return datetime.fromtimestamp(number, UTC)


def _short(value: Any, reason: str) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unusable(reason)
    text = unicodedata.normalize("NFC", str(value).strip())
    if len(text) > LONGEST_ID or _LINE_BREAKS_AND_CONTROLS.search(text) or _SURROGATES.search(text):
        raise Unusable(reason)
    return text or None
