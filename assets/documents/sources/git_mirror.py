"""A local bare copy of a repository that is elsewhere: behind an address, or in a bundle file."""

import fcntl
import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assets.documents.sources.base import BadSource, SourceUnavailable
from assets.documents.sources.git_repository import GitFailed, GitRepository, without_credentials

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class GitMirror:
    """One ref of a repository elsewhere, kept under the platform's home; several mirrors of one address share the
    copy.
    """

    def __init__(self, url: str, ref: str | None, *, cache: Path, seconds: float) -> None:
        """`url` is what git takes as an address (a bundle's absolute path included), with or without credentials."""
        self._url = url
        self._address = without_credentials(url)
        self._ref = ref
        self._cache = cache
        self._seconds = seconds
        self._directory = cache / f"{hashlib.sha256(self._address.encode()).hexdigest()[:24]}.git"
        self._kept_as = f"refs/source/{hashlib.sha256((ref or '').encode()).hexdigest()[:24]}"

    def remote_head(self) -> str:
        """The id of the commit (or of the annotated tag) that the ref points at, over there; nothing is fetched."""
        return self._pinned() or self._choose()[1]

    def fetch(self) -> tuple[GitRepository, str]:
        """The copy, holding the ref's whole history, and the commit that it points at. Raises SourceUnavailable,
        BadSource.
        """
        pinned = self._pinned()
        name, wanted = ("", pinned) if pinned else self._choose()
        self._cache.mkdir(parents=True, exist_ok=True)
        with self._locked():
            copy = self._opened()
            if copy.answers("rev-parse", "--verify", "--quiet", self._kept_as) != wanted:
                if pinned:
                    self._fetch_commit(copy, pinned)
                else:
                    self._run(copy, f"+{name}:{self._kept_as}")
            commit = copy.answers("rev-parse", "--verify", "--quiet", f"{self._kept_as}^{{commit}}")
        if commit is None:
            raise BadSource(f"{self._ref!r} of {self._address} is no commit. Name a branch, a tag or a commit.")
        return copy, commit

    def _pinned(self) -> str | None:
        return self._ref if self._ref and _COMMIT.fullmatch(self._ref) else None

    def _choose(self) -> tuple[str, str]:
        """The full name of the ref, and the id that it points at."""
        if self._ref is None:
            refs = self._listed("HEAD", "refs/heads/*")
            branches = [name for name in refs if name.startswith("refs/heads/")]
            if not refs:
                raise SourceUnavailable(
                    f"{self._address} holds no branch with commits. Push one, or name a ref that it has."
                )
            for name in ("HEAD", *(branches if len(branches) == 1 else ()), "refs/heads/main", "refs/heads/master"):
                if name in refs:
                    return name, refs[name]
            raise BadSource(f"{self._address} has no default branch. Name one of its branches: {_some(branches)}.")
        candidates = (
            [self._ref] if self._ref.startswith("refs/") else [f"refs/heads/{self._ref}", f"refs/tags/{self._ref}"]
        )
        refs = self._listed(*candidates)
        for name in candidates:
            if name in refs:
                return name, refs[name]
        branches = [name for name in self._listed("refs/heads/*") if name.startswith("refs/heads/")]
        raise BadSource(
            f"{self._address} has no branch or tag {self._ref!r}. Its branches: {_some(branches) or 'none'}."
        )

    def _listed(self, *patterns: str) -> dict[str, str]:
        self._cache.mkdir(parents=True, exist_ok=True)
        try:
            lines = GitRepository(self._cache, seconds=self._seconds).run(
                "ls-remote", "--quiet", "--", self._address, *patterns, url=self._url
            )
        except GitFailed as error:
            raise self._unreachable(error) from None
        pairs = (line.split("\t", 1) for line in lines.splitlines())
        return {name: commit for commit, name in pairs}

    def _fetch_commit(self, copy: GitRepository, commit: str) -> None:
        present = ("cat-file", "-e", f"{commit}^{{commit}}")
        if copy.answers(*present) is None:
            try:
                self._run(copy, f"+{commit}:{self._kept_as}")
            except SourceUnavailable:
                # Not every server gives out commits by id; then they come with the branches.
                self._run(copy, "+refs/heads/*:refs/source/heads/*")
        if copy.answers(*present) is None:
            raise BadSource(
                f"No branch of {self._address} holds the commit {commit}. Name a branch, a tag or another commit."
            )
        copy.run("update-ref", self._kept_as, commit)

    def _run(self, copy: GitRepository, refspec: str) -> None:
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--force")
        try:
            copy.run("fetch", *options, "--", self._address, refspec, url=self._url)
        except GitFailed as error:
            raise self._unreachable(error) from None

    def _opened(self) -> GitRepository:
        copy = GitRepository(self._directory, seconds=self._seconds)
        if not self._directory.exists() or copy.answers("rev-parse", "--git-dir") is None:
            shutil.rmtree(self._directory, ignore_errors=True)
            GitRepository(self._cache, seconds=self._seconds).run(
                "init", "--bare", "--quiet", "--template=", str(self._directory)
            )
        # The lock is ours, so that these belong to a git that was killed.
        for left_over in [*self._directory.glob("*.lock"), *self._directory.glob("refs/**/*.lock")]:
            left_over.unlink(missing_ok=True)
        return copy

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self._directory.with_suffix(".lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _unreachable(self, error: GitFailed) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self._address} cannot be read: {error} Check the address, the network and your access to it."
        )


def _some(names: list[str]) -> str:
    short = [name.removeprefix("refs/heads/") for name in names]
    return ", ".join(short[:10]) + (", …" if len(short) > 10 else "")
