"""The structural context in front of a chunk's body: the document's title and the headings above the chunk."""

from collections.abc import Callable, Sequence

SEPARATOR = " > "
_ELLIPSIS = "…"
_SHORTEST_PART = 8


def header_parts(title: str, headings: Sequence[str], first_heading: str) -> list[str]:
    """What a header says, outermost first. A title that only repeats the heading at the top of the path is left out,
    even where that heading stands in the body itself; so is a heading that repeats the one above it.
    """
    parts = [] if _same(title, first_heading) else [title]
    for part in headings:
        if not parts or not _same(part, parts[-1]):
            parts.append(part)
    return [part for part in (" ".join(part.split()) for part in parts) if part]


def join_header(parts: Sequence[str], fits: Callable[[str], bool]) -> str:
    """The parts on one line, shortened until it fits: first the middle of the path goes, then the ends of title and
    last heading. Empty where nothing fits.
    """
    if not parts:
        return ""
    selections: list[list[str]] = [list(parts)]
    selections += [[parts[0], _ELLIPSIS, *parts[kept:]] for kept in range(2, len(parts))]
    for selection in selections:
        header = SEPARATOR.join(selection)
        if fits(header):
            return header
    shortest = selections[-1]
    low, high = _SHORTEST_PART, max(map(len, shortest))
    best = ""
    while low <= high:
        length = (low + high) // 2
        header = SEPARATOR.join(_trimmed(part, length) for part in shortest)
        if fits(header):
            best, low = header, length + 1
        else:
            high = length - 1
    return best


def _trimmed(part: str, length: int) -> str:
    """At most `length` characters of a part, whole words where it has any."""
    if len(part) <= length:
        return part
    cut = part[:length]
    at_word = cut.rpartition(" ")[0] if part[length] != " " else cut
    return (at_word or cut).rstrip(" ,;:.") + _ELLIPSIS


def _same(one: str, other: str) -> bool:
    return one.split() == other.split() or one.casefold().split() == other.casefold().split()
