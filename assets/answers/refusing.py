"""Decides whether the evidence answers a question at all, and says why not."""

import math

from assets.answers.relevance import Relevance

WEIGHTS = {"cosine": 11.35, "covered": 3.81, "score": 0.145}
INTERCEPT = -9.9
LEAST = 0.5
"""A logistic regression on whether a question can be answered, both outcomes weighing alike: fitted on the bundled questions and
on forty about the D.C. Code and a public agency's handbook. Of the bundled ones it refuses 17 of 18 that have no answer and
answers 82 in 100 of the others (16 of 18 and 83 in 100 in five folds); fitted on these alone, it refuses 12 of 14 of the
forty and answers all others."""

NOTHING_FOUND = "nothing that applies bears on this question"
NOT_ANSWERED = "nothing that applies answers this question; the nearest sections are named"
CORE_GONE = "the answer that was written is not supported by what it cites; the nearest sections are named"


def confidence(best: Relevance) -> float:
    """How likely the best statement answers the question, 0 to 1."""
    total = INTERCEPT + sum(weight * getattr(best, name) for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


def answers_it(best: Relevance) -> bool:
    return confidence(best) >= LEAST
