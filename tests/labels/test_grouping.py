"""Near-duplicate groups: found all, exactly, whatever the order and the batches, and at a bounded price."""

import itertools
import random
from pathlib import Path

import numpy as np
import pytest

from assets.labels.grouping.candidates import find_candidates
from assets.labels.grouping.comparing import Comparison
from assets.labels.grouping.components import Components
from assets.labels.grouping.groups import group
from assets.labels.grouping.shingles import THRESHOLD, Shingles, shingles, similarity
from assets.labels.grouping.signatures import summary
from assets.labels.synthetic.generator import resumes
from assets.labels.warehouse.files import open_warehouse
from assets.labels.warehouse.loading import load
from assets.platform import Platform, Settings
from tests.labels.warehouses import add_batch, labelled

TASK = "job-category"


def exact_groups(found: list[Shingles]) -> list[int]:
    """By comparing every pair."""
    components = Components(np.arange(len(found)))
    for left, right in itertools.combinations(range(len(found)), 2):
        if similarity(found[left], found[right]) >= THRESHOLD:
            components.join(np.array([left]), np.array([right]))
    return components.names.tolist()


def groups_of(texts: list[str], new: "list[bool] | None" = None, names: "list[int] | None" = None) -> list[int]:
    """As the warehouse finds them, of texts in that order."""
    signatures = np.stack([summary(text, TASK).signature for text in texts])
    fresh = np.array(new if new is not None else [True] * len(texts))
    found = find_candidates(signatures, fresh)
    components = Components(np.array(names if names is not None else range(len(texts))))
    numbers = np.unique(np.concatenate([found.pairs.ravel(), *found.crowds])).astype(np.int64)
    comparison = Comparison(numbers, [shingles(texts[number]) for number in numbers])
    for crowd in found.crowds:
        comparison.join_crowd(crowd, fresh, components)
    comparison.join_pairs(found.pairs, components)
    return components.names.tolist()


def words(chance: random.Random, count: int, vocabulary: int = 3000) -> str:
    return " ".join(f"word{chance.randrange(vocabulary)}" for _ in range(count))


def test_similarity_counts_shared_runs_of_words() -> None:
    left, right = shingles("one two three four"), shingles("ONE  two, three five")
    assert similarity(left, right) == pytest.approx(1 / 3)
    assert similarity(left, left) == 1
    assert similarity(shingles("one two three"), shingles("three two one")) == 0


@pytest.mark.parametrize("text", ["", "•", "HR", "two words"])
def test_the_shortest_texts_have_a_shingle_of_their_own(text: str) -> None:
    assert len(shingles(text)) == 1
    assert similarity(shingles(text), shingles("some other text")) == 0


def test_groups_are_those_of_comparing_every_pair() -> None:
    texts = [resume.text for resume in resumes(250, 11, near_duplicates=0.4)]
    found = groups_of(texts)
    assert found == exact_groups([shingles(text) for text in texts])
    assert len(set(found)) < 200


def test_pairs_just_above_the_threshold_are_found_and_those_just_below_are_not_joined() -> None:
    chance = random.Random(5)
    texts, near = [], []
    for number in range(150):
        tokens = words(chance, 80, 10**6).split()
        other = tokens[:]
        # A run of words that is exchanged takes two more shingles with it: of 78, 60 are shared, and 58.
        other[20 : 36 if number % 2 else 38] = words(chance, 16 if number % 2 else 18, 10**6).split()
        texts += [" ".join(tokens), " ".join(other)]
        near.append(bool(number % 2))
    shared = [similarity(shingles(one), shingles(other)) for one, other in zip(texts[::2], texts[1::2], strict=True)]
    assert min(shared[1::2]) >= 0.6 > max(shared[::2]) > 0.57
    found = groups_of(texts)
    assert [one == other for one, other in zip(found[::2], found[1::2], strict=True)] == near


def test_a_chain_of_near_duplicates_is_one_group() -> None:
    tokens = words(random.Random(6), 400).split()
    chain = [" ".join(tokens[start : start + 200]) for start in range(0, 200, 25)]
    assert similarity(shingles(chain[0]), shingles(chain[-1])) < 0.1
    assert set(groups_of(chain)) == {0}


def test_a_crowd_on_one_form_is_grouped_exactly() -> None:
    chance = random.Random(7)
    form = words(chance, 60)
    # Half of each text is the form; some are copies of each other, with a word changed.
    texts = [f"{form} {words(chance, 40)}" for _ in range(180)]
    texts += [text.replace("word1", "other", 1) for text in texts[:20]]
    texts += [f"{form} {form} {words(chance, 4)}" for _ in range(30)]
    signatures = np.stack([summary(text, TASK).signature for text in texts])
    assert find_candidates(signatures, np.ones(len(texts), dtype=bool)).crowds
    whole = exact_groups([shingles(text) for text in texts])
    assert groups_of(texts) == whole
    known = groups_of(texts[:190])
    assert groups_of(texts, [number >= 190 for number in range(230)], [*known, *range(190, 230)]) == whole


def test_new_texts_find_their_groups_among_known_ones() -> None:
    texts = [resume.text for resume in resumes(200, 12, near_duplicates=0.4)]
    whole = groups_of(texts)
    known = groups_of(texts[:150])
    assert groups_of(texts, [number >= 150 for number in range(200)], [*known, *range(150, 200)]) == whole


def test_near_duplicates_mostly_sit_together_and_a_form_does_not_bend_the_splits() -> None:
    chance = random.Random(8)
    text = words(chance, 300)
    seats = {summary(text.replace(f"word{number}", "other", 1), TASK).seat for number in range(100)}
    assert len(seats) <= 5
    assert summary(text, TASK).seat != summary(text, "match").seat
    form = "name of the employer and the last position held there with all dates and places"
    seats_on_a_form = [summary(f"{form} {words(chance, 100)} {form}", TASK).seat for _ in range(500)]
    assert 0.7 < sum(seat < 0.8 for seat in seats_on_a_form) / 500 < 0.9


def test_groups_do_not_depend_on_order_and_batches(tmp_path: Path) -> None:
    texts = [resume.text for resume in resumes(120, 13, near_duplicates=0.5)]
    rows = [labelled(number + 1, text, "HR") for number, text in enumerate(texts)]
    found = []
    for name, order in (("one", rows), ("many", random.Random(1).sample(rows, len(rows)))):
        platform = Platform(Settings(home=tmp_path / name))
        size = 120 if name == "one" else 45
        for start in range(0, 120, size):
            add_batch(platform, TASK, order[start : start + size])
            load(platform, TASK)
            report = group(platform, TASK)
        with open_warehouse(platform, TASK) as connection:
            found.append(connection.sql("SELECT * FROM raw.duplicate_groups ORDER BY text_hash").fetchall())
        assert report.texts == len({row.text_hash for row in rows})
    assert found[0] == found[1]
    assert all(group_id <= text_hash for text_hash, group_id, _ in found[0])


def test_only_new_texts_are_compared(platform: Platform) -> None:
    texts = [resume.text for resume in resumes(60, 14, near_duplicates=0.5)]
    add_batch(platform, TASK, [labelled(number, text, "HR") for number, text in enumerate(texts)])
    load(platform, TASK)
    first = group(platform, TASK)
    assert (first.new_texts, group(platform, TASK).new_texts) == (first.texts, 0)
    add_batch(platform, TASK, [labelled(1, texts[0] + " available at once", "HR")])
    load(platform, TASK)
    second = group(platform, TASK)
    assert second.new_texts == 1
    assert second.groups == first.groups
    assert second.pairs < 10
