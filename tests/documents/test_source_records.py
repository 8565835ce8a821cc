"""A file of records as a source, on real files: documents, revisions with dates, bad lines, and writes half done."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.documents.sources.base import (
    Change,
    Changed,
    Known,
    Removed,
    SourceSpec,
    SourceUnavailable,
    Unchanged,
    Unreadable,
)
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.records import RecordsSource


def source_at(path: Path, *include: str, max_bytes: int = 1_000_000) -> RecordsSource:
    spec = SourceSpec(name="policies", kind="policy", location=str(path), include=include)
    return RecordsSource(spec, options=SourceOptions(max_bytes=max_bytes))


def write(path: Path, *records: dict[str, Any] | str) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    content = "".join(line + "\n" for line in lines).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def remember(source: RecordsSource) -> Known:
    changes = [change for change in source.scan(Known()) if isinstance(change, Changed)]
    files = [(change.path, change.revisions[-1].fingerprint) for change in changes]
    return Known(source.state(), lambda: iter(files))


def texts(source: RecordsSource, known: Known | None = None) -> dict[str, list[bytes]]:
    return {
        change.path: [revision.read() for revision in change.revisions]
        for change in source.scan(known or Known())
        if isinstance(change, Changed)
    }


def reasons(changes: list[Change]) -> dict[str, str]:
    return {change.path: change.reason for change in changes if isinstance(change, Unreadable)}


@pytest.mark.parametrize("name", ["policies.jsonl", "policies.jsonl.gz"])
def test_records_become_documents_whatever_their_order(tmp_path: Path, name: str) -> None:
    path = write(
        tmp_path / name,
        {"id": "pay", "text": "Pay.", "title": "On pay", "uri": "https://example.com/pay", "media_type": "text/html"},
        "",
        {"id": 7, "text": "Sieben Tage Überstunden.", "extra": [1]},
        {"id": "leave/annual", "text": ""},
    )
    changes = list(source_at(path).scan(Known()))
    assert [change.path for change in changes if isinstance(change, Changed)] == ["7", "leave/annual", "pay"]
    assert texts(source_at(path)) == {
        "7": ["Sieben Tage Überstunden.".encode()],
        "leave/annual": [b""],
        "pay": [b"Pay."],
    }
    seven, _, pay = changes
    assert isinstance(pay, Changed)
    assert isinstance(seven, Changed)
    told = pay.revisions[0]
    assert (told.title, told.uri, told.media_type) == ("On pay", "https://example.com/pay", "text/html")
    assert (pay.history, told.valid_from) == (False, None)
    assert seven.revisions[0].uri == f"{path.as_uri()}#7"


def test_only_what_a_record_says_counts_as_a_change(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", *({"id": name, "text": name} for name in "abcd"))
    source = source_at(path)
    known, look = remember(source), source.look()
    assert list(source.scan(known)) == [Unchanged(4)]
    write(path, {"text": "b", "id": "b", "note": 1}, {"id": "a", "text": "a", "title": "A"}, {"id": "d", "text": "D"})
    assert source.look() != look
    changes = list(source.scan(known))
    assert [change.path for change in changes if isinstance(change, Changed)] == ["a", "d"]
    assert [change for change in changes if not isinstance(change, Changed)] == [Removed("c"), Unchanged(1)]


def test_a_full_scan_gives_every_text_again(tmp_path: Path) -> None:
    source = source_at(write(tmp_path / "p.jsonl", {"id": "a", "text": "1"}, {"id": "b", "text": "2"}))
    known = remember(source)
    assert [change.path for change in source.scan(known, full=True) if isinstance(change, Changed)] == ["a", "b"]


def test_dated_records_of_one_id_are_its_revisions(tmp_path: Path) -> None:
    path = write(
        tmp_path / "p.jsonl",
        {"id": "leave", "text": "30 days", "valid_from": "2024-07-01T02:00:00+02:00"},
        {"id": "leave", "text": "25 days", "valid_from": "2020-01-01", "valid_to": "2025-01-01"},
        {"id": "leave", "text": "20 days", "valid_from": "2010-01-01", "valid_to": "2015-01-01T00:00:00Z"},
        {"id": "plain", "text": "x"},
    )
    changes = source_at(path).scan(Known())
    leave = next(changes)
    assert isinstance(leave, Changed)
    assert [(each.read(), each.valid_from, each.valid_to) for each in leave.revisions] == [
        (b"20 days", datetime(2010, 1, 1, tzinfo=UTC), datetime(2015, 1, 1, tzinfo=UTC)),
        (b"25 days", datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 7, 1, tzinfo=UTC)),
        (b"30 days", datetime(2024, 7, 1, tzinfo=UTC), None),
    ]
    plain = next(changes)
    assert isinstance(plain, Changed)
    assert (leave.history, plain.history) == (True, False)


def test_a_change_in_an_older_revision_is_noticed(tmp_path: Path) -> None:
    new = {"id": "leave", "text": "30 days", "valid_from": "2024-07-01"}
    path = write(tmp_path / "p.jsonl", new, {"id": "leave", "text": "25 days", "valid_from": "2020-01-01"})
    source = source_at(path)
    known = remember(source)
    write(path, new, {"id": "leave", "text": "24 days", "valid_from": "2020-01-01"})
    assert texts(source, known) == {"leave": [b"24 days", b"30 days"]}


def test_the_same_id_twice(tmp_path: Path) -> None:
    path = write(
        tmp_path / "p.jsonl",
        {"id": "same", "text": "1"},
        {"id": "same", "text": "1", "note": "again"},
        {"id": "differs", "text": "1"},
        {"id": "differs", "text": "2"},
        {"id": "one date", "text": "1", "valid_from": "2024-01-01"},
        {"id": "one date", "text": "2", "valid_from": "2024-01-01"},
        {"id": "half dated", "text": "1"},
        {"id": "half dated", "text": "2", "valid_from": "2024-01-01"},
        {"id": 1, "text": "1"},
        {"id": "1", "text": "one"},
    )
    changes = list(source_at(path).scan(Known()))
    assert [change.path for change in changes if isinstance(change, Changed)] == ["same"]
    assert reasons(changes) == dict.fromkeys(["1", "differs", "half dated", "one date"], "duplicate_id")
    (differs,) = [change for change in changes if isinstance(change, Unreadable) and change.path == "differs"]
    assert "Lines 3, 4" in differs.advice


def test_bad_lines_are_told_and_the_others_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "p.jsonl",
        {"id": "good", "text": "1"},
        "not json",
        "[1]",
        {"text": "no id"},
        {"id": True, "text": "x"},
        {"id": " ", "text": "x"},
        {"id": "a\nb", "text": "x"},
        "[" * 60_000,
        {"id": "no text"},
        {"id": "bad text", "text": 1},
        {"id": "half", "text": "\ud800"},
        {"id": "title", "text": "x", "title": 3},
        {"id": "date", "text": "x", "valid_from": "someday"},
        {"id": "year", "text": "x", "valid_from": 2024},
        {"id": "backwards", "text": "x", "valid_from": "2024-01-02", "valid_to": "2024-01-01"},
        {"id": "edge", "text": "x", "valid_from": "0001-01-01T00:00:00+14:00"},
        {"id": "long", "text": "x" * 2_000},
        {"id": "last", "text": "2"},
        {"id": "unreadable line 2", "text": "taken for another"},
    )
    with path.open("ab") as file:
        file.write(b'{"id": "caf\xe9", "text": "x"}\n')
    changes = list(source_at(path, max_bytes=1_000).scan(Known()))
    assert [change.path for change in changes if isinstance(change, Changed)] == ["good", "last"]
    assert reasons(changes) == {
        **dict.fromkeys((f"unreadable line {number}" for number in (2, 3, 8, 20)), "not_json"),
        **dict.fromkeys(
            ["unreadable line 4", "unreadable line 5", "unreadable line 6", "unreadable line 7", "unreadable line 19"],
            "bad_id",
        ),
        **dict.fromkeys(["no text", "bad text", "half"], "bad_text"),
        **dict.fromkeys(["date", "year", "backwards", "edge"], "bad_date"),
        "title": "bad_title",
        "long": "too_large",
    }


def test_a_line_without_end_is_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", "x" * 300_000, {"id": "a", "text": "1"})
    changes = list(source_at(path, max_bytes=1_000).scan(Known()))
    assert reasons(changes) == {"unreadable line 1": "too_large"}
    assert [change.path for change in changes if isinstance(change, Changed)] == ["a"]


def test_a_record_that_became_bad_is_not_removed(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", *({"id": name, "text": name} for name in "abc"))
    source = source_at(path)
    known = remember(source)
    write(path, {"id": "a", "text": 5}, {"id": "b", "text": "b"})
    first = list(source.scan(known))
    assert reasons(first) == {"a": "bad_text"}
    assert Removed("c") in first
    write(path, '{"id": "a", "te', {"id": "b", "text": "b"})
    second = list(source.scan(known))
    assert reasons(second) == {"unreadable line 1": "not_json", "a": "removal_uncertain", "c": "removal_uncertain"}
    assert not any(isinstance(change, Removed) for change in second)
    # The file is the same, and what is wrong with it is told again.
    assert reasons(list(source.scan(Known(source.state(), known.files)))) == reasons(second)


def test_a_file_that_is_missing_empty_or_cut_short_is_unavailable(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl.gz", *({"id": name, "text": name * 500} for name in "abc"))
    source = source_at(path)
    known = remember(source)
    content = path.read_bytes()
    for broken in (b"", content[:-12], content[:40], b"no gzip at all", content[:-8] + bytes(8)):
        path.write_bytes(broken)
        with pytest.raises(SourceUnavailable):
            list(source.scan(known))
    path.unlink()
    with pytest.raises(SourceUnavailable, match="mounted"):
        list(source.scan(known))
    with pytest.raises(SourceUnavailable, match="mounted"):
        source.look()


def test_one_empty_line_says_that_there_are_no_records(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", {"id": "a", "text": "1"})
    source = source_at(path)
    known = remember(source)
    path.write_text("\n")
    assert list(source.scan(known)) == [Removed("a")]


def test_a_file_written_to_while_it_is_read_is_unavailable(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", {"id": "a", "text": "1" * 50_000}, {"id": "b", "text": "2" * 50_000})
    changes = source_at(path).scan(Known())
    first = next(changes)
    assert isinstance(first, Changed)
    with path.open("r+b") as file:
        file.write(b"x" * 100_000)
    with pytest.raises(SourceUnavailable, match="rename"):
        first.revisions[0].read()
    with pytest.raises(SourceUnavailable, match="rename"):
        next(changes)


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": "a", "text": "1"}\r\n{"id": "b", "text": "2"}')
    assert texts(source_at(path)) == {"a": [b"1"], "b": [b"2"]}


def test_globs_select_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", {"id": "leave/a", "text": "1"}, {"id": "pay/a", "text": "2"})
    assert texts(source_at(path, "leave/")) == {"leave/a": [b"1"]}


IDS = st.text(alphabet="ab/-é\U0001f600", min_size=1, max_size=3)


@given(before=st.dictionaries(IDS, st.text(max_size=3)), now=st.lists(st.tuples(IDS, st.text(max_size=3)), max_size=8))
def test_scans_agree_with_comparing_dictionaries(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, str], now: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("records") / "p.jsonl"
    source = source_at(path)
    write(path, "", *({"id": name, "text": text} for name, text in before.items()))
    known = remember(source)
    later = dict(now)
    write(path, "", "", *({"id": name, "text": text} for name, text in later.items()))
    changes = list(source.scan(known))
    told = [change.path for change in changes if isinstance(change, Changed)]
    assert told == sorted(name for name, text in later.items() if before.get(name) != text)
    assert [change.path for change in changes if isinstance(change, Removed)] == sorted(before.keys() - later.keys())
    assert sum(change.count for change in changes if isinstance(change, Unchanged)) == len(later) - len(told)
