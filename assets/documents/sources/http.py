"""Web addresses as a source: one document an address, sent again only where the server says that it changed."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import (
    Change,
    Changed,
    Known,
    Removed,
    Revision,
    SourceSpec,
    SourceUnavailable,
    Unchanged,
    Unreadable,
)
from assets.documents.sources.git_repository import without_credentials
from assets.documents.sources.http_expansion import expand
from assets.documents.sources.http_fetch import Answer, Fetcher, Validators
from assets.documents.sources.http_lists import split_location
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.selection import Selection
from assets.documents.sources.state import dump_state, load_state

_TYPE = "web addresses"
# After so many failures and not one answer the network is down, and asking on would take hours.
_FAILURES_WITHOUT_ANSWER = 20


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an address held when it was last asked, by the hash of its content."""

    fingerprint: str
    validators: Validators


@dataclass(slots=True)
class _Memory:
    """What the servers said last: by path, and which addresses were lists. Losing it costs transfers, nothing else."""

    seen: dict[str, _Seen] = field(default_factory=dict)
    lists: set[str] | None = None

    def note(self, path: str, answer: Answer) -> str:
        """The fingerprint of what the answer says is there."""
        if answer.content is not None:
            fingerprint = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
            self.seen[path] = _Seen(fingerprint, answer.validators)
        return self.seen[path].fingerprint


class HttpSource:
    """The documents at one or several addresses, or at those that a sitemap or a `.txt` list of addresses names.

    A document's path is host and path. An address that answers 404 or 410 is removed; one that fails otherwise is
    unreadable; where all fail, or a list does, the source is unavailable.
    """

    def __init__(self, spec: SourceSpec, *, cache: Path, options: SourceOptions) -> None:
        """`cache` holds what servers said last. Raises BadSource for an address or glob that cannot be one."""
        self._seeds = split_location(spec.location)
        self._selection = Selection(spec.include)
        self._options = options
        self._cache = cache / f"{hashlib.sha256(spec.location.encode()).hexdigest()[:24]}.http.json"
        self._state: str | None = None

    def look(self) -> str:
        """A hash over what every address holds, one conditional request each. One that fails counts as it was last
        seen, so that a short failure is no change. Raises SourceUnavailable.
        """
        digest = hashlib.sha256()
        memory = self._remembered()
        with Fetcher(self._options) as fetcher:
            documents, memory.lists, _ = self._documents(fetcher, memory.lists)
            tally = _Tally(len(documents))
            for path, address in documents.items():
                before = memory.seen.get(path)
                try:
                    answer = fetcher.fetch(address, before.validators if before else None)
                except UnreadableDocument as problem:
                    tally.failed(problem)
                    told = before.fingerprint if before else "unreadable"
                else:
                    tally.answered = True
                    told = "gone" if answer.gone else memory.note(path, answer)
                digest.update(f"{path}\0{told}\n".encode())
        self._keep(memory, documents)
        return digest.hexdigest()

    def scan(self, known: Known, *, full: bool = False) -> Iterator[Change]:
        """Every change since `known`, in the memory of one document and of all addresses. Raises SourceUnavailable."""
        self._state = None
        before = load_state(known, _TYPE)
        files = dict(known.files())
        memory = self._remembered()
        unchanged = 0
        with Fetcher(self._options) as fetcher:
            documents, memory.lists, bad_entries = self._documents(fetcher, set(before["lists"]) if before else None)
            yield from bad_entries
            tally = _Tally(len(documents))
            for path, address in documents.items():
                fingerprint = files.pop(path, None)
                last = memory.seen.get(path)
                # The server may compare only with the content that the platform has.
                trusted = last is not None and last.fingerprint == fingerprint and not full
                try:
                    answer = fetcher.fetch(address, last.validators if last is not None and trusted else None)
                except UnreadableDocument as problem:
                    tally.failed(problem)
                    yield Unreadable(path, problem.reason, problem.advice)
                    continue
                tally.answered = True
                if answer.gone:
                    missing = Unreadable(path, "not_found", "The server has nothing there; correct the address.")
                    yield missing if fingerprint is None else Removed(path)
                    continue
                if memory.note(path, answer) == fingerprint and not full:
                    unchanged += 1
                else:
                    yield _changed(path, address, memory.seen[path].fingerprint, answer)
        for path in files:
            yield Removed(path)
        if unchanged:
            yield Unchanged(unchanged)
        self._keep(memory, documents)
        self._state = dump_state(_TYPE, lists=sorted(memory.lists))

    def state(self) -> str:
        """Which addresses were lists, as JSON; after a complete scan only."""
        if self._state is None:
            raise RuntimeError("The state of a source is known only after a complete scan.")
        return self._state

    def _documents(
        self, fetcher: Fetcher, lists_before: set[str] | None
    ) -> tuple[dict[str, str], set[str], list[Unreadable]]:
        """Path and address of each selected document, ascending by path; the lists; the bad entries in them."""
        expansion = expand(self._seeds, fetcher, lists_before)
        selected = {
            path: address for path, address in sorted(expansion.documents.items()) if self._selection.includes(path)
        }
        return selected, expansion.lists, expansion.bad_entries

    def _remembered(self) -> _Memory:
        try:
            kept = json.loads(self._cache.read_bytes())
            seen = {
                path: _Seen(each["fingerprint"], Validators(**each["validators"]))
                for path, each in kept["seen"].items()
            }
            return _Memory(seen, set(kept["lists"]))
        except (OSError, ValueError, KeyError, TypeError):
            return _Memory()

    def _keep(self, memory: _Memory, documents: dict[str, str]) -> None:
        seen = {path: asdict(memory.seen[path]) for path in documents if path in memory.seen}
        self._cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self._cache.parent, delete=False) as file:
            json.dump({"seen": seen, "lists": sorted(memory.lists or ())}, file)
        os.replace(file.name, self._cache)


class _Tally:
    """Whether any address answered."""

    def __init__(self, total: int) -> None:
        self.answered = False
        self._limit = min(total, _FAILURES_WITHOUT_ANSWER)
        self._failures = 0

    def failed(self, problem: UnreadableDocument) -> None:
        """Notes a failure. Raises SourceUnavailable where there is no answer to be hoped for."""
        self._failures += 1
        if not self.answered and self._failures >= self._limit:
            raise SourceUnavailable(f"No address of the source answers ({problem}) Nothing was taken as deleted.")


def _changed(path: str, address: str, fingerprint: str, answer: Answer) -> Changed:
    content = answer.content or b""
    uri = without_credentials(address)
    return Changed(
        path, (Revision(fingerprint=fingerprint, read=lambda: content, uri=uri, media_type=answer.media_type),)
    )
