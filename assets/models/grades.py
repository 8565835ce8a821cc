"""What grades are worth: how much a ranking gains by an opening that a resume fits so well."""

from collections.abc import Collection

_NAMED = ("no fit", "potential fit", "good fit")
_SPELLINGS = {"not a fit": "no fit", "bad fit": "no fit", "partial fit": "potential fit", "fit": "good fit"}


class UnknownGrade(ValueError):
    """Grades that can't be put in an order; the message says what to write."""


def gains(grades: Collection[str]) -> dict[str, float]:
    """The gain of each grade, 2**grade - 1 (C. Burges et al., "Learning to rank using gradient descent", 2005).

    Grades are numbers of zero or more, or names such as No Fit, Potential Fit, Good Fit. Raises UnknownGrade.
    """
    return {grade: 2.0 ** _level(grade) - 1.0 for grade in grades}


def _level(grade: str) -> float:
    try:
        level = float(grade)
    except ValueError:
        name = " ".join(grade.casefold().split())
        name = _SPELLINGS.get(name, name)
        if name not in _NAMED:
            raise UnknownGrade(
                f"a grade of the task match is no number and none of {', '.join(_NAMED)}: write grades as numbers, the"
                " better a fit the larger"
            ) from None
        return float(_NAMED.index(name))
    if not 0 <= level <= 30:
        raise UnknownGrade("a grade of the task match lies outside of 0 to 30: write numbers from 0 (no fit) on")
    return level
