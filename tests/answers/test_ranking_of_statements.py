"""What counts for and against a statement, before its meaning."""

import pytest

from assets.answers.saying import announces, asks, shouts
from assets.answers.sizes import fits


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("An employer with 100 or more employees grants seven days.", 1.0),
        ("An employer with at least 25, but not more than 99, employees grants five days.", -1.0),
        ("An employer with 24 or fewer employees grants three days.", -1.0),
        ("A firm with 100 to 200 employees grants six days.", 1.0),
        ("An employer grants three days.", 0.0),
    ],
)
def test_a_rule_for_employers_of_a_size_fits_a_question_that_names_one_of_it(rule: str, expected: float) -> None:
    assert fits("How many days does a company with 150 employees grant?", [rule]) == [expected]


def test_a_question_without_a_size_fits_every_rule_alike() -> None:
    assert fits("How many days are granted?", ["An employer with 24 or fewer employees grants three days."]) == [0.0]


def test_titles_questions_and_announcements_are_told_from_rules() -> None:
    rule = "The balance is due within 3 days."
    assert [shouts(rule), asks(rule), announces(rule)] == [False, False, False]
    assert shouts("FINAL PAY: A NOTICE FOR THE REGION")
    assert asks("What happens when I leave?")
    assert announces("This notice is for employers in the coastal districts.")
