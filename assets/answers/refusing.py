"""Decides whether the evidence answers a question at all, and says why not."""

import math

from assets.answers.relevance import Relevance

WEIGHTS = {"cosine": 6.65, "score": 0.164}
INTERCEPT = -6.01
LEAST = 0.5
"""A logistic regression on whether a question can be answered, both kinds weighing the same: fitted on one half of the bundled
questions and on 556 about the D.C. Code and a public agency's handbook. On others the area under its curve is 0.91."""

NOTHING_FOUND = "nothing that applies bears on this question"
NOT_ANSWERED = "nothing that applies answers this question; the nearest sections are named"
CORE_GONE = "the answer that was written is not supported by what it cites; the nearest sections are named"


def confidence(best: Relevance) -> float:
    """How likely the best statement answers the question, 0 to 1."""
    total = INTERCEPT + sum(weight * getattr(best, name) for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


def answers_it(best: Relevance) -> bool:
    return confidence(best) >= LEAST
