"""Which sentences a quote supports, and by which check a false one fails."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.answers.entailment import says_the_same
from assets.answers.facts import negations, numbers, parties
from assets.answers.meaning import Meanings


class Same:
    """Embeds everything alike: what fails here fails by words alone."""

    model_hash = "same"
    dimension = 2
    max_tokens = 256

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(np.array([1.0, 0.0], np.float32), (len(texts), 1))


MEANINGS = Meanings(Same())
VACATION = "Full-time employees earn 21 days of vacation in a calendar year; part-time employees earn 12 days."
PENALTY = "An employer shall not dismiss an employee within 120 days after a complaint, unless the Commissioner agrees."


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        (VACATION, VACATION),
        ("Gifts of up to $50 are allowed in a year.", "Gifts of up to $50 in value are allowed in a calendar year."),
        (
            "According to the handbook, notice is given 3 weeks ahead.",
            "Notice is given three weeks ahead. It is written.",
        ),
        ("The fee is $1,000.", "The fee is $1000."),
    ],
)
def test_a_sentence_that_says_what_its_quote_says_holds(sentence: str, quote: str) -> None:
    assert says_the_same(sentence, quote, MEANINGS) == ""


@pytest.mark.parametrize(
    ("sentence", "quote", "check"),
    [
        (VACATION.replace("21", "22"), VACATION, "numbers"),
        ("Gifts of up to €50 are allowed.", "Gifts of up to $50 are allowed.", "numbers"),
        ("Gifts of at least $50 are allowed.", "Gifts of up to $50 are allowed.", "numbers"),
        ("Notice is given 3 months ahead.", "Notice is given 3 weeks ahead.", "numbers"),
        ("Notice is given 10 calendar days ahead.", "Notice is given 10 working days ahead.", "numbers"),
        ("It ends on 30 May 2024.", "It ends on 30 June 2024.", "numbers"),
        (PENALTY.replace("shall not", "shall"), PENALTY, "negation"),
        (PENALTY.replace(", unless the Commissioner agrees", ""), PENALTY, "negation"),
        (PENALTY.replace("shall", "may"), PENALTY, "modal"),
        ("Notice is given after the end.", "Notice is given before the end.", "condition"),
        (PENALTY.replace("Commissioner", "Mayor"), PENALTY, "party"),
        (PENALTY.replace("An employer", "An employee").replace("an employee", "an employer", 1), PENALTY, "words"),
        ("Full-time employees earn 12 days.", VACATION, "words"),
        ("Part-time employees earn 21 days of vacation in a calendar year.", VACATION, "words"),
        ("Sick leave is paid in full.", "Annual leave is paid in full.", "words"),
    ],
)
def test_a_false_sentence_fails_by_the_check_that_finds_it(sentence: str, quote: str, check: str) -> None:
    assert says_the_same(sentence, quote, MEANINGS) == check


def test_numbers_are_read_in_digits_and_words_with_what_they_count() -> None:
    found = numbers("At least twenty-one days, $1,250.50 or 6 percent, by 30 June and half of it")
    assert [(each.value, each.bound) for each in found] == [
        ("21", "least"),
        ("1250.5", ""),
        ("6", ""),
        ("30", "before"),
        ("june", ""),
        ("half", ""),
    ]
    assert found[0].unit[0] == "day"
    assert found[1].unit[0] == "$"
    assert found[2].unit == ("%",)


def test_negations_and_parties_are_found() -> None:
    assert negations("It isn't paid without consent and never in cash.") == ["isn't", "without", "never"]
    assert parties("An employer tells the People Team and form PT-02 of the employee.")[0] == "employ"
