"""The exact search for near-duplicates finds what comparing every text with every other one finds."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.labels.quality.near_duplicates import crossing_pairs


def by_comparing_all(sets: list[set[int]], splits: list[int], threshold: str) -> set[tuple[int, int]]:
    return {
        (first, second)
        for second in range(len(sets))
        for first in range(second)
        if splits[first] != splits[second]
        and sets[first] | sets[second]
        and Fraction(len(sets[first] & sets[second]), len(sets[first] | sets[second])) >= Fraction(threshold)
    }


def searched(sets: list[set[int]], splits: list[int], threshold: str) -> set[tuple[int, int]]:
    shingles = [np.array(sorted(each, reverse=True), dtype=np.uint64) for each in sets]
    result = crossing_pairs(shingles, splits, Fraction(threshold))
    pairs = {(each.first, each.second) for each in result.crossings}
    assert result.found == len(pairs) <= result.compared
    return pairs


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.sets(st.integers(0, 14), max_size=12), st.integers(0, 2)), max_size=13),
    st.sampled_from(["0.1", "0.3", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]),
)
def test_it_finds_exactly_the_pairs_that_comparing_all_finds(texts: list[tuple[set[int], int]], threshold: str) -> None:
    sets, splits = [each for each, _ in texts], [split for _, split in texts]
    assert searched(sets, splits, threshold) == by_comparing_all(sets, splits, threshold)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_copies_with_a_few_edits_are_found_among_long_texts(data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=False))
    sets: list[set[int]] = []
    for _ in range(12):
        if sets and random.random() < 0.6:
            copy = set(random.choice(sets))
            for element in random.sample(sorted(copy), random.randint(0, len(copy) // 4)):
                copy.remove(element)
            sets.append(copy | {random.randrange(10**12) for _ in range(random.randint(0, 30))})
        else:
            # Some elements of every text are common to many, as set phrases are.
            sets.append({random.randrange(10**12) for _ in range(100)} | set(random.sample(range(60), 20)))
    splits = [random.randrange(3) for _ in sets]
    threshold = data.draw(st.sampled_from(["0.6", "0.7", "0.75", "0.8", "0.85"]))
    assert searched(sets, splits, threshold) == by_comparing_all(sets, splits, threshold)


def test_a_pair_exactly_at_the_threshold_counts_whatever_its_binary_fraction() -> None:
    # Seven of ten: 0.7 times ten is above seven in binary fractions.
    assert searched([set(range(10)), set(range(7))], [0, 1], "0.7") == {(0, 1)}


def test_texts_of_one_split_and_empty_ones_are_never_a_pair() -> None:
    assert searched([{1, 2}, {1, 2}, set(), set()], [0, 0, 1, 2], "0.5") == set()


@pytest.mark.parametrize("threshold", [Fraction(0), Fraction(-1, 2), Fraction(3, 2)])
def test_a_threshold_that_is_none_is_refused(threshold: Fraction) -> None:
    with pytest.raises(ValueError, match="above 0"):
        crossing_pairs([], [], threshold)
