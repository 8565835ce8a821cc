import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.chunks.sentences import sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Use it for family care, e.g. a sick child, or for travel.",
        "As 29 U.S.C. § 201 says, hours over 40 count.",
        "Under § 32-531.02. of the Code leave accrues.",
        "§ 32-531.02. Provision of paid leave.",
        "Section 12.3. Overtime",
        "See No. 5 and Nos. 7 and 8 for the list.",
        "Dr. Rivera and Ms. Okafor decide within 3.5 days.",
        "D.C. Law 17-152 took effect on Jan. 1, 2009.",
        "Acme Corp. Benefits are described below.",
        "J. R. Smith signed the policy.",
        "The rate (approx. 1.5 percent, cf. Art. 4) applies.",
        "(a) An employer shall post a notice.",
        "1. An employer shall post a notice.",
        "iv. An employer shall post a notice.",
        "Employers v. Employees was decided in 1999.",
        "Wait... there is more to it.",
        "This paragraph runs\nover two lines without an end.",
    ],
)
def test_one_sentence_stays_one(text: str) -> None:
    assert sentences(text) == [text]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Leave accrues monthly.", "It may be carried over."),
        ("Is overtime paid?", "Yes, at time and a half."),
        ("Do not travel!", "Call first."),
        ("He said “no.”", "The manager agreed."),
        ("Snacks, drinks, etc.", "The team orders them."),
        ("The office is in the U.S.", "The rule is federal."),
        ("Leave begins at 9 a.m.", "It ends at noon."),
        ("The limit is 40.", "Hours above it are overtime."),
        ("This follows § 32-531.02.", "The employer must comply."),
        ("The answer is no.", "The reason is cost."),
        ("年假按月累计。", "可以结转！"),
        ("(a) Post a notice;", "(b) Keep records."),
        ("- Post a notice", "- Keep records"),
        ("## Sick leave", "Employees get five days."),
        ("| Years | Days |", "| 1 | 10 |"),
        ("One paragraph without an end", "and another."),
    ],
)
def test_two_sentences_are_two(first: str, second: str) -> None:
    between = "\n\n" if first.endswith("end") else "\n" if first[0] in "(-#|" else " "
    assert sentences(first + between + second) == [first, second]


def test_a_citation_inside_a_real_paragraph_of_law_ends_nothing() -> None:
    text = (
        "In the case of employees who are exempt under section 213(a)(1) of the Fair Labor Standards Act of 1938, approved "
        "June 25, 1938 (52 Stat. 1060; 29 U.S.C. § 201 et seq.), employees shall not accrue leave beyond a 40-hour week. "
        "The average shall be calculated by the Mayor pursuant to § 2-505."
    )
    assert [sentence[:24] for sentence in sentences(text)] == ["In the case of employees", "The average shall be cal"]


@given(
    st.text(
        st.sampled_from("aB1 .!?\n。…§#-*|()\"'“”\u0301😀") | st.characters(exclude_categories=["Cs"]), max_size=200
    )
)
def test_sentences_hold_every_visible_character_in_order(text: str) -> None:
    spans = sentence_spans(text)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


@pytest.mark.parametrize("unit", [".", "a.", ". ", "\n", '."', "# ", " ", "|\n", "§ 1. ", "A. ", "。", "((((", "**"])
def test_hostile_repetition_takes_no_more_than_linear_time(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    spans = sentence_spans(text)
    assert sum(end - start for start, end in spans) <= len(text)
