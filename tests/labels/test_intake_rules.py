"""Which rows say something new: duplicates, votes, corrections and contradictions, whatever else is in the file."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.labels.intake.settling import Claim, claim, settle
from assets.labels.tasks import task_named

JOB, SKILLS, MATCH = (task_named(name) for name in ("job-category", "skills", "match"))


def said(
    person: str, text: str, label: str, at: int | None = None, opening: str | None = None, wording: str = ""
) -> Claim:
    task = JOB if opening is None else MATCH
    return claim(task, f"person-{person}", text, opening, label, at, wording or text, opening)


def numbered(*claims: Claim) -> list[tuple[int, Claim]]:
    return list(enumerate(claims, 1))


def test_the_same_row_is_kept_once() -> None:
    settled = settle(numbered(said("a", "T", "IT"), said("a", "T", "IT"), said("b", "U", "HR")), [said("b", "U", "HR")])
    assert (settled.accepted, settled.duplicates, settled.unique_resumes) == (1, 2, 2)
    assert settled.copies == {1: 2}


@pytest.mark.parametrize("at", [None, 5])
def test_every_wording_is_kept_once_whichever_came_first(at: int | None) -> None:
    small, large, other = (said("a", "t", "IT", at, wording=wording) for wording in ("t", "T", " t"))
    settled = settle(numbered(small, large, small, large), [])
    assert (settled.accepted, settled.duplicates, settled.kept) == (1, 3, {1, 2})
    assert settled.copies == {1: 2, 2: 2}
    for earlier in ([small, large], [large, small]):
        again = settle(numbered(large, other, small), earlier)
        assert (again.accepted, again.duplicates, again.kept) == (0, 3, {2})


def test_another_persons_copy_is_a_vote() -> None:
    settled = settle(numbered(said("a", "T", "IT"), said("b", "T", "IT"), said("c", "T", "HR")), [])
    assert (settled.accepted, settled.duplicates) == (1, 2)
    assert settled.kept == {1, 2, 3}


def test_labels_that_no_time_tells_apart_contradict_each_other() -> None:
    settled = settle(
        numbered(said("a", "T", "IT"), said("a", "T", "HR"), said("a", "T", "HR"), said("b", "U", "IT")), []
    )
    assert settled.contradicting == {1, 2, 3}
    assert (settled.accepted, settled.duplicates, settled.unique_resumes) == (1, 0, 1)


def test_what_is_not_the_latest_contradicts_nothing_and_nothing_stands_in_for_the_latest() -> None:
    old, other_old, new, other_new = (
        said("a", "T", label, at) for label, at in (("IT", 1), ("HR", 1), ("IT", 2), ("HR", 2))
    )
    assert settle(numbered(old, other_old, new), []).kept == {1, 2, 3}
    assert settle(numbered(old, new, other_new), []).contradicting == {1, 2, 3}
    assert settle(numbered(new, said("a", "T", "HR")), []).kept == {1, 2}
    assert settle(numbered(new, said("a", "T", "HR"), said("a", "T", "IT")), []).contradicting == {1, 2, 3}


def test_times_tell_a_correction_from_a_contradiction() -> None:
    settled = settle(numbered(said("a", "T", "IT", 1), said("a", "T", "HR", 2)), [])
    assert not settled.contradicting
    assert settled.kept == {1, 2}


def test_an_undated_label_that_comes_back_after_a_correction_is_kept() -> None:
    first, corrected = said("a", "T", "IT"), said("a", "T", "HR")
    assert settle(numbered(first), [first, corrected]).kept == {1}
    assert settle(numbered(corrected), [first, corrected]).kept == frozenset()


def test_a_dated_label_is_kept_once_wherever_it_came() -> None:
    first, corrected = said("a", "T", "IT", 1), said("a", "T", "HR", 2)
    assert settle(numbered(first, corrected), [first, corrected]).kept == frozenset()


def test_a_resume_may_have_a_grade_for_each_opening() -> None:
    one, two = said("a", "T", "3", opening="O"), said("a", "T", "1", opening="P")
    settled = settle(numbered(one, two, one), [])
    assert (settled.accepted, settled.duplicates, settled.unique_resumes) == (2, 1, 1)
    assert not settled.contradicting


def test_without_an_id_no_label_corrects_or_contradicts_another_in_whatever_order_they_come() -> None:
    one, two = (claim(JOB, "person-text-a", "T", None, label, None, "T", None) for label in ("IT", "HR"))
    assert settle(numbered(one, two, one), []).copies == {1: 2, 2: 1}
    assert settle(numbered(one, two), [two, one]).kept == frozenset()


def test_copies_in_the_file_are_counted_with_the_row_that_is_kept() -> None:
    one, dated, known = said("a", "T", "IT"), said("b", "T", "IT", 5), said("c", "T", "IT")
    assert settle(numbered(one, dated, known, one, dated, known, one), [known]).copies == {1: 3, 2: 2}


def test_sentences_of_one_person_stand_beside_each_other() -> None:
    sentences = [claim(SKILLS, "person-a", text, None, '{"spans": []}', None, text, None) for text in ("S", "T")]
    assert settle(numbered(*sentences), sentences).kept == frozenset()


_claims = st.builds(
    said, st.sampled_from("ab"), st.sampled_from("TU"), st.sampled_from(["IT", "HR"]), st.sampled_from([None, 1, 2])
)


@given(st.lists(_claims, max_size=12), st.lists(_claims, max_size=6))
def test_every_row_is_in_one_count_and_nothing_that_is_new_is_lost(file: list[Claim], earlier: list[Claim]) -> None:
    settled = settle(numbered(*file), earlier)
    assert settled.accepted + settled.duplicates + len(settled.contradicting) == len(file)
    assert settled.kept.isdisjoint(settled.contradicting)
    assert len(settled.kept) <= sum(settled.copies.values()) <= settled.accepted + settled.duplicates
    known = set(earlier)
    for row, each in numbered(*file):
        if row not in settled.contradicting and each not in known:
            assert row in settled.kept
            known.add(each)


@given(st.lists(_claims, max_size=8))
def test_what_came_in_comes_in_again_as_nothing_where_every_label_has_a_time(file: list[Claim]) -> None:
    dated = [replace(each, labelled_at=each.labelled_at or 3) for each in file]
    kept = settle(numbered(*dated), []).kept
    earlier = [each for row, each in numbered(*dated) if row in kept]
    assert settle(numbered(*earlier), earlier).kept == frozenset()
