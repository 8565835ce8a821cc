"""Texts as word counts: what the plain models of this room see. They judge data and are a baseline; nobody is served by them."""

from collections.abc import Sequence
from typing import Any

MOST_ROWS = 8000
"""Of larger sets a random part is what plain models are fitted on, whole groups of it: more changes the third digit of a figure
and costs minutes, at every build anew."""

_ENOUGH_TEXTS = 50
"""Fewer may have next to no word in common."""

SEED = 20_240_601
"""Of everything random here: the same rows give the same lists and figures anywhere."""


def inputs(texts: Sequence[str], openings: Sequence[str | None]) -> list[str]:
    """What a row's label is about, as one text: the resume and, where there is one, the opening."""
    return [f"{text}\n{opening}" if opening else text for text, opening in zip(texts, openings, strict=True)]


def vectorizer(texts: int, longest_phrase: int, most_features: int | None = None) -> Any:
    """TF-IDF of words and of phrases up to so many words, for a number of texts; common words of English count nothing.

    A phrase that one text alone has is left out: that tells texts apart and nothing else.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        ngram_range=(1, longest_phrase),
        max_features=most_features,
        min_df=2 if texts >= _ENOUGH_TEXTS else 1,
        stop_words="english",
    )


def part(groups: Sequence[str], copies: Sequence[int]) -> list[int]:
    """The places of the rows that models are fitted on: all, or whole groups up to MOST_ROWS, those with the smallest hashes.
    `copies` says how many rows each place stands for."""
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    chosen: list[int] = []
    rows = 0
    # A group's id is a hash: their order has nothing to do with what they hold.
    for group in sorted(members):
        rows += sum(copies[place] for place in members[group])
        if chosen and rows > MOST_ROWS:
            break
        chosen += members[group]
    return sorted(chosen)
