"""From the addresses of a location to those of its documents: sitemaps and lists of addresses are read and followed."""

from collections.abc import Collection
from dataclasses import dataclass, field

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import BadSource, SourceUnavailable, Unreadable
from assets.documents.sources.git_repository import without_credentials
from assets.documents.sources.http_fetch import Fetcher
from assets.documents.sources.http_lists import AddressList, document_path, may_be_list, normalize_address, parse_list
from assets.documents.sources.selection import safe_path

_MOST_ADDRESSES = 50_000
_DEEPEST_LIST = 2


@dataclass(frozen=True, slots=True)
class Expansion:
    """Path and address of every document; which addresses of the location are lists; entries of lists that are no
    addresses.
    """

    documents: dict[str, str] = field(default_factory=dict)
    lists: set[str] = field(default_factory=set)
    bad_entries: list[Unreadable] = field(default_factory=list)


def expand(seeds: list[str], fetcher: Fetcher, lists_before: Collection[str] | None) -> Expansion:
    """The documents at the seeds and at whatever the lists among them name.

    `lists_before` are the seeds that were lists the last time, None where there was none. Raises SourceUnavailable
    where a list cannot be had, or is none any more: an error page in its place names no documents, and must not remove
    them all.
    """
    expansion = Expansion()
    waiting = [(seed, 0) for seed in reversed(seeds)]
    while waiting:
        address, depth = waiting.pop()
        shown = without_credentials(address)
        found = None
        if depth or may_be_list(address):
            required = depth > 0 or lists_before is None or shown in lists_before
            found = _read_list(address, fetcher, required=required)
            if found is None and (depth or shown in (lists_before or ())):
                raise SourceUnavailable(
                    f"{shown} should be a list of addresses and is none. Repair it; nothing was taken as deleted."
                )
        if found is None:
            expansion.documents.setdefault(document_path(address), address)
            continue
        if not depth:
            expansion.lists.add(shown)
        if found.nested and depth >= _DEEPEST_LIST:
            raise SourceUnavailable(f"{shown} lies too deep in lists of lists. Name the inner lists themselves.")
        for entry in found.addresses:
            try:
                target = normalize_address(entry)
            except BadSource:
                name = without_credentials(safe_path(entry))[:200]
                expansion.bad_entries.append(Unreadable(name, "bad_address", "Correct this address in the list."))
                continue
            if found.nested:
                waiting.append((target, depth + 1))
            else:
                expansion.documents.setdefault(document_path(target), target)
        if len(expansion.documents) + len(waiting) > _MOST_ADDRESSES:
            raise SourceUnavailable(
                f"The lists name more than {_MOST_ADDRESSES} addresses. Split them into several sources."
            )
    return expansion


def _read_list(address: str, fetcher: Fetcher, *, required: bool) -> AddressList | None:
    """The list at an address, None where it is an ordinary document. Raises SourceUnavailable if it is required and
    fails.
    """
    try:
        answer = fetcher.fetch(address)
    except UnreadableDocument as problem:
        reason = str(problem)
    else:
        if answer.content is not None:
            return parse_list(address, answer.content)
        reason = "the server has nothing there."
    if required:
        raise SourceUnavailable(
            f"The list {without_credentials(address)} cannot be read: {reason} Nothing was taken as deleted."
        )
    return None
