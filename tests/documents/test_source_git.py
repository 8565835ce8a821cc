"""A git repository as a source, on real ones: dated revisions, later commits, rewritten history, failed reads."""

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import (
    BadSource,
    Change,
    Changed,
    Known,
    Removed,
    SourceSpec,
    SourceUnavailable,
    Unchanged,
)
from assets.documents.sources.git import GitSource
from assets.documents.sources.git_history import Event, fold
from assets.documents.sources.git_repository import without_credentials
from assets.documents.sources.options import SourceOptions


class Repository:
    """A repository that a test commits to; `day` N is the N-th of January 2024."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "-b", "main")

    def git(self, *arguments: str, day: int = 1, env: dict[str, str] | None = None) -> str:
        date = f"2024-01-{day:02d}T12:00:00+02:00"
        identity = {
            f"GIT_{who}_{what}": "hr@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        environment = os.environ | identity | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} | (env or {})
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.path, env=environment, check=True, capture_output=True, text=True
        ).stdout

    def commit(self, day: int, **files: str | None) -> str:
        for name, text in files.items():
            path = self.path / f"{name.replace('__', '/')}.md"
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change", day=day)
        return self.git("rev-parse", "HEAD").strip()

    def bundle(self, to: Path, *refs: str) -> Path:
        self.git("bundle", "create", "--quiet", str(to), *(refs or ("main",)))
        return to


def day(number: int) -> datetime:
    return datetime(2024, 1, number, 10, tzinfo=UTC)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


class Follower:
    """A platform in small: it refreshes and keeps what it was told, in the contract's terms."""

    def __init__(self, location: Path | str, cache: Path, *include: str, ref: str | None = None) -> None:
        self.cache = cache
        self.known = Known()
        self.histories: dict[str, list[tuple[bytes, datetime | None, datetime | None]]] = {}
        self.point_to(location, *include, ref=ref)

    def point_to(self, location: Path | str, *include: str, ref: str | None = None) -> None:
        spec = SourceSpec(name="law", kind="regulation", location=str(location), ref=ref, include=include)
        self.source = GitSource(spec, cache=self.cache, options=SourceOptions())
        self.files: dict[str, str] = getattr(self, "files", {})

    def refresh(self, *, full: bool = False) -> list[Change]:
        changes = []
        for change in self.source.scan(self.known, full=full):
            changes.append(change)
            if isinstance(change, Removed):
                self.files.pop(change.path)
                self.histories[change.path] = []
            if not isinstance(change, Changed):
                continue
            told = [] if change.history else self.histories.get(change.path, [])
            for revision in change.revisions:
                assert revision.valid_from is not None
                if told and told[-1][2] is None:
                    told[-1] = (*told[-1][:2], revision.valid_from)
                told.append((revision.read(), revision.valid_from, revision.valid_to))
                self.files[change.path] = revision.fingerprint
            if change.removed_at is not None:
                if told:
                    told[-1] = (*told[-1][:2], change.removed_at)
                self.files.pop(change.path, None)
            self.histories[change.path] = told
        files = sorted(self.files.items())
        self.known = Known(self.source.state(), lambda: iter(files))
        return changes


@pytest.fixture
def follower(repository: Repository, tmp_path: Path) -> Follower:
    return Follower(repository.path, tmp_path / "cache")


def test_a_first_look_gives_every_revision_with_its_date(repository: Repository, follower: Follower) -> None:
    repository.commit(1, leave="old", pay="pay")
    second = repository.commit(3, leave="new")
    repository.commit(5, pay=None)
    changes = follower.refresh()
    assert follower.histories == {
        "leave.md": [(b"old", day(1), day(3)), (b"new", day(3), None)],
        "pay.md": [(b"pay", day(1), day(5))],
    }
    assert all(isinstance(change, Changed) and change.history for change in changes)
    assert isinstance(changes[0], Changed)
    assert changes[0].revisions[-1].uri == f"{repository.path}@{second}:leave.md"


def test_an_unchanged_repository_is_one_count_and_the_known_files_are_not_asked_for(
    repository: Repository, follower: Follower
) -> None:
    repository.commit(1, a="1", b="2")
    follower.refresh()

    def never() -> Iterator[tuple[str, str]]:
        raise AssertionError("the cost would grow with the corpus")

    assert list(follower.source.scan(Known(follower.known.state, never))) == [Unchanged(2)]


def test_later_commits_are_told_alone(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1", b="2", c="3")
    follower.refresh()
    look = follower.source.look()
    repository.commit(2, a="1b")
    repository.commit(3, a="1c", b=None, d="4")
    assert follower.source.look() != look
    a, b, d, unchanged = follower.refresh()
    assert [(change.path, change.history) for change in (a, b, d) if isinstance(change, Changed)] == [
        ("a.md", False),
        ("b.md", False),
        ("d.md", False),
    ]
    assert isinstance(b, Changed)
    assert (b.revisions, b.removed_at) == ((), day(3))
    assert unchanged == Unchanged(1)
    assert follower.histories["a.md"] == [(b"1", day(1), day(2)), (b"1b", day(2), day(3)), (b"1c", day(3), None)]
    assert follower.refresh() == [Unchanged(3)]


def test_a_deletion_leaves_a_gap_when_the_file_comes_back(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1")
    repository.commit(3, a=None)
    repository.commit(5, a="1")
    follower.refresh()
    assert follower.histories["a.md"] == [(b"1", day(1), day(3)), (b"1", day(5), None)]


def test_a_file_that_left_and_came_back_between_two_looks_has_its_gap(
    repository: Repository, follower: Follower
) -> None:
    repository.commit(1, a="1", b="2")
    follower.refresh()
    repository.commit(3, a=None)
    repository.commit(5, a="again")
    changes = follower.refresh()
    assert follower.histories["a.md"] == [(b"1", day(1), day(3)), (b"again", day(5), None)]
    assert Unchanged(1) in changes
    assert follower.refresh() == [Unchanged(2)]


def test_commits_in_one_second_count_as_the_last(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1")
    repository.commit(2, a="2", b="passing")
    repository.commit(2, a="3", b=None)
    follower.refresh()
    assert follower.histories == {"a.md": [(b"1", day(1), day(2)), (b"3", day(2), None)]}
    repository.commit(2, a="4", c="new")
    follower.refresh()
    assert follower.histories == {
        "a.md": [(b"1", day(1), day(2)), (b"4", day(2), None)],
        "c.md": [(b"new", day(2), None)],
    }


def test_dates_that_go_back_never_put_a_revision_before_the_one_that_it_replaced(
    repository: Repository, follower: Follower
) -> None:
    repository.commit(5, a="1")
    repository.commit(3, a="2")
    follower.refresh()
    assert follower.histories["a.md"] == [(b"2", day(5), None)]
    repository.commit(4, b="new")
    repository.commit(7, a="3")
    follower.refresh()
    assert follower.histories["a.md"] == [(b"2", day(5), day(7)), (b"3", day(7), None)]
    assert follower.histories["b.md"] == [(b"new", day(4), None)]


def test_renames_are_an_end_and_a_beginning(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1")
    repository.git("mv", "a.md", "b.md")
    repository.commit(2)
    follower.refresh()
    assert follower.histories == {"a.md": [(b"1", day(1), day(2))], "b.md": [(b"1", day(2), None)]}


def test_a_merge_dates_its_changes_by_the_merge(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1")
    repository.git("checkout", "--quiet", "-b", "draft")
    repository.commit(2, a="2", b="draft")
    repository.git("checkout", "--quiet", "main")
    repository.commit(3, c="3")
    follower.refresh()
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "draft", day=4)
    follower.refresh()
    assert follower.histories["a.md"] == [(b"1", day(1), day(4)), (b"2", day(4), None)]
    fresh = Follower(repository.path, follower.cache)
    fresh.refresh()
    assert fresh.histories == follower.histories


def test_a_force_push_replaces_the_history(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1")
    base = repository.commit(2, b="2")
    repository.commit(3, c="3", a="1 wrong")
    follower.refresh()
    repository.git("reset", "--quiet", "--hard", base)
    repository.commit(4, a="1 right")
    changes = follower.refresh()
    assert follower.histories["a.md"] == [(b"1", day(1), day(4)), (b"1 right", day(4), None)]
    gone = next(change for change in changes if change.path == "c.md")
    assert isinstance(gone, Changed)
    assert gone.history
    assert gone.revisions == ()
    assert follower.refresh() == [Unchanged(2)]
    repository.git("reset", "--quiet", "--hard", base)
    follower.refresh()
    assert follower.histories["a.md"] == [(b"1", day(1), None)]


def test_a_commit_that_is_no_longer_known_means_a_whole_look(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1")
    follower.refresh()
    repository.git("checkout", "--quiet", "--orphan", "new")
    repository.commit(5, a="2")
    repository.git("branch", "-D", "main")
    repository.git("branch", "-m", "main")
    repository.git("-c", "gc.reflogExpire=now", "reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    follower.refresh()
    assert follower.histories == {"a.md": [(b"2", day(5), None)]}


def test_other_globs_mean_a_whole_look(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1", policies__b="2")
    follower.refresh()
    look = follower.source.look()
    follower.point_to(repository.path, "policies/")
    assert follower.source.look() != look
    changes = follower.refresh()
    assert Removed("a.md") in changes
    assert list(follower.files) == ["policies/b.md"]


def test_a_full_scan_gives_every_text_again(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1", b="2")
    follower.refresh()
    assert [type(change) for change in follower.refresh(full=True)] == [Changed, Changed]


def test_links_submodules_hidden_files_and_pointers_are_no_documents(
    repository: Repository, follower: Follower
) -> None:
    (repository.path / "link.md").symlink_to("/etc/hostname")
    (repository.path / ".hidden.md").write_text("x")
    head = repository.commit(1, a="1", large="version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},module")
    repository.git("commit", "--quiet", "-m", "module", day=2)
    changes = [change for change in follower.source.scan(Known()) if isinstance(change, Changed)]
    assert [change.path for change in changes] == ["a.md", "large.md"]
    for change in follower.source.scan(Known()):
        assert isinstance(change, Changed)
        if change.path == "large.md":
            with pytest.raises(UnreadableDocument, match="git_lfs_pointer"):
                change.revisions[0].read()


def test_a_change_of_mode_is_no_revision(repository: Repository, follower: Follower) -> None:
    repository.commit(1, a="1")
    (repository.path / "a.md").chmod(0o755)
    repository.commit(2)
    follower.refresh()
    assert follower.histories["a.md"] == [(b"1", day(1), None)]


def test_odd_names_are_kept(repository: Repository, follower: Follower) -> None:
    for name in ("Urlaubsansprüche 2024.md", 'a "quoted" name.md', "tab\there.md"):
        (repository.path / name).write_text(name)
    repository.commit(1)
    follower.refresh()
    assert sorted(follower.histories) == ["Urlaubsansprüche 2024.md", 'a "quoted" name.md', "tab\\x09here.md"]


def test_a_file_over_the_limit_is_unreadable_and_the_next_one_is_read(repository: Repository, tmp_path: Path) -> None:
    repository.commit(1, a="x" * 3_000_000, b="small")
    spec = SourceSpec(name="law", kind="regulation", location=str(repository.path))
    source = GitSource(spec, cache=tmp_path / "cache", options=SourceOptions(max_bytes=1_000))
    contents = []
    for change in source.scan(Known()):
        assert isinstance(change, Changed)
        try:
            contents.append(change.revisions[0].read())
        except UnreadableDocument as problem:
            contents.append(problem.reason.encode())
    assert contents == [b"too_large", b"small"]


def test_a_bundle_and_its_later_editions_are_followed(repository: Repository, tmp_path: Path) -> None:
    repository.commit(1, a="1", b="2")
    bundle = repository.bundle(tmp_path / "law.bundle")
    follower = Follower(bundle, tmp_path / "cache")
    follower.refresh()
    look = follower.source.look()
    assert follower.source.look() == look
    repository.commit(2, a="1b")
    repository.bundle(bundle)
    assert follower.source.look() != look
    (changed, unchanged) = follower.refresh()
    assert isinstance(changed, Changed)
    assert (changed.path, changed.history, unchanged) == ("a.md", False, Unchanged(1))
    repository.git("checkout", "--quiet", "--orphan", "rewritten")
    repository.commit(9, a="other", b=None)
    repository.git("branch", "-M", "main")
    repository.bundle(bundle)
    follower.refresh()
    assert follower.histories["b.md"] == []
    assert sorted(follower.files) == ["a.md"]
    assert follower.histories["a.md"] == [(b"other", day(9), None)]


def test_a_bundle_that_is_missing_or_broken_is_unavailable(repository: Repository, tmp_path: Path) -> None:
    repository.commit(1, a="1")
    bundle = repository.bundle(tmp_path / "law.bundle")
    follower = Follower(bundle, tmp_path / "cache")
    follower.refresh()
    content = bundle.read_bytes()
    bundle.write_bytes(b"")
    for ask in (follower.source.look, follower.refresh):
        with pytest.raises(SourceUnavailable):
            ask()
    bundle.unlink()
    for ask in (follower.source.look, follower.refresh):
        with pytest.raises(SourceUnavailable, match="mounted"):
            ask()
    fresh = Follower(bundle, tmp_path / "other cache")
    bundle.write_bytes(content[:-30])
    with pytest.raises(SourceUnavailable):
        fresh.refresh()


def test_a_remote_repository_is_mirrored_and_refreshed_after_its_loss(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit(1, a="1")
    repository.git("tag", "-a", "v1", "-m", "first")
    repository.git("branch", "other")
    repository.commit(2, a="2")
    # A path is what git fetches from in the same way as from an address.
    bare = tmp_path / "server.git"
    repository.git("clone", "--quiet", "--bare", str(repository.path), str(bare))
    bundle = repository.bundle(tmp_path / "all.bundle", "--all")
    assert len(Follower(bare, tmp_path / "cache").refresh()) == 1
    for ref, expected in (("main", b"2"), ("other", b"1"), ("v1", b"1"), (first, b"1"), (None, b"2")):
        follower = Follower(bundle, tmp_path / "cache", ref=ref)
        follower.refresh()
        assert follower.histories["a.md"][-1][0] == expected
        assert follower.source.look() == follower.source.look()
    (mirror,) = (tmp_path / "cache").glob("*.git")
    (mirror / "HEAD").unlink()
    (mirror / "config.lock").touch()
    assert follower.refresh() == [Unchanged(1)]


@pytest.mark.parametrize("ref", ["nowhere", "0" * 40])
@pytest.mark.parametrize("bundled", [True, False])
def test_a_wrong_ref_is_told_with_what_there_is(
    repository: Repository, tmp_path: Path, ref: str, bundled: bool
) -> None:
    repository.commit(1, a="1")
    location = repository.bundle(tmp_path / "law.bundle") if bundled else repository.path
    follower = Follower(location, tmp_path / "cache", ref=ref)
    with pytest.raises(BadSource, match=r"main|[Bb]ranch"):
        follower.refresh()


@pytest.mark.parametrize("ref", ["--upload-pack=touch x", "-x", "a b", "a..b", "@{-1}", ""])
def test_a_ref_that_is_none_is_refused(tmp_path: Path, ref: str) -> None:
    with pytest.raises(BadSource, match="branch"):
        Follower(tmp_path, tmp_path / "cache", ref=ref)


def test_a_repository_without_commits_is_unavailable(repository: Repository, follower: Follower) -> None:
    with pytest.raises(SourceUnavailable, match="no commit"):
        follower.refresh()


def test_a_repository_that_is_broken_is_not_taken_for_the_one_around_it(tmp_path: Path) -> None:
    outer = Repository(tmp_path)
    outer.commit(1, a="1")
    inner = tmp_path / "inner"
    (inner / ".git").mkdir(parents=True)
    with pytest.raises(SourceUnavailable):
        Follower(inner, tmp_path / "cache").refresh()


def test_a_foreign_repository_runs_no_program_and_the_environment_does_not_lead_astray(
    repository: Repository, follower: Follower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repository(tmp_path / "other")
    other.commit(1, wrong="1")
    repository.commit(1, a="1")
    ran = tmp_path / "ran"
    for setting in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand"):
        repository.git("config", setting, f"touch {ran}")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    follower.refresh()
    assert list(follower.files) == ["a.md"]
    assert not ran.exists()


def test_transports_that_run_programs_are_refused(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    with pytest.raises(SourceUnavailable):
        Follower(f"git+ext::touch {ran}", tmp_path / "cache").refresh()
    assert not ran.exists()


def test_an_unreachable_server_is_unavailable_and_its_password_is_not_told(tmp_path: Path) -> None:
    follower = Follower("git+http://someone:secret-token@127.0.0.1:9/law.git", tmp_path / "cache")
    with pytest.raises(SourceUnavailable) as caught:
        follower.refresh()
    assert "127.0.0.1:9/law.git" in str(caught.value)
    assert "secret-token" not in str(caught.value)


def test_credentials_are_taken_out_of_addresses() -> None:
    assert without_credentials("https://me:token@example.com/a.git") == "https://example.com/a.git"
    assert without_credentials("ssh://git:pw@example.com/a.git") == "ssh://git@example.com/a.git"
    assert without_credentials("git@example.com:a.git") == "git@example.com:a.git"


EVENTS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["x", "y", None])), max_size=8)


@given(EVENTS)
def test_folded_histories_are_ordered_and_end_as_the_last_event_says(pairs: list[tuple[int, str | None]]) -> None:
    stays, removed_at = fold([Event(time, str(place), blob) for place, (time, blob) in enumerate(pairs)], existed=False)
    for one, following in pairwise(stays):
        assert one.start < following.start
        assert one.end is None or one.start < one.end < following.start
        assert one.blob != following.blob or one.end is not None
    last = pairs[-1][1] if pairs else None
    if last is not None:
        assert (stays[-1].blob, removed_at) == (last, None)
    else:
        assert (removed_at is None) == (not stays)


def shared(name: str) -> Path:
    default = Path(__file__).parents[3] / "shared" / "data"
    path = Path(os.environ.get("HRDP_SHARED_DATA", default)) / name
    if not path.exists():
        pytest.skip(f"the shared data is absent: {path}")
    return path


@pytest.mark.parametrize("name", ["handbooks/18f-handbook.bundle", "regulations/dc-code-title-32.bundle"])
def test_real_histories_agree_with_git_and_with_being_followed_commit_by_commit(tmp_path: Path, name: str) -> None:
    bundle = shared(name)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", "-b", "main", str(bundle), str(clone)], check=True, capture_output=True)

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=clone, check=True, capture_output=True, text=True).stdout

    whole = Follower(bundle, tmp_path / "cache")
    whole.refresh()
    assert sorted(whole.files) == sorted(
        path
        for path in git("-c", "core.quotePath=false", "ls-tree", "-r", "--name-only", "HEAD").splitlines()
        if not any(part.startswith(".") for part in path.split("/"))
    )
    busiest = sorted(whole.histories, key=lambda path: -len(whole.histories[path]))[:4]
    ended = [path for path in whole.histories if path not in whole.files][:4]
    assert ended
    for path in busiest + ended:
        told = whole.histories[path]
        log = [
            line.split() for line in git("log", "--format=%H %ct", "--no-renames", "--reverse", "--", path).splitlines()
        ]
        starts = [start for _, start, _ in told]
        ends = [told[-1][2]] if told[-1][2] else []
        assert {int(moment.timestamp()) for moment in [*starts, *ends] if moment} == {int(time) for _, time in log}
        for content, start, _ in told:
            assert start is not None
            commit = [commit for commit, time in log if int(time) == int(start.timestamp())][-1]
            shown = subprocess.run(["git", "show", f"{commit}:{path}"], cwd=clone, check=True, capture_output=True)
            assert content == shown.stdout
    commits = git("rev-list", "--first-parent", "--reverse", "HEAD").split()
    steps = Follower(clone, tmp_path / "other cache")
    for commit in [*commits[1 :: len(commits) // 12], commits[-1]]:
        git("checkout", "--quiet", commit)
        steps.refresh()
    assert steps.histories == whole.histories
    assert steps.files == whole.files


def test_a_server_is_asked_with_the_credentials_of_the_address(repository: Repository, tmp_path: Path) -> None:
    repository.commit(1, a="1", b="2")
    bare = tmp_path / "law.git"
    expected = "Basic " + base64.b64encode(b"someone:secret-token").decode()

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(tmp_path))

        def do_GET(self) -> None:
            if self.headers.get("Authorization") == expected:
                super().do_GET()
            else:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="law"')
                self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    def publish() -> None:
        shutil.rmtree(bare, ignore_errors=True)
        repository.git("clone", "--quiet", "--bare", str(repository.path), str(bare))
        subprocess.run(["git", "update-server-info"], cwd=bare, check=True)

    publish()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        place = f"127.0.0.1:{server.server_port}/law.git"
        try:
            follower = Follower(f"http://someone:secret-token@{place}", tmp_path / "cache")
            look = follower.source.look()
            first = follower.refresh()
            assert isinstance(first[0], Changed)
            assert first[0].revisions[0].uri.startswith(f"http://{place}@")
            repository.commit(2, a="1b")
            publish()
            assert follower.source.look() != look
            assert [type(change) for change in follower.refresh()] == [Changed, Unchanged]
            assert follower.histories["a.md"] == [(b"1", day(1), day(2)), (b"1b", day(2), None)]
            with pytest.raises(SourceUnavailable, match="access"):
                Follower(f"git+http://{place}", tmp_path / "other").refresh()
        finally:
            server.shutdown()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert b"secret-token" not in kept
