"""What every kind of source answers: whether it looks different from before, and which paths changed, with their
revisions.

A source knows nothing of the catalogue. It compares what it holds with the fingerprints that it gave at the last
refresh.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source as its owner registered it."""

    name: str
    kind: str
    location: str
    jurisdiction: str | None = None
    ref: str | None = None
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """One text that a path held. `read` gives its bytes and is called at most once, before the next change is asked
    for; it raises UnreadableDocument where this one file cannot be had (what was served of it stays, its fingerprint
    must not be kept, so that the next refresh tries again) and SourceUnavailable where the whole source fell away.

    `fingerprint` changes whenever the bytes may have changed. `valid_from` is None where the source knows no date: the
    platform then takes the time of the refresh. `title` and `media_type` are None where only the content can tell.
    """

    fingerprint: str
    read: Callable[[], bytes]
    uri: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    title: str | None = None
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A path whose text is new or may have changed: its revisions, oldest first.

    With `history`, they are everything that the source knows of the path and replace what was known of it (a first look
    at a git repository, a force-push, records with dates); without, they follow what was known (a later look).
    `removed_at` is set where the source knows that the path ended after the last of them (git: the date of the commit
    that deleted it). `revisions` may be empty only with `removed_at` set.
    """

    path: str
    revisions: tuple[Revision, ...]
    history: bool = False
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Removed:
    """A path that a complete, successful listing no longer holds, in a source that knows no date of its end."""

    path: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """`count` further paths whose fingerprint is what it was; they are not named, so that looking at them stays
    cheap.
    """

    count: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A path that is there but could not be read; what was served of it stays. `reason` and `advice` as in
    UnreadableDocument.
    """

    path: str
    reason: str
    advice: str


Change = Changed | Removed | Unchanged | Unreadable


@dataclass(frozen=True, slots=True)
class Known:
    """What the last refresh of a source left behind.

    `state` is the opaque text that the source's last complete scan returned (None: never refreshed). `files` gives
    (path, fingerprint of its latest revision) in ascending order of path (by Unicode code point) for every path that is
    there now; it may be called more than once and streams.
    """

    state: str | None = None
    files: Callable[[], Iterator[tuple[str, str]]] = field(default=lambda: iter(()))


class SourceUnavailable(Exception):
    """The source as a whole could not be listed, or only in part. Nothing may be concluded about what it holds."""


class BadSource(SourceUnavailable):
    """What the owner asked for cannot be: a wrong location, ref or glob. Its text says what to do; trying again does
    not help.
    """


class Source(Protocol):
    """A place that documents come from."""

    def look(self) -> str:
        """A fingerprint of everything that the source holds, as cheap as the source allows; equal means nothing
        changed.

        Raises SourceUnavailable.
        """
        ...

    def scan(self, known: Known, *, full: bool = False) -> Iterator[Change]:
        """Every change since `known`, streamed. With `full`, fingerprints are not trusted: every text is yielded as
        Changed (the platform then compares content). Raises SourceUnavailable, possibly after some changes were
        yielded: the caller has to drop those.
        """
        ...

    def state(self) -> str:
        """After a scan was exhausted: the text to hand to the next one as `Known.state`; at most some kilobytes."""
        ...
