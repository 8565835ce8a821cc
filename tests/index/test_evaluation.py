"""The retrieval metrics, against figures worked out by hand with trec_eval's definitions."""

import math

import numpy as np
import pytest

from assets.index.evaluation import average_precision, holds, ndcg, once_each, paired_test, recall

RANKING = ["a", "x", "b", "y", "c"]


def test_a_document_counts_once_where_its_best_chunk_stands() -> None:
    assert once_each(["a", "b", "a", "c", "b", "d"], 3) == ["a", "b", "c"]


def test_recall_is_the_share_of_relevant_documents_found() -> None:
    assert recall(RANKING, {"a", "b", "z"}, 10) == pytest.approx(2 / 3)
    assert recall(RANKING, {"a", "b", "z"}, 2) == pytest.approx(1 / 3)


def test_average_precision_divides_by_all_relevant_documents() -> None:
    assert average_precision(RANKING, {"a", "b", "z"}, 10) == pytest.approx((1 + 2 / 3) / 3)
    assert average_precision(["a"], {"a", "b", "c"}, 1) == pytest.approx(1 / 3), "trec_eval does not divide by k"
    assert average_precision(RANKING, {"c"}, 4) == 0


def test_ndcg_discounts_by_rank_and_is_1_for_the_best_ranking() -> None:
    assert ndcg(RANKING, {"a", "b"}, 10) == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))
    assert ndcg(["a", "b", "c"], {"a", "b", "c", "d"}, 3) == pytest.approx(1)


@pytest.mark.parametrize("metric", [recall, average_precision, ndcg])
def test_a_question_without_relevant_documents_is_refused(metric: object) -> None:
    with pytest.raises(ValueError, match="relevant"):
        metric(RANKING, set(), 10)  # type: ignore[operator]


def test_paired_test_tells_a_difference_from_noise() -> None:
    generator = np.random.default_rng(3)
    base = generator.random(400)
    noise = generator.normal(0, 0.1, 400)
    assert paired_test(base + 0.05 + noise, base) < 0.001
    assert paired_test(base + noise - noise.mean(), base) > 0.5
    assert paired_test(base, base) == 1
    assert paired_test([1.0, 0.0], [0.0, 0.0]) == pytest.approx(1, abs=0.01), "one question proves nothing"
    with pytest.raises(ValueError, match="same questions"):
        paired_test([1.0], [1.0, 2.0])


def test_the_chunk_with_most_of_a_quote_holds_it() -> None:
    quote = "An employee shall accrue one hour of paid leave for every 37 hours worked."
    whole = "(a) An **employee** shall accrue\none hour of [paid leave](https://x.org/l) for every 37 hours\nworked."
    half = "hour of paid leave for every 37 hours worked. An employer may ask for notice."
    other = "Leave that an employee has may be used by one who worked."
    assert holds(quote, whole) > 0.95
    assert 0.5 < holds(quote, half) < 0.8
    assert holds(quote, other) == 0
    assert holds("Overtime", "## Overtime") == 1
    assert holds("...", "anything") == 0
