"""When which version of a document applies: pure rules that join what was known with what a source now says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assets.lineage.moments import BEGINNING, OPEN


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One version of a document from `valid_from` up to but without `valid_to` (moments).

    `version` is the hash of its canonical text, `raw` that of the bytes it was parsed from, `structure` that of its stored
    structure, `fingerprint` the source's own; `title_stated` says whether the source, not the text, gave the title. `key` is
    the catalogue's key where the entry is served already.
    """

    version: str
    valid_from: int
    valid_to: int
    title: str
    title_stated: bool
    uri: str
    media_type: str
    raw: str
    structure: str
    fingerprint: str
    key: int | None = None

    def same_claim(self, other: "TimelineEntry") -> bool:
        """Whether both say the same of the same time; where and how often it was read makes no difference."""
        return (
            self.version == other.version
            and self.valid_from == other.valid_from
            and self.valid_to == other.valid_to
            and self.title == other.title
            and self.structure == other.structure
        )


@dataclass(frozen=True, slots=True)
class DatedRevision:
    """A revision that was read and parsed. `valid_from` is None where neither source nor content knows a date."""

    version: str
    valid_from: int | None
    valid_to: int | None
    title: str
    title_stated: bool
    uri: str
    media_type: str
    raw: str
    structure: str
    fingerprint: str


def from_history(revisions: Sequence[DatedRevision], removed_at: int | None) -> list[TimelineEntry]:
    """The timeline that a source's whole history of a path makes; what was known before is replaced.

    Each revision applies from its date to the next one's, or to an earlier end that it states itself. Of several with one
    date the last counts.
    """
    ordered = sorted(revisions, key=lambda revision: _start(revision, BEGINNING))
    entries: list[TimelineEntry] = []
    for revision in ordered:
        entries = _succeed(entries, _entry(revision, _start(revision, BEGINNING)))
    if removed_at is not None:
        entries = ended(entries, removed_at)
    return _joined(entries)


def followed_by(
    known: Sequence[TimelineEntry], revisions: Sequence[DatedRevision], removed_at: int | None, *, undated_from: int
) -> list[TimelineEntry]:
    """The timeline after newer revisions arrived. An undated one applies from `undated_from`; one that says the same as the
    entry that it would follow changes nothing; one that states the start of a known entry corrects that entry."""
    entries = list(known)
    for revision in revisions:
        start = _start(revision, undated_from)
        last = entries[-1] if entries else None
        if (
            last is not None
            and revision.valid_from is None
            and last.version == revision.version
            and last.structure == revision.structure
            and last.title == revision.title
            and last.valid_to > start
            and revision.valid_to in (None, last.valid_to)
        ):
            continue
        entries = _succeed(entries, _entry(revision, start))
    if removed_at is not None:
        entries = ended(entries, removed_at)
    return _joined(entries)


def ended(known: Sequence[TimelineEntry], at: int) -> list[TimelineEntry]:
    """The timeline of a document that is gone from a moment on."""
    return [
        entry if entry.valid_to <= at else replace(entry, valid_to=at, key=None)
        for entry in known
        if entry.valid_from < at
    ]


def is_present(entries: Sequence[TimelineEntry], at: int) -> bool:
    """Whether some version applies at a moment or later."""
    return any(entry.valid_to > at for entry in entries)


def keep_served(wanted: Sequence[TimelineEntry], served: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """The wanted timeline, with each entry that is served already replaced by the served one."""
    remaining = list(served)
    kept: list[TimelineEntry] = []
    for entry in wanted:
        match = next((other for other in remaining if other.same_claim(entry)), None)
        if match is not None:
            remaining.remove(match)
        kept.append(match or replace(entry, key=None))
    return kept


def _start(revision: DatedRevision, undated: int) -> int:
    if revision.valid_from is not None:
        return revision.valid_from
    # A text that only says when it ended applied before that.
    return BEGINNING if revision.valid_to is not None and revision.valid_to <= undated else undated


def _entry(revision: DatedRevision, start: int) -> TimelineEntry:
    return TimelineEntry(
        version=revision.version,
        valid_from=start,
        valid_to=OPEN if revision.valid_to is None else max(revision.valid_to, start),
        title=revision.title,
        title_stated=revision.title_stated,
        uri=revision.uri,
        media_type=revision.media_type,
        raw=revision.raw,
        structure=revision.structure,
        fingerprint=revision.fingerprint,
    )


def _succeed(entries: list[TimelineEntry], newer: TimelineEntry) -> list[TimelineEntry]:
    """Puts a newer entry after the others; it takes over from its start on."""
    return [*ended(entries, newer.valid_from), newer]


def _joined(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Neighbours that say the same become one; empty intervals go."""
    joined: list[TimelineEntry] = []
    for entry in entries:
        if entry.valid_from >= entry.valid_to:
            continue
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.valid_to == entry.valid_from
            and (last.version, last.title, last.structure) == (entry.version, entry.title, entry.structure)
        ):
            joined[-1] = replace(last, valid_to=entry.valid_to, key=None)
        else:
            joined.append(entry)
    return joined
