"""The project's own resumes: the same anywhere, with a truth that is exact, hard enough to learn from."""

from collections import Counter
from itertools import pairwise

import pytest

from assets.labels.synthetic.careers import categories
from assets.labels.synthetic.generator import KEPT, PERSONAL, SyntheticResume, near_duplicate, resumes, skill_tags
from assets.labels.synthetic.layouts import LAYOUTS
from assets.labels.synthetic.openings import graded_matches, openings


@pytest.fixture(scope="module")
def drawn() -> list[SyntheticResume]:
    return list(resumes(400, 31))


def test_the_same_seed_gives_the_same_resumes_and_another_seed_others(drawn: list[SyntheticResume]) -> None:
    assert list(resumes(400, 31)) == drawn
    assert not {resume.text for resume in resumes(50, 32)} & {resume.text for resume in drawn}


def test_every_layout_and_every_category_is_drawn(drawn: list[SyntheticResume]) -> None:
    assert {resume.layout for resume in drawn} == set(LAYOUTS)
    assert {resume.category for resume in drawn} == set(categories())
    assert len(LAYOUTS) >= 12
    assert len(categories()) >= 12


def test_spans_lie_in_order_in_the_text_and_hold_what_they_say(drawn: list[SyntheticResume]) -> None:
    for resume in drawn:
        spans = sorted((*resume.personal, *resume.kept), key=lambda span: span.start)
        assert all(first.end <= second.start for first, second in pairwise(spans))
        for span in spans:
            said = resume.text[span.start : span.end]
            assert said.strip() == said != ""
            assert span.kind in (*PERSONAL, *KEPT)
            if span.kind == "EMAIL":
                assert "@" in said
        assert not any("\ue000" <= character <= "\ue002" for character in resume.text)


def test_every_kind_of_the_truth_occurs(drawn: list[SyntheticResume]) -> None:
    counts = Counter(span.kind for resume in drawn for span in (*resume.personal, *resume.kept))
    assert set(counts) == {*PERSONAL, *KEPT}
    assert min(counts.values()) >= 20


def test_an_edited_copy_is_the_same_persons_with_its_truth_still_exact(drawn: list[SyntheticResume]) -> None:
    for resume in drawn[:100]:
        copy = near_duplicate(resume, 1.0)
        assert (copy.person_id, copy.category) == (resume.person_id, resume.category)
        assert copy.text != resume.text
        personal = [resume.text[span.start : span.end] for span in resume.personal]
        assert [copy.text[span.start : span.end] for span in copy.personal] == personal
        words, copied = set(resume.text.split()), set(copy.text.split())
        assert len(words & copied) / len(words | copied) > 0.6


def test_near_duplicates_come_on_demand() -> None:
    persons = Counter(resume.person_id for resume in resumes(300, 5, near_duplicates=0.3))
    assert 60 <= 300 - len(persons) <= 120
    assert len({resume.resume_id for resume in resumes(300, 5, near_duplicates=0.3)}) == 300


def test_skill_tags_mark_the_skills(drawn: list[SyntheticResume]) -> None:
    for resume in drawn[:50]:
        tokens, tags = skill_tags(resume)
        assert tags.count("B-SKILL") == sum(span.kind == "SKILL" for span in resume.kept)
        assert len(tokens) == len(tags)
        assert not any(tag == "I-SKILL" and before == "O" for before, tag in pairwise(tags))


def test_matches_are_graded_and_the_best_share_the_family(drawn: list[SyntheticResume]) -> None:
    asked = {opening.opening_id: opening for opening in openings(30, 4)}
    by_id = {resume.resume_id: resume for resume in drawn}
    matches = list(graded_matches(drawn, asked.values()))
    assert len(matches) == 30 * len(drawn)
    assert {match.grade for match in matches} == {0, 1, 2, 3}
    for match in matches:
        if match.grade >= 2:
            assert by_id[match.resume_id].category == asked[match.opening_id].category
