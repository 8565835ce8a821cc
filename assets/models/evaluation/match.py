"""Evaluating `match`: how well openings are ranked for a resume (which decides), and resumes for an opening.

Only what was graded is ranked: nothing is known of other pairs, and to count them as unfit would punish whoever finds a fit
that nobody looked at (condensed lists; T. Sakai, "Alternatives to bpref", SIGIR 2007). A query with one grade only ranks nothing
and is left out. Scores are no probabilities: there is nothing to calibrate.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from assets.models.evaluation.baselines import keyword_ranking
from assets.models.evaluation.bootstrap import SEED
from assets.models.evaluation.model import (
    Change,
    Details,
    EvaluationImpossible,
    Flags,
    Matcher,
    Numbers,
    Parts,
    Score,
    Signals,
)
from assets.models.evaluation.statistics import mean
from assets.models.grades import gains
from assets.models.model import Example, Gate

CUTOFF = 10
RESUME, OPENING = "resume", "opening"
_OPENINGS = 30


@dataclass(frozen=True, slots=True)
class Query:
    """A resume and the openings that were graded for it (or the other way round), as keys of texts, with their gains."""

    key: str
    group: str
    candidates: tuple[str, ...]
    gains: tuple[float, ...]


class MatchMeasurement:
    """A matcher measured on a dataset; each text's vector is asked once."""

    decisive = "ndcg_at_10"

    def __init__(self, predictor: Matcher, parts: Parts) -> None:
        self._predictor, self._parts = predictor, parts
        self._gains = gains({row.label for row in (*parts.train, *parts.validation, *parts.test)})

    def scores(self) -> dict[str, Score]:
        """nDCG@10 and MRR on the test split, in both directions."""
        resumes, openings = self._resumes, self._openings
        return self._ranked(
            lambda key, others: np.array([resumes[key] @ openings[other] for other in others]),
            lambda key, others: np.array([openings[key] @ resumes[other] for other in others]),
        )

    def baseline(self) -> dict[str, Score]:
        """The same of BM25 over stemmed words, with the statistics of what is ranked."""
        resumes, openings = _texts(self._parts.test)
        return self._ranked(keyword_ranking(resumes, openings), keyword_ranking(openings, resumes))

    def details(self) -> Details:
        """How many queries there are, in both directions."""
        return Details(
            metrics={
                "queries": len(queries(self._parts.test, self._gains)),
                "opening_queries": len(queries(self._parts.test, self._gains, by_opening=True)),
                "grades": dict(sorted(self._gains.items(), key=lambda each: each[1])),
            },
            calibration={},
            calibrated=Gate("calibrated", True, None, None, "a ranking states no probabilities that could be off"),
            plots={},
            tables={},
        )

    def signals(self, rows: Sequence[Example]) -> Signals:
        """How near each pair's score is to what its grade lets expect, by a line fitted on validation."""
        expected = np.polyfit(*self._scored(self._parts.validation)[::-1], 1)
        scores, worth = self._scored(rows)
        return Signals(-((scores - np.polyval(expected, worth)) ** 2), tuple(row.group_id for row in rows))

    def changes(self, pairs: Sequence[tuple[str, str]]) -> list[Change]:
        """Which share of the ten best of thirty synthetic openings is not among the ten best of both."""
        from assets.labels.anonymizing.anonymizer import anonymize
        from assets.labels.synthetic.openings import openings

        offered = [anonymize(opening.text).text for opening in openings(_OPENINGS, SEED)]
        texts = sorted({text for pair in pairs for text in pair})
        scores = dict(zip(texts, self._vectors(texts, RESUME) @ self._vectors(offered, OPENING).T, strict=True))
        return [_change(scores[first], scores[second]) for first, second in pairs]

    def outcomes(self) -> dict[str, tuple[tuple[str, ...], Flags]]:
        """Whether a resume's mean score is above the median (the scoring rate of Local Law 144)."""
        found: dict[str, list[float]] = {}
        for row, score in zip(self._parts.test, self._scored(self._parts.test)[0].tolist(), strict=True):
            found.setdefault(row.text_hash, []).append(score)
        means = np.array([np.mean(scores) for scores in found.values()])
        return {"scored above the median": (tuple(found), means > np.median(means))}

    def _ranked(self, openings: "_Ranking", resumes: "_Ranking") -> dict[str, Score]:
        scores = {}
        for suffix, by_opening, ranking in (("", False, openings), ("_resumes_for_opening", True, resumes)):
            asked = queries(self._parts.test, self._gains, by_opening=by_opening)
            if not asked and not by_opening:
                raise EvaluationImpossible(
                    "no resume of the test split has openings of different grades: add grades and build the dataset again"
                )
            if not asked:
                continue
            ordered = [_in_order(query, ranking(query.key, query.candidates)) for query in asked]
            groups = tuple(query.group for query in asked)
            scores[f"ndcg_at_{CUTOFF}{suffix}"] = Score(groups, mean(np.array([ndcg(each) for each in ordered])))
            scores[f"mrr{suffix}"] = Score(groups, mean(np.array([reciprocal_rank(each) for each in ordered])))
        return scores

    @cached_property
    def _resumes(self) -> dict[str, Numbers]:
        texts = _texts(self._parts.test)[0]
        return dict(zip(texts, self._vectors(list(texts.values()), RESUME), strict=True))

    @cached_property
    def _openings(self) -> dict[str, Numbers]:
        texts = _texts(self._parts.test)[1]
        return dict(zip(texts, self._vectors(list(texts.values()), OPENING), strict=True))

    def _vectors(self, texts: Sequence[str], side: str) -> Numbers:
        return np.asarray(self._predictor.vectors(texts, side), dtype=np.float64)

    def _scored(self, rows: Sequence[Example]) -> tuple[Numbers, Numbers]:
        """Each pair's score and gain."""
        resumes, openings = _texts(rows)
        ours = dict(zip(resumes, self._vectors(list(resumes.values()), RESUME), strict=True))
        theirs = dict(zip(openings, self._vectors(list(openings.values()), OPENING), strict=True))
        scores = [ours[row.text_hash] @ theirs[row.opening_hash or ""] for row in rows]
        return np.array(scores, dtype=np.float64), np.array([self._gains[row.label] for row in rows], dtype=np.float64)


_Ranking = Callable[[str, Sequence[str]], Numbers]
"""From a query's key and its candidates' keys to a score for each candidate."""


def queries(rows: Sequence[Example], worth: dict[str, float], *, by_opening: bool = False) -> list[Query]:
    """The resumes (or openings) with what was graded for them, those with several grades only.

    The group of a resume is that of its near-duplicates; each opening is one of its own.
    """
    found: dict[str, tuple[str, dict[str, float]]] = {}
    for row in rows:
        opening = row.opening_hash or ""
        key, other, group = (opening, row.text_hash, opening) if by_opening else (row.text_hash, opening, row.group_id)
        found.setdefault(key, (group, {}))[1][other] = worth[row.label]
    return [
        Query(key, group, tuple(judged), tuple(judged.values()))
        for key, (group, judged) in found.items()
        if len(set(judged.values())) > 1
    ]


def ndcg(ordered: Sequence[float]) -> float:
    """Of gains in the order of a ranking, at CUTOFF; 1 is the best order."""
    return _dcg(ordered) / _dcg(sorted(ordered, reverse=True))


def reciprocal_rank(ordered: Sequence[float]) -> float:
    """Of the first one with the highest gain."""
    return 1 / (list(ordered).index(max(ordered)) + 1)


def _dcg(ordered: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(ordered[:CUTOFF]))


def _in_order(query: Query, scores: Numbers) -> list[float]:
    return [query.gains[place] for place in np.argsort(-scores, kind="stable")]


def _texts(rows: Sequence[Example]) -> tuple[dict[str, str], dict[str, str]]:
    """The different resumes and openings of rows, by hash."""
    return {row.text_hash: row.text for row in rows}, {row.opening_hash or "": row.opening_text or "" for row in rows}


def _change(before: Numbers, after: Numbers) -> Change:
    best = [set(np.argsort(-scores, kind="stable")[:CUTOFF].tolist()) for scores in (before, after)]
    return Change(1 - len(best[0] & best[1]) / CUTOFF, float(np.abs(before - after).max()))
