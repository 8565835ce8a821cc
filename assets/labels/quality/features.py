"""Texts as word counts: what the plain models of this room see. They judge data and are a baseline; nobody is served by them."""

from collections.abc import Sequence
from typing import Any

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
