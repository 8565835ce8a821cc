"""Whether a candidate is better than a plain baseline and than the champion: the gates of the paired test."""

from assets.models.evaluation.bootstrap import difference
from assets.models.evaluation.model import Score
from assets.models.model import Gate

TOLERANCE = 0.01
"""How much of the decisive figure a candidate may be behind for which something else speaks."""


def better_than_baseline(candidate: Score, baseline: Score, measure: str) -> Gate:
    """Passes where the lower end of the one-sided 95 % interval of the paired difference is above 0."""
    found = difference(candidate, baseline)
    return Gate(
        "better_than_baseline",
        found.lower_end > 0,
        found.lower_end,
        0.0,
        f"{measure} is {candidate.value:.3f}, the plain baseline's {baseline.value:.3f}; with 95 % certainty the difference is at"
        f" least {found.lower_end:.3f} ({found.groups} groups)",
    )


def first_of_its_task() -> Gate:
    """Without a champion there is nothing to be better than."""
    return Gate("better_than_champion", True, None, None, "there is no champion yet")


def not_comparable() -> Gate:
    """Every row to judge by was part of what the champion learned."""
    return Gate(
        "better_than_champion",
        False,
        None,
        0.0,
        "the champion was trained on every row of this test split, so that the two can't be compared: add labels",
    )


def better_than_champion(candidate: Score, champion: Score, measure: str, *, excuse: str = "") -> Gate:
    """Passes as better_than_baseline does, or where the candidate is no more than TOLERANCE behind and there is an excuse: what
    else speaks for it, as a part of a sentence.
    """
    found = difference(candidate, champion)
    excused = bool(excuse) and found.value >= -TOLERANCE
    told = (
        f"{measure} is {candidate.value:.3f}, the champion's {champion.value:.3f}, on {found.groups} groups that the champion"
        f" never trained on; with 95 % certainty the difference is at least {found.lower_end:.3f}"
    )
    if excused and found.lower_end <= 0:
        told += f"; {excuse} and it is within the tolerance of {TOLERANCE}"
    return Gate("better_than_champion", found.lower_end > 0 or excused, found.lower_end, 0.0, told)
