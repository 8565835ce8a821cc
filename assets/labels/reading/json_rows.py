"""Objects of JSON: one a line, or the elements of one list; each is held alone, and one that is too large not at all."""

import json
import re
from collections.abc import Iterator
from typing import Any

from assets.labels.reading.limits import MAX_DEPTH, MAX_ROW_CHARACTERS
from assets.labels.reading.refusals import Unusable

_OUTSIDE = re.compile(r'["\[\]{},]')
_INSIDE = re.compile(r'["\\]')


def objects_of_lines(pieces: Iterator[str]) -> Iterator[dict[str, Any] | Unusable]:
    """The object on each line that is not empty, or why there is none."""
    held: list[str] = []
    size = 0

    def line(last: str) -> dict[str, Any] | Unusable | None:
        nonlocal size
        is_large = size + len(last) > MAX_ROW_CHARACTERS
        text = "" if is_large else "".join([*held, last])
        held.clear()
        size = 0
        return Unusable("too_large") if is_large else _object(text) if text.strip() else None

    for piece in pieces:
        first, *others = piece.split("\n")
        for following in others:
            if (found := line(first)) is not None:
                yield found
            first = following
        size += len(first)
        if size <= MAX_ROW_CHARACTERS:
            held.append(first)
        else:
            held.clear()
    if (found := line("")) is not None:
        yield found


def objects_of_list(pieces: Iterator[str]) -> Iterator[dict[str, Any] | Unusable]:
    """The objects of one list, or why one can't be taken.

    Raises Unusable where brackets don't match, so that what follows can't be told apart.
    """
    held: list[str] = []
    size = depth = 0
    is_inside = is_escaped = is_deep = has_ended = False

    def element() -> dict[str, Any] | Unusable | None:
        nonlocal size, is_deep
        fault = "too_large" if size > MAX_ROW_CHARACTERS else "too_deep" if is_deep else ""
        text = "" if fault else "".join(held)
        held.clear()
        size, is_deep = 0, False
        return Unusable(fault) if fault else _object(text) if text.strip() else None

    for piece in pieces:
        taken = position = 0
        if is_escaped:
            position, is_escaped = 1, False
        while found := (_INSIDE if is_inside else _OUTSIDE).search(piece, position):
            position, sign = found.end(), found[0]
            if sign == "\\":
                # It may be the last character of the piece.
                is_escaped = position == len(piece)
                position += 1
            elif sign == '"':
                is_inside = not is_inside
            elif sign in "[{":
                depth += 1
                is_deep |= depth > MAX_DEPTH
                if depth == 1:
                    taken = position
            elif sign != "," or depth == 1:
                depth -= sign != ","
                if depth < 0 or (depth == 0 and sign == "}"):
                    raise Unusable("unfinished_json")
                if depth == 0 or sign == ",":
                    held.append(piece[taken : position - 1])
                    size += position - 1 - taken
                    taken = position
                    if (ready := element()) is not None:
                        yield ready
                    has_ended |= depth == 0
        size += len(piece) - taken
        if has_ended:
            if piece[taken:].strip():
                raise Unusable("unfinished_json")
        elif size <= MAX_ROW_CHARACTERS:
            held.append(piece[taken:])
        else:
            held.clear()
    if not has_ended:
        raise Unusable("unfinished_json")


def _object(text: str) -> dict[str, Any] | Unusable:
    try:
        value = json.loads(text)
    except RecursionError:
        return Unusable("too_deep")
    except ValueError:
        return Unusable("not_json")
    return value if isinstance(value, dict) else Unusable("not_an_object")
