"""The figures of an evaluation agree with what others compute, and say what they claim."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, ndcg_score, roc_auc_score

from assets.labels.tasks.spans import Span, written
from assets.models.evaluation.abstention import choose_threshold, decided
from assets.models.evaluation.bootstrap import difference, interval
from assets.models.evaluation.calibration import (
    calibration_error,
    fit_log_odds,
    fit_temperature,
    scaled_log_odds,
    softmax,
)
from assets.models.evaluation.match import ndcg, reciprocal_rank
from assets.models.evaluation.membership import attack
from assets.models.evaluation.model import EvaluationImpossible, Score, Signals
from assets.models.evaluation.skills import span_scores
from assets.models.evaluation.statistics import macro_f1, mean
from assets.models.model import Example

RANDOM = np.random.default_rng(5)


def names(count: int) -> tuple[str, ...]:
    return tuple(map(str, range(count)))


def test_macro_f1_is_that_of_scikit_learn_on_any_draw() -> None:
    truth, predicted = RANDOM.integers(0, 5, 80), RANDOM.integers(0, 6, 80)
    weights = RANDOM.integers(0, 3, (4, 80)).astype(float)
    found = macro_f1(truth, predicted, 6)(weights)
    for row, value in zip(weights, found, strict=True):
        drawn = np.repeat(np.arange(80), row.astype(int))
        assert value == pytest.approx(f1_score(truth[drawn], predicted[drawn], average="macro"))


def test_an_interval_of_copies_is_as_wide_as_that_of_what_was_copied() -> None:
    right = RANDOM.integers(0, 2, 60).astype(float)
    alone = interval(Score(names(60), mean(right)))
    copied = interval(Score(tuple(np.repeat(names(60), 4)), mean(np.repeat(right, 4))))
    assert copied == alone
    apart = interval(Score(names(240), mean(np.repeat(right, 4))))
    assert apart.high - apart.low < 0.7 * (alone.high - alone.low)


def test_a_paired_difference_is_surer_than_two_intervals() -> None:
    first = RANDOM.integers(0, 2, 200).astype(float)
    second = first.copy()
    second[np.flatnonzero(first)[:10]] = 0
    found = difference(Score(names(200), mean(first)), Score(names(200), mean(second)))
    assert found.value == pytest.approx(0.05)
    assert 0 < found.lower_end < 0.05
    with pytest.raises(EvaluationImpossible, match="same rows"):
        difference(Score(names(200), mean(first)), Score(names(100), mean(second[:100])))


def test_the_temperature_undoes_what_made_logits_too_sure() -> None:
    logits = RANDOM.normal(0, 2, (4000, 5))
    probabilities = softmax(logits)
    truth = np.array([RANDOM.choice(5, p=row) for row in probabilities])
    assert fit_temperature(logits * 3, truth) == pytest.approx(3, rel=0.1)
    assert fit_temperature(logits * 3, np.where(truth == 0, -1, truth)) > 1


def test_a_calibrated_model_has_a_raw_error_and_next_to_no_corrected_one() -> None:
    corrected, raw = [], []
    for _ in range(20):
        confidence = RANDOM.uniform(0.3, 1, 150)
        error = calibration_error(confidence, RANDOM.random(150) < confidence)
        corrected.append(error.corrected)
        raw.append(error.raw)
    assert np.mean(raw) > 0.04
    assert np.mean(corrected) < 0.02


def test_a_model_that_is_too_sure_keeps_its_error_once_corrected() -> None:
    confidence = RANDOM.uniform(0.8, 1, 150)
    error = calibration_error(confidence, RANDOM.random(150) < confidence - 0.3)
    assert error.corrected > 0.15
    assert error.raw > error.by_chance_high


def test_scaled_log_odds_bring_probabilities_of_spans_to_what_is_right() -> None:
    probability = RANDOM.uniform(0.5, 0.99, 3000)
    right = RANDOM.random(3000) < probability**4
    scaled = scaled_log_odds(probability, *fit_log_odds(probability, right))
    assert calibration_error(probability, right).corrected > 0.2
    assert calibration_error(scaled, right).corrected < 0.03
    assert (np.argsort(scaled) == np.argsort(probability)).all()


def test_the_threshold_decides_what_is_right_nine_times_in_ten() -> None:
    confidence = RANDOM.uniform(0.2, 1, 2000)
    right = RANDOM.random(2000) < confidence
    threshold = choose_threshold(confidence, right)
    found = decided(confidence, right, threshold)
    assert found.coverage == pytest.approx(0.5, abs=0.01)
    sure = decided(confidence, RANDOM.random(2000) < 0.97, choose_threshold(confidence, RANDOM.random(2000) < 0.97))
    assert sure.threshold == pytest.approx(0.5)


def test_ndcg_is_that_of_scikit_learn() -> None:
    gains = RANDOM.integers(0, 4, 25).astype(float)
    scores = np.arange(25, 0, -1, dtype=float)
    assert ndcg(gains.tolist()) == pytest.approx(ndcg_score([gains], [scores], k=10))
    assert reciprocal_rank([0.0, 1.0, 3.0]) == pytest.approx(1 / 3)


def test_membership_is_the_area_under_the_curve_and_the_rate_at_few_false_alarms() -> None:
    members, others = RANDOM.normal(1, 1, 300), RANDOM.normal(0, 1, 200)
    found = attack(Signals(members, names(300)), Signals(others, names(200)))
    expected = roc_auc_score([1] * 300 + [0] * 200, np.concatenate([members, others]))
    assert found.area == pytest.approx(expected)
    assert found.area_low < expected < found.area_high
    allowed = np.sort(others)[-3]
    assert found.certain == pytest.approx((members > allowed).mean())
    same = attack(Signals(np.zeros(50), names(50)), Signals(np.zeros(50), names(50)))
    assert (same.area, same.certain) == (pytest.approx(0.5), 0.0)


def test_a_span_counts_only_with_its_exact_ends_and_kind() -> None:
    spans = [Span(0, 6, "SKILL"), Span(10, 14, "KNOWLEDGE")]
    row = Example("a", "a", "Python and SQL, Excel", written(spans))
    found = {Span(0, 6, "SKILL"), Span(10, 15, "KNOWLEDGE"), Span(10, 14, "SKILL")}
    scores = span_scores([row], [found])
    assert scores["span_f1"].value == pytest.approx(2 / 5)
    assert scores["span_f1_skill"].value == pytest.approx(2 / 3)
    assert scores["span_f1_knowledge"].value == 0
