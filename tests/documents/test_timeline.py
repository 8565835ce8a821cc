"""The rules of time: which version of a document applies when, as the source's knowledge grows."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from assets.documents.timeline import (
    DatedRevision,
    TimelineEntry,
    ended,
    followed_by,
    from_history,
    is_present,
    keep_served,
)
from assets.lineage.moments import BEGINNING, OPEN


def revision(text: str, valid_from: int | None = None, valid_to: int | None = None) -> DatedRevision:
    return DatedRevision(text, valid_from, valid_to, "", False, "uri", "text/plain", f"raw-{text}", "structure", text)


def spans(entries: list[TimelineEntry]) -> list[tuple[str, int, int]]:
    return [(entry.version, entry.valid_from, entry.valid_to) for entry in entries]


def test_each_revision_of_a_history_applies_until_the_next() -> None:
    entries = from_history([revision("a", 10), revision("b", 20), revision("c", 30)], None)
    assert spans(entries) == [("a", 10, 20), ("b", 20, 30), ("c", 30, OPEN)]


def test_a_path_that_was_deleted_and_came_back_has_a_gap() -> None:
    entries = from_history([revision("a", 10, 15), revision("b", 20)], None)
    assert spans(entries) == [("a", 10, 15), ("b", 20, OPEN)]


def test_a_deleted_path_ends_at_its_deletion() -> None:
    assert spans(from_history([revision("a", 10)], 25)) == [("a", 10, 25)]


def test_a_revision_that_says_the_same_is_no_new_version() -> None:
    assert spans(from_history([revision("a", 10), revision("a", 20)], None)) == [("a", 10, OPEN)]


def test_of_two_revisions_with_one_date_the_last_counts() -> None:
    assert spans(from_history([revision("a", 10), revision("b", 10)], None)) == [("b", 10, OPEN)]


def test_an_undated_change_applies_from_the_look_that_found_it() -> None:
    first = followed_by([], [revision("a")], None, undated_from=BEGINNING)
    second = followed_by(first, [revision("b")], None, undated_from=50)
    assert spans(second) == [("a", BEGINNING, 50), ("b", 50, OPEN)]


def test_a_touched_file_changes_nothing() -> None:
    first = followed_by([], [revision("a")], None, undated_from=BEGINNING)
    assert followed_by(first, [revision("a")], None, undated_from=50) == first


def test_a_text_that_states_the_same_start_corrects_the_earlier_one() -> None:
    first = followed_by([], [revision("a", 10)], None, undated_from=5)
    assert spans(followed_by(first, [revision("b", 10)], None, undated_from=50)) == [("b", 10, OPEN)]


def test_a_text_that_begins_in_the_future_leaves_the_present_one_until_then() -> None:
    first = followed_by([], [revision("a")], None, undated_from=BEGINNING)
    later = followed_by(first, [revision("b", 1000)], None, undated_from=50)
    assert spans(later) == [("a", BEGINNING, 1000), ("b", 1000, OPEN)]


def test_a_text_that_only_states_a_past_end_applied_until_then() -> None:
    assert spans(followed_by([], [revision("a", None, 30)], None, undated_from=50)) == [("a", BEGINNING, 30)]


def test_served_entries_that_still_hold_are_kept_by_their_keys() -> None:
    served = [replace(entry, key=7) for entry in from_history([revision("a", 10)], None)]
    wanted = keep_served(from_history([revision("a", 10), revision("b", 20)], None), served)
    assert [entry.key for entry in wanted] == [None, None]
    assert keep_served(from_history([revision("a", 10)], None), served)[0].key == 7


histories = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.none() | st.integers(0, 60)), max_size=8
).map(lambda items: [revision(text, start, end) for text, start, end in items])


@given(histories, st.none() | st.integers(0, 60))
def test_at_every_moment_at_most_one_version_applies(revisions: list[DatedRevision], removed_at: int | None) -> None:
    entries = from_history(revisions, removed_at)
    for moment in range(-1, 62):
        assert sum(entry.valid_from <= moment < entry.valid_to for entry in entries) <= 1
    assert all(entry.valid_from < entry.valid_to for entry in entries)
    if removed_at is not None:
        assert not is_present(entries, removed_at)


@given(histories, histories)
def test_a_history_read_in_two_parts_is_the_history(first: list[DatedRevision], second: list[DatedRevision]) -> None:
    later = [replace(each, valid_from=(each.valid_from or 0) + 100, valid_to=None) for each in second]
    later.sort(key=lambda each: each.valid_from or 0)
    whole = from_history([*first, *later], None)
    parts = followed_by(from_history(first, None), later, None, undated_from=999)
    assert spans(parts) == spans(whole)


@given(histories, st.integers(0, 60))
def test_ending_twice_is_ending_once(revisions: list[DatedRevision], at: int) -> None:
    once = ended(from_history(revisions, None), at)
    assert ended(once, at) == once
