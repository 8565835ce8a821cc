"""Whether a rule is for as many employees as a question names."""

import re
from collections.abc import Sequence

from assets.answers import facts
from assets.index.terms import terms

_COUNTED = frozenset(terms("employees workers staff people persons"))
_RANGE = re.compile(
    r"\b(\d+) (?:to|and|-|–) (\d+) (?:\w+ )?(?:employees|workers)|at least (\d+),? but (?:no|not) more than (\d+)",
    re.IGNORECASE,
)


def fits(question: str, texts: Sequence[str]) -> list[float]:
    """For each text 1 where the number of people that a question names lies within the text's bounds, -1 where it lies
    outside, 0 where one of them names none."""
    named = [value for value, bound in _counts(question) if not bound]
    if not named:
        return [0.0] * len(texts)
    return [_fit(named[0], text) for text in texts]


def _fit(named: float, text: str) -> float:
    between = _RANGE.search(text)
    if between:
        low, high = (float(number) for number in between.groups() if number)
        return 1.0 if low <= named <= high else -1.0
    holds = [
        {"least": named >= value, "most": named <= value, "over": named > value, "under": named < value}[bound]
        for value, bound in _counts(text)
        if bound in ("least", "most", "over", "under")
    ]
    return 0.0 if not holds else 1.0 if all(holds) else -1.0


def _counts(text: str) -> list[tuple[float, str]]:
    """Each number of people in a text with its bound."""
    return [
        (float(number.value), number.bound)
        for number in facts.numbers(text)
        if _COUNTED.intersection(number.unit) and number.value.replace(".", "", 1).isdigit()
    ]
