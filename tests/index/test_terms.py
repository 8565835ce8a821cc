"""What the keyword side takes from a text."""

from hypothesis import given
from hypothesis import strategies as st

from assets.index.terms import terms


def test_forms_of_a_word_meet() -> None:
    assert terms("Accrued leaves") == terms("accruing LEAVE") == terms("accrues, leave!")
    assert terms("the employer's duties") == terms("employer’s duty") == terms("Employers: duty")
    assert terms("part-time employment") == terms("part time employment") == terms("part‑time employment")


def test_section_numbers_stay_whole() -> None:
    for text, number in (
        ("§ 32-531.02. Provision of leave", "32-531.02"),
        ("section 32–531.02(a)(1)", "32-531.02"),
        ("Rule \u200e18.8.2 applies", "18.8.2"),
        ("as of 2023-06-30,", "2023-06-30"),
        ("at least $1,250.50 a week", "1250.50"),
    ):
        assert number in terms(text)
    assert "32-531.02" not in terms("§ 32-531.03")
    assert terms("30-day notice") == terms("30 day notices")


def test_how_a_question_is_put_does_not_matter() -> None:
    assert terms("What must an employer do when wages are owed?") == terms("employers owe wages")[:1] + terms(
        "wages owed"
    )
    assert terms("the of and whether") == []


def test_scripts_and_accents_survive() -> None:
    assert terms("Résumé und Straße") == ["résumé", "und", "strass"]
    assert terms("e\u0301tude") == terms("étude")
    assert terms("休暇 の 規則") == ["休暇", "の", "規則"]


@given(st.text())
def test_terms_survive_being_stored_with_spaces(text: str) -> None:
    found = terms(text)
    assert " ".join(found).split() == found
    assert all(found)
