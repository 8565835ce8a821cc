"""The keyword score and its fusion with the dense side."""

import random

import bm25s
import numpy as np
import pytest

from assets.index import keywords
from assets.index.fusion import at_least_the_kth, fuse
from assets.index.keywords import NO_STATISTICS, Statistics, collect, drifted, keyword_scores


def test_single_terms_score_as_plain_bm25_does(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(4)
    words = [f"w{number}" for number in range(60)]
    rows = [chance.choices(words, weights=range(60, 0, -1), k=chance.randrange(1, 60)) for _ in range(200)]
    query = ["w3", "w40", "w57", "w40", "unknown"]
    monkeypatch.setattr(keywords, "PAIR_WEIGHT", 0)
    reference = bm25s.BM25(k1=keywords.K1, b=keywords.B, method="lucene")
    reference.index(rows, show_progress=False)
    expected = reference.get_scores([term for term in query if term != "unknown"]) * (keywords.K1 + 1)
    texts = [" ".join(row) for row in rows]
    assert keyword_scores(query, texts, collect(texts)) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_terms_side_by_side_count_more() -> None:
    texts = ["sick leav polici form", "leav polici sick form", "sick form leav polici", "wage"]
    scores = keyword_scores(["sick", "leav"], texts, collect(texts))
    assert scores[0] > scores[1] == scores[2] > scores[3] == 0


def test_rare_terms_and_short_texts_count_more() -> None:
    texts = ["leav rare", "leav common", "leav common", "leav common filler filler filler", ""]
    statistics = collect(texts)
    scores = keyword_scores(["rare", "common"], texts, statistics)
    assert scores[0] > scores[1] == scores[2] > scores[3] > scores[4] == 0


def test_without_statistics_every_term_counts_alike() -> None:
    scores = keyword_scores(["one", "two"], ["one two", "one x", "x y"], NO_STATISTICS)
    assert scores[0] > scores[1] > scores[2] == 0
    assert keyword_scores(["one"], [], NO_STATISTICS).shape == (0,)


def test_statistics_keep_through_storage() -> None:
    statistics = collect(iter(["paid leav leav", "leav 32-531.02", "休暇"]))
    assert statistics == Statistics(3, 6, {"paid": 1, "leav": 2, "32-531.02": 1, "休暇": 1})
    assert Statistics.from_bytes(statistics.to_bytes()) == statistics
    assert not drifted(statistics, 3)
    assert drifted(statistics, 4)
    assert not drifted(Statistics(1_000, 1, {}), 1_010)


def test_fusion_weighs_each_side_by_its_best() -> None:
    keyword, dense = np.array([10.0, 5.0, 0.0]), np.array([0.2, 0.4, 0.8])
    assert fuse(keyword, dense, 0.25) == pytest.approx([0.75 + 0.0625, 0.375 + 0.125, 0.25])
    assert fuse(keyword * 7, dense / 3, 0.25) == pytest.approx(fuse(keyword, dense, 0.25))
    assert fuse(keyword, dense, 0) == pytest.approx([1, 0.5, 0])
    assert fuse(keyword, dense, 1) == pytest.approx([0.25, 0.5, 1])


def test_a_side_that_found_nothing_gives_nothing() -> None:
    assert fuse(np.zeros(2), np.array([0.5, -0.5]), 0.4) == pytest.approx([0.4, 0])
    assert fuse(np.zeros(2), np.array([-0.1, -0.5])) == pytest.approx([0, 0])
    assert fuse(np.zeros(0), np.zeros(0)).shape == (0,)


def test_the_best_come_with_what_ties_with_the_last_of_them() -> None:
    scores = np.array([0.5, 0.9, 0.5, 0.1, 0.5])
    assert at_least_the_kth(scores, 1) == [1]
    assert at_least_the_kth(scores, 2) == [0, 1, 2, 4]
    assert at_least_the_kth(scores, 9) == [0, 1, 2, 3, 4]
    assert at_least_the_kth(scores, 0) == []
