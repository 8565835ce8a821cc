"""What anonymizing gives: the text with placeholders, and where in the text that came in each stood."""

from collections.abc import Iterable
from dataclasses import dataclass

# Where two finds overlap, the kind that stands first keeps its characters.
KINDS = ("EMAIL", "URL", "ID_NUMBER", "BIRTH_DATE", "PHONE", "POSTCODE", "ADDRESS", "NAME")


@dataclass(frozen=True, slots=True)
class Masked:
    """Characters `start` to `end` (exclusive) of a text, and what they are (one of KINDS)."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A text whose personal items are placeholders such as `[NAME]`; `masked` counts in the text that came in."""

    text: str
    masked: tuple[Masked, ...]


def resolve(text: str, finds: Iterable[Masked]) -> list[Masked]:
    """Finds in order and without overlaps; names that only blanks or a comma part become one."""
    rank = {kind: position for position, kind in enumerate(KINDS)}
    kept: list[Masked] = []
    for find in sorted(finds, key=lambda find: (find.start, rank[find.kind], -find.end)):
        start, end = find.start, find.end
        while kept and start < kept[-1].end:
            last = kept[-1]
            if rank[find.kind] < rank[last.kind]:
                kept.pop()
                if last.start < start:
                    kept.append(Masked(last.kind, last.start, start))
                if last.end > end:
                    # What is left of the longer one behind this one is told by its own rules or is nothing.
                    end = max(end, last.end) if last.kind == find.kind else end
                if kept and kept[-1].end <= start:
                    break
            else:
                start = last.end
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if start < end and any(character.isalnum() for character in text[start:end]):
            kept.append(Masked(find.kind, start, end))
    return _join(text, kept)


def replace(text: str, masked: Iterable[Masked]) -> Anonymized:
    """The text with a placeholder for each span; spans are in order and don't overlap."""
    masked = tuple(masked)
    pieces, position = [], 0
    for span in masked:
        pieces += [text[position : span.start], f"[{span.kind}]"]
        position = span.end
    return Anonymized("".join([*pieces, text[position:]]), masked)


def _join(text: str, spans: list[Masked]) -> list[Masked]:
    joined: list[Masked] = []
    for span in spans:
        last = joined[-1] if joined else None
        if (
            last
            and last.kind == span.kind == "NAME"
            and span.start - last.end <= 2
            and text[last.end : span.start].strip(" ,") == ""
            and "\n" not in text[last.end : span.start]
        ):
            joined[-1] = Masked("NAME", last.start, span.end)
        else:
            joined.append(span)
    return joined
