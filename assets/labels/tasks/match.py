"""`match`: how well a resume fits an opening. The label is the grade as text, a number or a name."""

import math
import re
from typing import Any

from assets.labels.anonymizing.model import Anonymized
from assets.labels.model import LabelRow
from assets.labels.normalizing import text_hash
from assets.labels.reading.columns import Columns, column, not_recognised
from assets.labels.reading.refusals import Unusable
from assets.labels.reading.values import Row, checked_text
from assets.labels.tasks.names import plain_name

_LONGEST_NUMBER = 20


class Match:
    """A resume, an opening, and one grade."""

    name = "match"

    def check_columns(self, present: tuple[str, ...], columns: Columns) -> None:
        if not column("text", present, columns.text) and (columns.text or not column("file", present)):
            raise not_recognised("the resumes' text (or their files): name it with --text-column", present)
        if not column("grade", present, columns.label):
            raise not_recognised("the grade: name it with --label-column", present)
        if not column("opening", present):
            raise not_recognised("the openings' text: call it opening", present)

    def read(self, number: int, row: Row, *, drop_first_line: bool, allowed: frozenset[str]) -> LabelRow:
        label = grade(row.required("grade", "no_label"))
        opening = checked_text(row.required("opening", "no_opening"), empty="no_opening")
        return LabelRow(
            number,
            row.record_id(),
            row.text(drop_first_line=drop_first_line),
            label,
            opening_id=row.opening_id(),
            opening_text=opening,
            labelled_at=row.labelled_at(),
            labeller=row.labeller(),
        )

    def subject(self, row: LabelRow) -> tuple[str, ...] | None:
        if not row.record_id:
            return None
        return (row.record_id, row.opening_id or text_hash(row.opening_text or ""))

    def carried_over(self, label: str, anonymized: Anonymized) -> str:
        return label

    def classes(self, label: str) -> tuple[str, ...]:
        return (label,)


def grade(value: Any) -> str:
    """A grade in its one form: `3`, `0.5`, or a name such as `Good Fit`. Raises Unusable."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unusable("bad_grade")
    text = value.strip() if isinstance(value, str) else str(value)
    if len(text) <= _LONGEST_NUMBER and re.fullmatch(r"[+-]?\d+(\.\d*)?(e[+-]?\d{1,3})?", text, re.I):
        number = float(text)
        if not math.isfinite(number):
            raise Unusable("bad_grade")
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, float):
        raise Unusable("bad_grade")
    return plain_name(value, "bad_grade")
