"""The section that a quote stands in, and how it read at other times."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.chunks.structure import Leaf, leaves
from assets.documents.model import ParsedDocument
from assets.documents.showing import DocumentVersion, parsed, show
from assets.platform import Platform

_LEAST_ALIKE = 0.5
"""From which share of common words on a section under other headings is taken for the same one."""

_MOST_VERSIONS = 60
"""How many versions are read in each direction from the one that is asked about."""


@dataclass(frozen=True, slots=True)
class SectionPlace:
    """A section of a version: a heading with its own text, up to the next heading; characters `start` to `end`."""

    headings: tuple[str, ...]
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """How a section read from `valid_from` up to `valid_to` (ISO 8601, None for an open end): its place in `version`, one of the
    versions of that time, or None where the document was without it."""

    version: str
    valid_from: str | None
    valid_to: str | None
    place: SectionPlace | None


@dataclass(frozen=True, slots=True)
class SectionHistory:
    """The readings of a section, oldest first. `asked` is the position of the one that was asked about; `complete` says whether
    all of the document's versions were looked at."""

    document_id: str
    readings: tuple[Reading, ...]
    asked: int
    complete: bool


def section_at(document: ParsedDocument, position: int) -> SectionPlace:
    """The section that a character of the text stands in. Raises ValueError for a position outside of the text."""
    if not 0 <= position < len(document.text):
        raise ValueError("the position is outside of the document's text")
    found = leaves(document)
    before = [leaf for leaf in found if leaf.blocks[0].start <= position]
    return _place(document, before[-1] if before else found[0])


def history(
    platform: Platform, document_id: str, version: str, position: int, as_of: int | None = None
) -> SectionHistory:
    """How the section at a character of a version read in the document's other versions. Where the version applied several
    times, `as_of` picks one.

    Raises DocumentMissing, StorageError, and ValueError for a position outside of the text.
    """
    shown = show(platform, document_id, version=version, as_of=as_of)
    section = section_at(parsed(platform, shown), position)
    timeline = shown.versions
    if shown.shown not in timeline:
        # It was corrected since: what is in force now has no place for it.
        only = Reading(shown.shown.version, shown.shown.valid_from, shown.shown.valid_to, section)
        return SectionHistory(document_id, (only,), 0, True)
    middle = timeline.index(shown.shown)
    first, last = max(0, middle - _MOST_VERSIONS), min(len(timeline), middle + _MOST_VERSIONS + 1)
    places: dict[int, SectionPlace | None] = {middle: section}
    for steps in (range(middle - 1, first - 1, -1), range(middle + 1, last)):
        known = section
        for number in steps:
            places[number] = _again(platform, document_id, timeline[number], known)
            known = places[number] or known
    runs: list[list[int]] = []
    for number in range(first, last):
        if runs and _goes_on(timeline, places, number):
            runs[-1].append(number)
        else:
            runs.append([number])
    asked = next(place for place, run in enumerate(runs) if middle in run)
    readings = tuple(
        Reading(timeline[chosen].version, timeline[run[0]].valid_from, timeline[run[-1]].valid_to, places[chosen])
        for run in runs
        for chosen in [middle if middle in run else run[-1]]
    )
    return SectionHistory(document_id, readings, asked, first == 0 and last == len(timeline))


def _again(
    platform: Platform, document_id: str, version: DocumentVersion, section: SectionPlace
) -> SectionPlace | None:
    """The same section in another version; None where it has none."""
    document = parsed(platform, show(platform, document_id, version=version.version))
    found = [_place(document, leaf) for leaf in leaves(document)]
    named = [place for place in found if place.headings == section.headings]
    alike = [(_alike(place.text, section.text), place) for place in named or found]
    share, best = max(alike, key=lambda pair: pair[0])
    return best if named or share >= _LEAST_ALIKE else None


def _goes_on(timeline: Sequence[DocumentVersion], places: Mapping[int, SectionPlace | None], number: int) -> bool:
    """Whether a version follows the one before without a gap, and its section reads the same."""
    before, place = places[number - 1], places[number]
    if timeline[number - 1].valid_to != timeline[number].valid_from:
        return False
    return before is place is None or (before is not None and place is not None and before.text == place.text)


def _place(document: ParsedDocument, leaf: Leaf) -> SectionPlace:
    start, end = leaf.blocks[0].start, leaf.blocks[-1].end
    return SectionPlace(tuple(heading.text for heading in leaf.path), start, end, document.text[start:end])


def _alike(one: str, other: str) -> float:
    """The share of words that two texts have in common, 0 to 1."""
    words, others = Counter(one.casefold().split()), Counter(other.casefold().split())
    return 2 * (words & others).total() / max(1, words.total() + others.total())
