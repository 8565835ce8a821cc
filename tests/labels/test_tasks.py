"""What each task makes of its labels: their one form, where they are in an anonymized text, what they count for."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.anonymizing.model import KINDS, Anonymized, Masked, replace
from assets.labels.reading.refusals import Unusable
from assets.labels.tasks import TASKS, task_named
from assets.labels.tasks.match import grade
from assets.labels.tasks.names import plain_name
from assets.labels.tasks.skills import Skills
from assets.labels.tasks.spans import Span, checked, moved, read_back, written
from assets.labels.tasks.tags import joined, spans_of

WORD = st.text("abcdefgh", min_size=1, max_size=6)


@st.composite
def labelled_and_masked(draw: st.DrawFn) -> tuple[str, list[Span], Anonymized]:
    """A text, spans in it (which may overlap), and the same text with some other characters masked."""
    text = " ".join(draw(st.lists(WORD, min_size=1, max_size=12)))
    place = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(place, place), max_size=6))
    spans = [
        Span(min(pair), max(pair), draw(st.sampled_from(["SKILL", "KNOWLEDGE"])))
        for pair in pairs
        if pair[0] != pair[1]
    ]
    borders = sorted(draw(st.sets(place, max_size=8)))
    chosen = zip(borders[::2], borders[1::2], strict=False)
    return text, spans, replace(text, [Masked(draw(st.sampled_from(KINDS)), start, end) for start, end in chosen])


@given(labelled_and_masked())
def test_spans_keep_their_words_when_a_text_is_masked(case: tuple[str, list[Span], Anonymized]) -> None:
    text, spans, anonymized = case
    whole = [
        span for span in spans if not any(item.start < span.end and span.start < item.end for item in anonymized.masked)
    ]
    found = moved(spans, anonymized)
    assert [(anonymized.text[start:end], kind) for start, end, kind in found] == [
        (text[start:end], kind) for start, end, kind in whole
    ]
    # Between two of them stands what stood there, with its placeholders.
    for (before, after), (old_before, old_after) in zip(pairwise(found), pairwise(whole), strict=True):
        if old_before.end <= old_after.start:
            between = [item for item in anonymized.masked if old_before.end <= item.start < old_after.start]
            shifted = [Masked(item.kind, item.start - old_before.end, item.end - old_before.end) for item in between]
            expected = replace(text[old_before.end : old_after.start], shifted).text
            assert anonymized.text[before.end : after.start] == expected


@given(labelled_and_masked())
def test_a_masked_label_is_canonical_again(case: tuple[str, list[Span], Anonymized]) -> None:
    text, spans, anonymized = case
    try:
        label = written(checked(spans, text))
    except Unusable:
        return
    carried = Skills().carried_over(label, anonymized)
    assert written(checked(read_back(carried), anonymized.text)) == carried


def test_a_skill_beside_a_name_stays_and_one_in_it_goes() -> None:
    text = "Zuzanna Xhaferi\nzuzanna@mail.com\nPython and SQL"
    label = written([Span(0, 7, "SKILL"), Span(text.index("Python"), text.index("Python") + 6, "SKILL")])
    anonymized = anonymize(text)
    assert anonymized.text == "[NAME]\n[EMAIL]\nPython and SQL"
    (span,) = read_back(Skills().carried_over(label, anonymized))
    assert anonymized.text[span.start : span.end] == "Python"


@given(st.lists(st.tuples(WORD, st.sampled_from("BIO")), min_size=1, max_size=12))
def test_tags_come_back_from_the_spans_or_are_refused(tagged: list[tuple[str, str]]) -> None:
    tokens, tags = [token for token, _ in tagged], [tag for _, tag in tagged]
    is_valid = not any(after == "I" and before == "O" for before, after in zip(["O", *tags], tags, strict=False))
    if not is_valid:
        with pytest.raises(Unusable) as problem:
            spans_of(tokens, tags, "SKILL")
        assert problem.value.reason == "invalid_bio"
        return
    spans = spans_of(tokens, tags, "SKILL")
    text = joined(tokens)
    starts = [len(" ".join(tokens[:number])) + (number > 0) for number in range(len(tokens))]
    again = [
        next(("B" if start == span.start else "I" for span in spans if span.start <= start < span.end), "O")
        for start in starts
    ]
    assert again == tags
    assert all(text[span.start : span.end].strip() == text[span.start : span.end] for span in spans)


def test_tags_may_name_their_kinds() -> None:
    tokens = ["knows", "Python", "well", "and", "leads"]
    found = spans_of(tokens, ["O", "B-Knowledge", "I-Knowledge", "O", "B-soft skill"], None)
    text = joined(tokens)
    assert [(text[start:end], kind) for start, end, kind in found] == [
        ("Python well", "KNOWLEDGE"),
        ("leads", "SOFT_SKILL"),
    ]
    with pytest.raises(Unusable) as problem:
        spans_of(tokens, ["B-A", "I-B", "O", "O", "O"], None)
    assert problem.value.reason == "invalid_bio"
    with pytest.raises(Unusable) as problem:
        spans_of(tokens, ["B", "O", "O", "O", "O"], None)
    assert problem.value.reason == "bad_tags"


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ("  Data   Science ", "Data Science"),
        ("HR", "HR"),
        ("Cafe\u0301", "Café"),
        (7, "7"),
        ("C++ / .NET", "C++ / .NET"),
    ],
)
def test_a_label_has_one_form(stated: object, name: str) -> None:
    assert plain_name(stated) == name


@pytest.mark.parametrize(
    "stated", ["x" * 81, "a\nb", "=1+1", "+49", "@x", "-x", "a\x00", "a\u200bb", "...", None, 1.5, True, ["HR"]]
)
def test_what_is_no_name_is_no_label(stated: object) -> None:
    with pytest.raises(Unusable) as problem:
        plain_name(stated)
    assert problem.value.reason == "bad_label"


@pytest.mark.parametrize(
    ("stated", "label"),
    [(3, "3"), (3.0, "3"), ("3.0", "3"), ("0.50", "0.5"), ("-1", "-1"), ("1e2", "100"), (" Good Fit", "Good Fit")],
)
def test_a_grade_has_one_form(stated: object, label: str) -> None:
    assert grade(stated) == label


def test_what_a_label_counts_for() -> None:
    label = json.dumps({"spans": [[0, 3, "SKILL"], [1, 2, "KNOWLEDGE"], [4, 5, "SKILL"]]})
    assert TASKS["skills"].classes(label) == ("KNOWLEDGE", "SKILL")
    assert TASKS["skills"].classes('{"spans":[]}') == ()
    assert TASKS["job-category"].classes("HR") == ("HR",)
    assert TASKS["match"].classes("3") == ("3",)


@pytest.mark.parametrize("task", ["job-category", "match"])
def test_a_label_of_the_whole_text_stays_when_it_is_masked(task: str) -> None:
    assert task_named(task).carried_over("HR", anonymize("Zuzanna Xhaferi\nPython")) == "HR"
