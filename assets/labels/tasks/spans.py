"""Spans of a text with their kinds: their canonical form, and where they are once parts of the text were replaced."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from assets.labels.anonymizing.model import Anonymized
from assets.labels.reading.limits import MAX_SPANS
from assets.labels.reading.refusals import Unusable

_KIND = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text, and their kind."""

    start: int
    end: int
    kind: str


def kind_named(value: Any) -> str:
    """A kind in its one form, such as SKILL or SOFT_SKILL. Raises Unusable."""
    if not isinstance(value, str) or len(value) > 100:
        raise Unusable("bad_spans")
    kind = re.sub(r"[\s\-]+", "_", value.strip()).upper()
    if not _KIND.fullmatch(kind):
        raise Unusable("bad_spans")
    return kind


def checked(spans: Iterable[Span], text: str) -> list[Span]:
    """The spans without blanks at their ends, in order, each once. Raises Unusable.

    Spans of different kinds may overlap (a skill may hold a piece of knowledge), those of one kind may not: as tags they
    could not be told apart, and which of them was meant is not for us to guess.
    """
    kept: set[Span] = set()
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise Unusable("bad_spans")
        words = text[span.start : span.end]
        start = span.start + len(words) - len(words.lstrip())
        end = span.start + len(words.rstrip())
        if start >= end:
            raise Unusable("bad_spans")
        kept.add(Span(start, end, span.kind))
        if len(kept) > MAX_SPANS:
            raise Unusable("bad_spans")
    ordered = sorted(kept)
    last_end: dict[str, int] = {}
    for span in ordered:
        if span.start < last_end.get(span.kind, 0):
            raise Unusable("overlapping_spans")
        last_end[span.kind] = span.end
    return ordered


def written(spans: Iterable[Span]) -> str:
    """The canonical label: JSON without blanks, spans in order."""
    return json.dumps({"spans": [list(span) for span in spans]}, separators=(",", ":"))


def read_back(label: str) -> list[Span]:
    """The spans of a canonical label."""
    return [Span(*span) for span in json.loads(label)["spans"]]


def stated(value: Any) -> list[Span]:
    """The spans as a file states them: `[start, end, kind]` or objects, or JSON of them. Raises Unusable."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise Unusable("bad_spans") from None
    if isinstance(value, dict) and isinstance(value.get("spans"), list):
        value = value["spans"]
    if not isinstance(value, list) or len(value) > MAX_SPANS:
        raise Unusable("bad_spans")
    return [_stated(each) for each in value]


def _stated(value: Any) -> Span:
    if isinstance(value, dict):
        kind = next((value[name] for name in ("kind", "label", "labels", "type") if name in value), None)
        value = [value.get("start"), value.get("end"), kind[0] if isinstance(kind, list) and len(kind) == 1 else kind]
    if not isinstance(value, list) or len(value) != 3:
        raise Unusable("bad_spans")
    start, end, kind = value
    if type(start) is not int or type(end) is not int:
        raise Unusable("bad_spans")
    return Span(start, end, kind_named(kind))


def shifted(spans: Iterable[Span], removed: int) -> list[Span]:
    """The spans after characters were taken off the text's beginning; those that reach into them are dropped."""
    return [Span(start - removed, end - removed, kind) for start, end, kind in spans if start >= removed]


def moved(spans: Sequence[Span], anonymized: Anonymized) -> list[Span]:
    """The spans in the anonymized text; those that share a character with a masked item are dropped."""
    masked = anonymized.masked
    starts = [item.start for item in masked]
    # How much longer the text has become up to and with each masked item.
    growth = [0]
    for item in masked:
        growth.append(growth[-1] + len(f"[{item.kind}]") - (item.end - item.start))
    kept: list[Span] = []
    for span in spans:
        before = bisect_right(starts, span.start)
        follows = before == 0 or masked[before - 1].end <= span.start
        precedes = before == len(masked) or masked[before].start >= span.end
        if follows and precedes:
            kept.append(Span(span.start + growth[before], span.end + growth[before], span.kind))
    return kept
