"""Evaluating `skills`: which spans are found exactly, by kind, and how far a span's probability can be trusted.

A span counts only with its exact start, end and kind (strict F1, as the CoNLL tasks count; E. Tjong Kim Sang and F. De Meulder,
2003). Probabilities of spans are calibrated by scaling their log-odds, fitted on validation (see `calibration`).
"""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from assets.labels.tasks.spans import Span, read_back
from assets.models.evaluation import plots
from assets.models.evaluation.baselines import learn_dictionary
from assets.models.evaluation.calibration import (
    calibrated_gate,
    calibration_error,
    fit_log_odds,
    scaled_log_odds,
)
from assets.models.evaluation.model import Change, Details, Flags, Numbers, Parts, Score, Signals, Table, Tagger
from assets.models.evaluation.statistics import counted_f1
from assets.models.model import Example, FoundSpan

_LIKELY = 1e-6


class SkillsMeasurement:
    """A tagger measured on a dataset; what it finds in each text is asked once."""

    decisive = "span_f1"

    def __init__(self, predictor: Tagger, parts: Parts) -> None:
        self._predictor, self._parts = predictor, parts

    def scores(self) -> dict[str, Score]:
        """Strict F1 on the test split, together and by kind."""
        return span_scores(self._parts.test, [_plain(spans) for spans in self._test_spans])

    def baseline(self) -> dict[str, Score]:
        """The same of a dictionary of the phrases that training marked."""
        dictionary = learn_dictionary(self._parts.train)
        return span_scores(self._parts.test, [set(dictionary.spans(row.text)) for row in self._parts.test])

    def details(self) -> Details:
        """Figures by kind, and calibration."""
        validation = self._parts.validation
        scale, shift = fit_log_odds(*_judged(validation, self._predictor.tag([row.text for row in validation])))
        probability, right = _judged(self._parts.test, self._test_spans)
        raw = calibration_error(probability, right)
        scaled = calibration_error(scaled_log_odds(probability, scale, shift), right)
        per_kind = _per_kind(self._parts.test, [_plain(spans) for spans in self._test_spans])
        fitted = {"log_odds_scale": scale, "log_odds_shift": shift}
        return Details(
            metrics={
                "per_kind": {str(row["kind"]): {key: row[key] for key in row if key != "kind"} for row in per_kind},
                "calibration": {**fitted, "before": raw.record(), "after": scaled.record()},
            },
            calibration=fitted,
            calibrated=calibrated_gate(scaled, len(right), "found spans"),
            plots={"reliability.png": plots.reliability(raw.bins, scaled.bins)},
            tables={"per_kind": per_kind},
        )

    def signals(self, rows: Sequence[Example]) -> Signals:
        """The mean log-probability that each row's words are given their own tags."""
        found = self._predictor.word_probabilities([row.text for row in rows])
        values = [
            _tag_likelihood(row, np.asarray(words), np.asarray(probabilities), self._predictor.kinds)
            for row, (words, probabilities) in zip(rows, found, strict=True)
        ]
        return Signals(np.array(values, dtype=np.float64), tuple(row.group_id for row in rows))

    def changes(self, pairs: Sequence[tuple[str, str]]) -> list[Change]:
        """Which share of the phrases that are found, and stand in both texts, is found in one of them only."""
        texts = sorted({text for pair in pairs for text in pair})
        spans = dict(zip(texts, self._predictor.tag(texts), strict=True))
        return [_change(first, spans[first], second, spans[second]) for first, second in pairs]

    def outcomes(self) -> dict[str, tuple[tuple[str, ...], Flags]]:
        """Whether more skills are found in a text than in most."""
        counts = np.array([len(spans) for spans in self._test_spans])
        hashes = tuple(row.text_hash for row in self._parts.test)
        return {"given more skills than the median": (hashes, counts > np.median(counts))}

    @cached_property
    def _test_spans(self) -> list[list[FoundSpan]]:
        return self._predictor.tag([row.text for row in self._parts.test])


def span_scores(rows: Sequence[Example], found: Sequence[set[Span]]) -> dict[str, Score]:
    """Strict F1 of the spans found in each row's text, together and by kind."""
    truth = [set(read_back(row.label)) for row in rows]
    groups = tuple(row.group_id for row in rows)
    kinds = sorted({span.kind for spans in (*truth, *found) for span in spans})
    scores = {"span_f1": Score(groups, counted_f1(*_counts(truth, found)))}
    for kind in kinds if len(kinds) > 1 else []:
        counted = _counts(
            *([{span for span in spans if span.kind == kind} for spans in side] for side in (truth, found))
        )
        scores[f"span_f1_{kind.lower()}"] = Score(groups, counted_f1(*counted))
    return scores


def _counts(truth: Sequence[set[Span]], found: Sequence[set[Span]]) -> tuple[Numbers, Numbers, Numbers]:
    pairs = list(zip(truth, found, strict=True))
    right = np.array([len(true & spans) for true, spans in pairs], dtype=np.float64)
    return right, np.array([len(spans) for _, spans in pairs], float), np.array([len(true) for true, _ in pairs], float)


def _plain(spans: Sequence[FoundSpan]) -> set[Span]:
    return {Span(span.start, span.end, span.kind) for span in spans}


def _judged(rows: Sequence[Example], found: Sequence[Sequence[FoundSpan]]) -> tuple[Numbers, Flags]:
    """The probability of each found span, and whether it is exactly right."""
    probability: list[float] = []
    right: list[bool] = []
    for row, spans in zip(rows, found, strict=True):
        truth = set(read_back(row.label))
        for span in spans:
            probability.append(span.probability)
            right.append(Span(span.start, span.end, span.kind) in truth)
    return np.array(probability, dtype=np.float64), np.array(right, dtype=np.bool_)


def _per_kind(rows: Sequence[Example], found: Sequence[set[Span]]) -> Table:
    truth = [set(read_back(row.label)) for row in rows]
    table: Table = []
    for kind in sorted({span.kind for spans in (*truth, *found) for span in spans}):
        counts = _counts(
            *([{span for span in spans if span.kind == kind} for spans in side] for side in (truth, found))
        )
        right, given, true = (float(each.sum()) for each in counts)
        table.append(
            {
                "kind": kind,
                "precision": round(right / given, 4) if given else 0.0,
                "recall": round(right / true, 4) if true else 0.0,
                "f1": round(2 * right / (given + true), 4),
                "n": int(true),
            }
        )
    return table


def _tag_likelihood(row: Example, words: Numbers, probabilities: Numbers, kinds: Sequence[str]) -> float:
    if not len(words):
        return 0.0
    tags = np.zeros((len(words), len(kinds)), dtype=np.int64)
    for span in read_back(row.label):
        inside = np.flatnonzero((words[:, 0] < span.end) & (words[:, 1] > span.start))
        if span.kind in kinds and len(inside):
            tags[inside, kinds.index(span.kind)] = 2
            tags[inside[0], kinds.index(span.kind)] = 1
    own = np.take_along_axis(probabilities, tags[:, :, None], axis=2)
    return float(np.log(np.maximum(own, _LIKELY)).mean())


def _change(first: str, ours: Sequence[FoundSpan], second: str, theirs: Sequence[FoundSpan]) -> Change:
    before, after = _phrases(first, ours, second), _phrases(second, theirs, first)
    count = sum((_lengths(before) | _lengths(after)).values())
    changed = sum(abs(len(before.get(key, [])) - len(after.get(key, []))) for key in before | after)
    shifts = [abs(a - b) for key in before.keys() & after.keys() for a, b in zip(before[key], after[key], strict=False)]
    return Change(changed / count if count else 0.0, max(shifts, default=0.0))


def _lengths(phrases: dict[tuple[str, str], list[float]]) -> "Counter[tuple[str, str]]":
    return Counter({key: len(each) for key, each in phrases.items()})


def _phrases(text: str, spans: Sequence[FoundSpan], other: str) -> dict[tuple[str, str], list[float]]:
    """The found phrases that stand in the other text too, with their probabilities in order."""
    found: dict[tuple[str, str], list[float]] = {}
    for span in spans:
        phrase = text[span.start : span.end]
        if phrase in other:
            found.setdefault((phrase, span.kind), []).append(span.probability)
    return found
