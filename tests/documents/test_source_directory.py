"""A directory as a source, on real files: what is listed, what counts as changed, and what never counts as deleted."""

import os
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
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
    Unreadable,
)
from assets.documents.sources.comparison import compare
from assets.documents.sources.directory import DirectorySource
from assets.documents.sources.options import SourceOptions


def source_at(root: Path, *include: str, max_bytes: int = 1_000_000) -> DirectorySource:
    spec = SourceSpec(name="handbook", kind="handbook", location=str(root), include=include)
    return DirectorySource(spec, options=SourceOptions(max_bytes=max_bytes))


def write(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".md").write_text(text)


def remember(source: DirectorySource) -> Known:
    changes = [change for change in source.scan(Known()) if isinstance(change, Changed)]
    files = [(change.path, change.revisions[-1].fingerprint) for change in changes]
    return Known(source.state(), lambda: iter(files))


def paths(changes: list[Change]) -> list[str]:
    return [change.path for change in changes if isinstance(change, Changed)]


def test_a_first_scan_gives_every_file_with_its_bytes(tmp_path: Path) -> None:
    write(tmp_path, leave="Leave.", benefits__health="Health.")
    changes = list(source_at(tmp_path).scan(Known()))
    assert paths(changes) == ["benefits/health.md", "leave.md"]
    assert all(isinstance(change, Changed) and not change.history for change in changes)
    first = changes[0]
    assert isinstance(first, Changed)
    assert first.revisions[0].read() == b"Health."
    assert first.revisions[0].uri == (tmp_path / "benefits/health.md").as_uri()


def test_nothing_changed_is_one_count(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2", c__d="3")
    source = source_at(tmp_path)
    known = remember(source)
    assert list(source.scan(known)) == [Unchanged(3)]


def test_added_changed_replaced_and_removed_files_are_each_told(tmp_path: Path) -> None:
    write(tmp_path, kept="1", edited="2", replaced="3", gone="4")
    source = source_at(tmp_path)
    known, look = remember(source), source.look()
    write(tmp_path, edited="2 and more", added="5")
    # Same size and same time as before: only the inode tells.
    status = (tmp_path / "replaced.md").stat()
    write(tmp_path, other="X")
    os.utime(tmp_path / "other.md", ns=(status.st_atime_ns, status.st_mtime_ns))
    (tmp_path / "other.md").rename(tmp_path / "replaced.md")
    (tmp_path / "gone.md").unlink()
    changes = list(source.scan(known))
    assert paths(changes) == ["added.md", "edited.md", "replaced.md"]
    assert [change for change in changes if not isinstance(change, Changed)] == [Removed("gone.md"), Unchanged(1)]
    assert source.look() != look


def test_a_look_stays_the_same_while_nothing_changes(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2")
    source = source_at(tmp_path)
    look = source.look()
    assert source.look() == look
    (tmp_path / "a.md").rename(tmp_path / "c.md")
    assert source.look() != look


def test_a_full_scan_gives_every_text_again(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2")
    source = source_at(tmp_path)
    assert paths(list(source.scan(remember(source), full=True))) == ["a.md", "b.md"]


def test_a_missing_directory_is_unavailable_and_removes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "handbook"
    root.mkdir()
    write(root, a="1")
    source = source_at(root)
    known = remember(source)
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(SourceUnavailable, match="mounted"):
        list(source.scan(known))
    with pytest.raises(SourceUnavailable):
        source.look()


def test_a_directory_that_cannot_be_listed_makes_the_source_unavailable(ordinary_folder: Path) -> None:
    write(ordinary_folder, a="1", locked__b="2")
    source = source_at(ordinary_folder)
    known = remember(source)
    (ordinary_folder / "locked").chmod(0)
    try:
        with pytest.raises(SourceUnavailable):
            list(source.scan(known))
    finally:
        (ordinary_folder / "locked").chmod(0o755)


def test_a_directory_that_fails_in_mid_listing_makes_the_source_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, a="1", locked__b="2")
    source = source_at(tmp_path)
    known = remember(source)
    scandir = os.scandir

    def failing(path: str) -> object:
        if path.endswith("locked"):
            raise OSError(5, "Input/output error")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(SourceUnavailable, match="Input/output error"):
        list(source.scan(known))
    with pytest.raises(RuntimeError):
        source.state()


def test_an_empty_directory_is_a_complete_listing(tmp_path: Path) -> None:
    write(tmp_path, a="1", b="2")
    source = source_at(tmp_path)
    known = remember(source)
    for file in tmp_path.iterdir():
        file.unlink()
    assert list(source.scan(known)) == [Removed("a.md"), Removed("b.md")]


def test_an_empty_directory_on_another_device_looks_unmounted(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    source = source_at(tmp_path)
    known = remember(source)
    (tmp_path / "a.md").unlink()
    assert known.state is not None
    elsewhere = known.state.replace(str(tmp_path.stat().st_dev), str(tmp_path.stat().st_dev + 1))
    with pytest.raises(SourceUnavailable, match="not mounted"):
        list(source.scan(Known(elsewhere, known.files)))


def test_a_state_of_another_kind_of_source_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    with pytest.raises(SourceUnavailable, match="git repository"):
        list(source_at(tmp_path).scan(Known('{"type":"git repository"}')))


def test_hidden_files_and_junk_are_left_out(tmp_path: Path) -> None:
    for name in (".git/HEAD", ".DS_Store", "~$leave.docx", "leave.md~", ".leave.md.swp", "x.tmp", "Thumbs.db", "#a#"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("junk")
    write(tmp_path, leave="Leave.")
    assert paths(list(source_at(tmp_path).scan(Known()))) == ["leave.md"]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (("*.md",), ["a.md", "policies/b.md", "policies/old/c.md"]),
        (("policies/*.md",), ["policies/b.md"]),
        (("policies/**",), ["policies/b.md", "policies/d.txt", "policies/old/c.md"]),
        (("policies/", "!old/"), ["policies/b.md", "policies/d.txt"]),
        (("!*.md",), ["policies/d.txt"]),
    ],
)
def test_globs_select(tmp_path: Path, include: tuple[str, ...], expected: list[str]) -> None:
    write(tmp_path, a="1", policies__b="2", policies__old__c="3")
    (tmp_path / "policies/d.txt").write_text("4")
    assert paths(list(source_at(tmp_path, *include).scan(Known()))) == expected


@pytest.mark.parametrize("glob", ["", "  ", "# all", "!"])
def test_a_glob_without_meaning_is_refused(tmp_path: Path, glob: str) -> None:
    with pytest.raises(BadSource, match="glob"):
        source_at(tmp_path, glob)


def test_links_are_followed_only_inside_and_loops_end(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(root, kept="inside", folder__deep="deep")
    write(outside, secret="outside")
    (root / "alias.md").symlink_to("kept.md")
    (root / "leak.md").symlink_to(outside / "secret.md")
    (root / "leak").symlink_to(outside)
    (root / "dangling.md").symlink_to("nowhere.md")
    (root / "self.md").symlink_to("self.md")
    (root / "folder/up").symlink_to("..")
    changes = list(source_at(root).scan(Known()))
    assert paths(changes) == ["alias.md", "folder/deep.md", "kept.md"]
    reasons = {change.path: change.reason for change in changes if isinstance(change, Unreadable)}
    assert reasons == {
        "leak.md": "link_leads_outside",
        "leak": "link_leads_outside",
        "dangling.md": "broken_link",
        "self.md": "broken_link",
    }


def test_the_target_of_a_link_is_watched(tmp_path: Path) -> None:
    write(tmp_path, kept="inside")
    (tmp_path / "alias.md").symlink_to("kept.md")
    source = source_at(tmp_path)
    known = remember(source)
    write(tmp_path, kept="edited inside")
    assert paths(list(source.scan(known))) == ["alias.md", "kept.md"]


def test_a_known_file_that_became_a_bad_link_is_not_removed(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    source = source_at(tmp_path)
    known = remember(source)
    (tmp_path / "a.md").unlink()
    (tmp_path / "a.md").symlink_to("nowhere")
    assert [(type(change), change.path) for change in source.scan(known) if not isinstance(change, Unchanged)] == [
        (Unreadable, "a.md")
    ]


def test_pipes_are_never_opened(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    os.mkfifo(tmp_path / "pipe.md")
    changes = list(source_at(tmp_path).scan(Known()))
    assert paths(changes) == ["a.md"]
    assert isinstance(changes[0], Changed)
    (tmp_path / "a.md").unlink()
    os.mkfifo(tmp_path / "a.md")
    with pytest.raises(UnreadableDocument, match="not_a_file"):
        changes[0].revisions[0].read()


def test_a_file_that_vanishes_before_it_is_read_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path, a="1")
    (change,) = source_at(tmp_path).scan(Known())
    (tmp_path / "a.md").unlink()
    assert isinstance(change, Changed)
    with pytest.raises(UnreadableDocument, match="vanished"):
        change.revisions[0].read()


def test_a_file_over_the_limit_is_unreadable(tmp_path: Path) -> None:
    write(tmp_path, a="12345", b="1234")
    big, small = source_at(tmp_path, max_bytes=4).scan(Known())
    assert isinstance(big, Changed)
    assert isinstance(small, Changed)
    assert small.revisions[0].read() == b"1234"
    with pytest.raises(UnreadableDocument, match="too_large"):
        big.revisions[0].read()


def test_a_write_right_after_the_read_is_noticed(tmp_path: Path) -> None:
    source = source_at(tmp_path)
    for text in ("abc", "xyz", "uvw"):
        write(tmp_path, a=text)
        (change,) = source.scan(Known())
        assert isinstance(change, Changed)
        assert change.revisions[0].read() == text.encode()
        files = [("a.md", change.revisions[0].fingerprint)]
        known = Known(source.state(), partial(iter, files))
        write(tmp_path, a=text.upper())
        assert paths(list(source.scan(known))) == ["a.md"]


def test_names_that_cannot_be_ids_are_written_so_that_they_can(tmp_path: Path) -> None:
    (tmp_path / "line\nbreak.md").write_text("1")
    try:
        os.close(os.open(os.fsencode(tmp_path) + b"/caf\xe9.md", os.O_CREAT | os.O_WRONLY))
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    changes = list(source_at(tmp_path).scan(Known()))
    assert paths(changes) == ["caf\\xe9.md", "line\\x0abreak.md"]
    assert isinstance(changes[0], Changed)
    assert changes[0].revisions[0].read() == b""


NAMES = st.text(alphabet="ab-./ é\U0001f600~", min_size=1, max_size=4).map(lambda text: text.replace("/", "_"))


@settings(max_examples=60, deadline=None)
@given(trees=st.lists(st.lists(NAMES, min_size=1, max_size=3), max_size=12))
def test_paths_come_in_the_order_of_their_code_points(
    tmp_path_factory: pytest.TempPathFactory, trees: list[list[str]]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    written = set()
    for parts in trees:
        path = root.joinpath(*(f"n{part}" for part in parts))
        if not any(parent.is_file() for parent in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x")
            written.add(path.relative_to(root).as_posix())
    wanted = sorted(path for path in written if not any(part.endswith("~") for part in path.split("/")))
    source = source_at(root)
    known = remember(source)
    assert [path for path, _ in known.files()] == wanted
    assert list(source.scan(known)) == ([Unchanged(len(wanted))] if wanted else [])


FILES = st.dictionaries(st.text(alphabet="ab-/é\U0001f600", min_size=1, max_size=3), st.sampled_from("123"))


@given(before=FILES, now=FILES, full=st.booleans())
def test_comparing_agrees_with_comparing_whole_dictionaries(
    before: dict[str, str], now: dict[str, str], full: bool
) -> None:
    listing = [(path, now[path], None) for path in sorted(now)]
    changes = list(
        compare(listing, iter(sorted(before.items())), lambda path, *_: Unreadable(path, "changed", ""), full=full)
    )
    told = [change.path for change in changes if isinstance(change, Unreadable)]
    assert told == [path for path in sorted(now) if full or before.get(path) != now[path]]
    assert [change.path for change in changes if isinstance(change, Removed)] == sorted(before.keys() - now.keys())
    assert sum(change.count for change in changes if isinstance(change, Unchanged)) == len(now) - len(told)


def test_comparing_refuses_what_is_out_of_order() -> None:
    def describe(path: str, _fingerprint: str, _entry: None) -> Change:
        return Unreadable(path, "changed", "")

    with pytest.raises(SourceUnavailable, match="order"):
        list(compare([("b", "1", None), ("a", "1", None)], iter([]), describe, full=False))
    with pytest.raises(ValueError, match="order"):
        list(compare([], iter([("b", "1"), ("a", "1")]), describe, full=False))
