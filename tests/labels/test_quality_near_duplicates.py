"""The exact search for near-duplicates finds what comparing every text with every other one finds."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.labels.quality.near_duplicates import Search, crossing_pairs
from assets.labels.quality.proof import Proved, prove


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


Text = tuple[str, frozenset[int], int]


def proved_of(
    texts: list[Text], proved: Proved | None, threshold: str = "0.6"
) -> tuple[Search, Proved | None, list[str]]:
    """The search over named texts, what is proved after it, and of which texts it asked for the shingles."""
    asked: list[str] = []

    def shingles_of(place: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        asked.append(texts[place][0])
        return np.array(sorted(texts[place][1]), dtype=np.uint64)

    names, splits = [f"{name} {split}" for name, _, split in texts], [split for _, _, split in texts]
    search, known = prove(names, splits, shingles_of, Fraction(threshold), proved)
    return search, known, asked


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_is_new_is_compared_with_all_that_is_proved(data: st.DataObject) -> None:
    sets = st.lists(st.frozensets(st.integers(0, 25), max_size=8), min_size=12, max_size=24)
    texts = [(str(number), each, number % 3) for number, each in enumerate(data.draw(sets))]
    # Those that are proved: each is left out that would be a pair with one before it.
    sound: list[Text] = []
    for text in texts[:-3]:
        if not by_comparing_all(
            [set(each) for _, each, _ in [*sound, text]], [split for *_, split in [*sound, text]], "0.6"
        ):
            sound.append(text)
    _, proved, _ = proved_of(sound, None)
    assert proved is not None
    # Some are gone, one lies in another split, some are new; the order is another one.
    name, elements, split = sound[0]
    now = data.draw(st.permutations([(name, elements, (split + 1) % 3), *sound[2:], *texts[-3:]]))
    search, after, asked = proved_of(list(now), proved)
    expected = by_comparing_all([set(each) for _, each, _ in now], [split for *_, split in now], "0.6")
    assert {(each.first, each.second) for each in search.crossings} == expected
    assert search.found == len(expected)
    if expected:
        assert after is proved
    else:
        assert after is not None
        again, _, asked_again = proved_of(list(now), after)
        assert (again.found, asked_again) == (0, [])
    if len(now) > 16:
        assert len(asked) == 4


def test_a_proof_is_kept_and_one_that_can_not_be_read_or_has_other_rules_is_none(tmp_path: Path) -> None:
    texts: list[Text] = [("a", frozenset({1, 2}), 0), ("b", frozenset({3}), 1), ("c", frozenset(), 2)]
    _, proved, _ = proved_of(texts, None)
    assert proved is not None
    proved.write(tmp_path / "proved.npz", "rules")
    kept = Proved.read(tmp_path / "proved.npz", "rules")
    assert kept is not None
    assert proved_of(texts, kept)[2] == []
    assert Proved.read(tmp_path / "proved.npz", "others") is None
    content = (tmp_path / "proved.npz").read_bytes()
    (tmp_path / "proved.npz").write_bytes(content[: len(content) // 2])
    assert Proved.read(tmp_path / "proved.npz", "rules") is None
    assert Proved.read(tmp_path / "none.npz", "rules") is None
