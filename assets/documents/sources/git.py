"""A git repository as a source: every commit on the first-parent line of a ref is a dated revision of what it
touched.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import (
    BadSource,
    Change,
    Changed,
    Known,
    Removed,
    Revision,
    SourceSpec,
    SourceUnavailable,
    Unchanged,
)
from assets.documents.sources.comparison import compare
from assets.documents.sources.git_history import LOG_FORMAT, Commit, Event, fold, parse_log
from assets.documents.sources.git_mirror import GitMirror
from assets.documents.sources.git_repository import BlobReader, GitRepository, without_credentials
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.selection import Selection, safe_path
from assets.documents.sources.spool import Spool
from assets.documents.sources.state import dump_state, load_state

_TYPE = "git repository"
_ADDRESS = re.compile(r"(?:git\+)?(?:https?|ssh|git)://|[\w.-]+@[\w.-]+:(?!//)", re.ASCII)
_REF = re.compile(r"(?!-)(?!.*(?:\.\.|@\{))[^\s~^:?*\[\\\x00-\x1f\x7f]+")
_LARGE_FILE_POINTER = b"version https://git-lfs.github.com/spec/"


def _never_was(path: str) -> Change:
    """What a history that replaces another one says of a path that is in none of its commits."""
    return Changed(path, (), history=True, removed_at=datetime.now(UTC))


def is_git_address(location: str) -> bool:
    """Whether a location is an address that only git understands, rather than a path."""
    return location.startswith("git+") or _ADDRESS.match(location) is not None


def is_git_location(location: str) -> bool:
    """Whether a location is a repository: an address for git, a bundle file, a working tree or a bare repository."""
    if location.startswith("git+") or location.endswith(".bundle"):
        return True
    if _ADDRESS.match(location):
        return not location.startswith(("http://", "https://")) or location.rstrip("/").endswith(".git")
    path = Path(location).expanduser()
    return (path / ".git").exists() or all((path / part).exists() for part in ("HEAD", "objects", "refs"))


class GitSource:
    """The files of a repository at `ref`, with everything that they were before.

    A version is valid from its commit's committer date. Links, submodules, hidden files and junk are left out; what is
    not committed is not seen.
    """

    def __init__(self, spec: SourceSpec, *, cache: Path, options: SourceOptions) -> None:
        """Raises BadSource for a ref or glob that cannot be one."""
        if spec.ref is not None and not _REF.fullmatch(spec.ref):
            raise BadSource(f"{spec.ref!r} cannot be the name of a branch, tag or commit. Give a name such as 'main'.")
        self._ref = spec.ref
        self._selection = Selection(spec.include)
        self._options = options
        self._state: str | None = None
        self._mirror: GitMirror | None = None
        location = spec.location.removeprefix("git+")
        if _ADDRESS.match(location):
            self._address = without_credentials(location)
            self._mirror = GitMirror(location, spec.ref, cache=cache, seconds=options.git_seconds)
            return
        self._path = Path(location).expanduser().resolve()
        self._address = str(self._path)
        if location.endswith(".bundle"):
            self._mirror = GitMirror(self._address, spec.ref, cache=cache, seconds=options.git_seconds)

    def look(self) -> str:
        """The id that the ref points at; one question to a repository elsewhere, no fetch. Raises SourceUnavailable."""
        self._check_present()
        head = self._mirror.remote_head() if self._mirror else self._local()[1]
        return f"{head}:{self._selection.digest}" if self._selection.digest else head

    def scan(self, known: Known, *, full: bool = False) -> Iterator[Change]:
        """Every change since `known`.

        Where the last commit seen is on the first-parent line of the ref, only what came after it is looked at; else
        (first look, force-push, other globs, `full`) the whole history is yielded. Raises SourceUnavailable, BadSource.
        """
        self._state = None
        before = load_state(known, _TYPE)
        self._check_present()
        repository, head = self._mirror.fetch() if self._mirror else self._local()
        with repository.blobs() as blobs:
            if before is None or before["include"] != self._selection.digest:
                yield from self._whole(repository, blobs, head, known, Removed)
            elif full:
                yield from self._whole(repository, blobs, head, known, _never_was)
            elif before["commit"] == head:
                self._state = known.state
                if before["count"]:
                    yield Unchanged(before["count"])
            else:
                yield from self._later(repository, blobs, head, known, before)

    def state(self) -> str:
        """The commit seen, how many files it holds, and the newest date so far, as JSON; after a complete scan only."""
        if self._state is None:
            raise RuntimeError("The state of a source is known only after a complete scan.")
        return self._state

    def _whole(
        self, repository: GitRepository, blobs: BlobReader, head: str, known: Known, missing: Callable[[str], Change]
    ) -> Iterator[Change]:
        """Everything that any path ever was; `missing` tells what to say of a known path that is in no commit."""
        with Spool(columns=5) as spool:
            _, latest = self._collect(repository, spool, head)
            count = 0

            def listing() -> Iterator[tuple[str, str, Changed]]:
                nonlocal count
                for path, rows in spool.groups():
                    changed = self._changed(path, rows, blobs, history=True)
                    if changed is not None:
                        count += changed.removed_at is None
                        yield path, "", changed

            yield from compare(
                listing(), known.files(), lambda _path, _fingerprint, changed: changed, full=True, missing=missing
            )
        self._remember(head, count, latest)

    def _later(
        self, repository: GitRepository, blobs: BlobReader, head: str, known: Known, before: dict[str, Any]
    ) -> Iterator[Change]:
        """What the commits after the last one seen did, if `head` descends from it."""
        with Spool(columns=5) as spool:
            first, latest = None, before["latest"]
            if repository.answers("cat-file", "-e", f"{before['commit']}^{{commit}}") is not None:
                first, latest = self._collect(repository, spool, f"{before['commit']}..{head}")
            if first is None or first.parent != before["commit"]:
                yield from self._whole(repository, blobs, head, known, _never_was)
                return
            existed, exists, ambiguous = 0, 0, first.time <= before["latest"]
            touched: set[str] = set()
            for path, rows in spool.groups():
                events = list(rows)
                touched.add(path)
                existed += events[0][4]
                exists += events[-1][3] is not None
                ambiguous |= any(time <= before["latest"] for _, time, *_ in events)
                # A gap after what is known can be told only together with it.
                ambiguous |= bool(events[0][4]) and any(blob is None for *_, blob, _ in events[:-1])
            if ambiguous:
                yield from self._histories(repository, blobs, head, touched)
            else:
                for path, rows in spool.groups():
                    changed = self._changed(path, rows, blobs, history=False)
                    if changed is not None:
                        yield changed
        if before["count"] > existed:
            yield Unchanged(before["count"] - existed)
        self._remember(head, before["count"] - existed + exists, max(latest, before["latest"]))

    def _histories(self, repository: GitRepository, blobs: BlobReader, head: str, paths: set[str]) -> Iterator[Change]:
        """The whole history of some paths: new commits that are not dated after the old ones change what was told of
        those.
        """
        with Spool(columns=5) as spool:
            self._collect(repository, spool, head, paths)
            for path, rows in spool.groups():
                yield self._changed(path, rows, blobs, history=True) or Removed(path)

    def _collect(
        self, repository: GitRepository, spool: Spool, revisions: str, paths: set[str] | None = None
    ) -> tuple[Commit | None, int]:
        """Puts the changes on a line of commits into the spool, as rows of path, time, commit, blob and whether the
        path was there before. Gives the first commit and the newest date.
        """
        first: Commit | None = None
        commit = Commit("", 0, "")
        latest = 0
        arguments = ("log", "--first-parent", "--reverse", "--topo-order", *LOG_FORMAT, revisions, "--")
        for item in parse_log(repository.stream(*arguments)):
            if isinstance(item, Commit):
                commit = item
                first = first or commit
                latest = max(latest, commit.time)
                continue
            path = safe_path(item.path.decode("utf-8", "surrogateescape"))
            if path in paths if paths is not None else self._selection.wants(path):
                spool.add((path, commit.time, commit.commit, item.blob, int(item.existed)))
        return first, latest

    def _changed(
        self, path: str, rows: Iterable[tuple[Any, ...]], blobs: BlobReader, *, history: bool
    ) -> Changed | None:
        events = list(rows)
        stays, removed_at = fold(
            (Event(time, commit, blob) for _, time, commit, blob, _ in events),
            existed=not history and bool(events[0][4]),
        )
        if not stays and removed_at is None:
            return None
        revisions = tuple(
            Revision(
                fingerprint=f"git:{stay.blob}",
                read=partial(self._read, blobs, stay.blob),
                uri=f"{self._address}@{stay.commit}:{path}",
                valid_from=stay.start,
                valid_to=stay.end,
            )
            for stay in stays
        )
        return Changed(path, revisions, history=history, removed_at=removed_at)

    def _read(self, blobs: BlobReader, blob: str) -> bytes:
        content = blobs.read(blob, self._options.max_bytes)
        if content.startswith(_LARGE_FILE_POINTER):
            raise UnreadableDocument("git_lfs_pointer", "Commit the file itself; content in Git LFS is not fetched.")
        return content

    def _remember(self, head: str, count: int, latest: int) -> None:
        self._state = dump_state(_TYPE, commit=head, include=self._selection.digest, count=count, latest=latest)

    def _check_present(self) -> None:
        if not _ADDRESS.match(self._address) and not self._path.exists():
            raise SourceUnavailable(
                f"{self._address} is not there. Check that it exists and is mounted; nothing was taken as deleted."
            )

    def _local(self) -> tuple[GitRepository, str]:
        """The repository where it is, and the commit that the ref points at."""
        repository = GitRepository(self._path, seconds=self._options.git_seconds)
        repository.run("rev-parse", "--git-dir")
        wanted = self._ref or "HEAD"
        head = repository.answers("rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}")
        if head is not None:
            return repository, head
        if self._ref is None:
            raise SourceUnavailable(
                f"{self._address} has no commit yet. Commit its files, or name a ref that has some."
            )
        names = repository.run(
            "for-each-ref", "--count=10", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"
        )
        raise BadSource(
            f"{self._address} has no branch, tag or commit {wanted!r}. It has: {', '.join(names.split()) or 'none'}."
        )
