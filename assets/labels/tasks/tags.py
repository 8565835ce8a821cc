"""Tokens with BIO tags as spans of a text.

A sequence that BIO doesn't allow (an I that follows no B or I of its kind) is refused, not repaired: whether the tag is
wrong or the one before it is, and so where the span begins, only the person who labelled it knows. A guess would become
training truth.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from assets.labels.reading.limits import MAX_SPANS, MAX_TEXT_CHARACTERS
from assets.labels.reading.refusals import Unusable
from assets.labels.reading.values import checked_characters
from assets.labels.tasks.spans import Span, kind_named

_BREAKS = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def listed(value: Any, reason: str) -> list[str]:
    """A list of texts, or JSON of one, or texts with blanks between. Raises Unusable."""
    if isinstance(value, str):
        try:
            value = json.loads(value) if value.lstrip().startswith("[") else value.split()
        except (ValueError, RecursionError):
            raise Unusable(reason) from None
    if not isinstance(value, list) or len(value) > MAX_SPANS or not all(isinstance(each, str) for each in value):
        raise Unusable(reason)
    return value


def joined(tokens: Sequence[str]) -> str:
    """The text of the tokens, single blanks between them. Raises Unusable."""
    if sum(map(len, tokens)) > MAX_TEXT_CHARACTERS:
        raise Unusable("too_long")
    for token in tokens:
        if not token.strip() or token != token.strip() or _BREAKS.search(token):
            raise Unusable("bad_tokens")
    return checked_characters(" ".join(tokens))


def spans_of(tokens: Sequence[str], tags: Sequence[str], kind: str | None) -> list[Span]:
    """The spans in the joined text; `kind` is that of tags that name none. Raises Unusable."""
    if len(tokens) != len(tags):
        raise Unusable("bad_tags")
    spans: list[Span] = []
    position, open_kind = 0, ""
    for token, tag in zip(tokens, tags, strict=True):
        place, _, stated = tag.strip().partition("-")
        place = place.upper()
        own = kind_named(stated) if stated else kind
        end = position + len(token)
        if place == "O" and not stated:
            open_kind = ""
        elif place not in {"B", "I"} or own is None:
            raise Unusable("bad_tags")
        elif place == "B":
            spans.append(Span(position, end, own))
            open_kind = own
        elif open_kind == own:
            spans[-1] = Span(spans[-1].start, end, own)
        else:
            raise Unusable("invalid_bio")
        position = end + 1
    return spans
