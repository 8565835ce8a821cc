"""Comparing an ordered listing with what the last refresh left behind, in one pass and in constant memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from assets.documents.sources.base import Change, Removed, SourceUnavailable, Unchanged

Entry = TypeVar("Entry")


def compare(
    listing: Iterable[tuple[str, str, Entry]],
    known: Iterator[tuple[str, str]],
    describe: Callable[[str, str, Entry], Change],
    *,
    full: bool,
    missing: Callable[[str], Change] = Removed,
) -> Iterator[Change]:
    """The changes between `known` (path, fingerprint) and `listing` (path, fingerprint, entry), both ascending by path.

    `describe` tells what to say of a listed path whose fingerprint is not the known one (of every path with `full`);
    `missing` what to say of a known path that is not listed. Raises ValueError where `known`, SourceUnavailable where
    `listing` is not in ascending order, since a path out of place would pass for a deleted one.
    """
    unchanged = 0
    last_listed = last_known = ""
    known_path, known_fingerprint = next(known, (None, ""))
    for path, fingerprint, entry in listing:
        if path <= last_listed:
            raise SourceUnavailable(
                f"The listing is not in ascending order at {path!r}, so that nothing can be concluded from it."
            )
        last_listed = path
        while known_path is not None and known_path < path:
            yield missing(known_path)
            last_known = known_path
            known_path, known_fingerprint = _following(known, last_known)
        if known_path == path:
            same = known_fingerprint == fingerprint
            last_known = path
            known_path, known_fingerprint = _following(known, last_known)
            if same and not full:
                unchanged += 1
                continue
        yield describe(path, fingerprint, entry)
    while known_path is not None:
        yield missing(known_path)
        last_known = known_path
        known_path, known_fingerprint = _following(known, last_known)
    if unchanged:
        yield Unchanged(unchanged)


def _following(known: Iterator[tuple[str, str]], last: str) -> tuple[str | None, str]:
    path, fingerprint = next(known, (None, ""))
    if path is not None and path <= last:
        raise ValueError(f"The known files are not in ascending order of path by code point: {path!r} after {last!r}.")
    return path, fingerprint
