"""What every index store keeps, whichever engine is behind it. A backend's test file gives the fixture `index_store` (an empty
index of DIMENSION) and inherits from IndexContract."""

import random
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.index.store import BEGINNING, OPEN, IndexRow, IndexStore, SearchFilter

DIMENSION = 8
TOPICS = ("sick leave accrual", "overtime wages", "parental bonding", "harassment complaint", "tipped minimum wage")


def unit(seed: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).normal(size=DIMENSION)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def row(number: int, generation: int = 1, **changes: object) -> IndexRow:
    body = f"Rule {number} speaks of {TOPICS[number % len(TOPICS)]} and of item{number} alone."
    made = IndexRow(
        row_id=f"row-{number:05d}",
        chunk_id=f"chunk-{number:05d}",
        document_id=f"code/section-{number}.xml",
        source="code",
        kind="regulation",
        jurisdiction="DC",
        title="Labor",
        heading_path=("Title 32", f"§ 32-{number}.01. Heading"),
        body=body,
        vector=unit(number),
        valid_from=BEGINNING,
        valid_to=OPEN,
        from_generation=generation,
    )
    return replace(made, **changes)


def found(store: IndexStore, query: str, vector: NDArray[np.float32], k: int = 10, **where: object) -> list[str]:
    condition = replace(SearchFilter(generation=1, moment=0), **where)
    return [hit.row_id for hit in store.search(query, vector, k, condition)]


def visible(store: IndexStore, generation: int, moment: int = 0) -> set[str]:
    """Every row that a search can see: one with more room than there are rows."""
    return set(found(store, "rule", unit(0), 1_000, generation=generation, moment=moment))


class IndexContract:
    def test_a_row_comes_back_as_it_was_written(self, index_store: IndexStore) -> None:
        written = row(
            3, heading_path=("Title 32", "Chapter 5A", "§ 32–531.02. Accrual"), body="Paid leave.\n\n- “one” é 漢"
        )
        index_store.add([written, row(4)])
        hit = index_store.search("paid leave", written.vector, 1, SearchFilter(1, 0))[0]
        for name in ("row_id", "chunk_id", "document_id", "source", "title", "heading_path", "body"):
            assert getattr(hit, name) == getattr(written, name)
        state = next(state for state in index_store.rows() if state.row_id == written.row_id)
        assert (state.chunk_id, state.valid_from, state.valid_to) == (written.chunk_id, BEGINNING, OPEN)
        assert (state.from_generation, state.to_generation) == (1, OPEN)

    def test_an_empty_index_answers_with_nothing(self, index_store: IndexStore) -> None:
        assert found(index_store, "anything", unit(1)) == []
        assert index_store.count(1) == 0
        assert list(index_store.rows()) == []
        index_store.add([])
        index_store.close([], 1)
        index_store.optimize()
        assert index_store.erase([]) == 0
        assert index_store.sweep(0) == 0

    def test_adding_again_replaces_and_never_doubles(self, index_store: IndexStore) -> None:
        index_store.add([row(number) for number in range(50)])
        index_store.add([row(number) for number in range(25, 75)])
        index_store.add(
            [row(7, body="Rule 7 now speaks of bereavement."), row(7, body="Rule 7 speaks of bereavement.")]
        )
        assert index_store.count(1) == 75
        assert sorted(state.row_id for state in index_store.rows()) == [row(number).row_id for number in range(75)]
        hit = index_store.search("bereavement", unit(7), 1, SearchFilter(1, 0))[0]
        assert hit.body == "Rule 7 speaks of bereavement."

    def test_closed_rows_stay_for_readers_of_earlier_generations(self, index_store: IndexStore) -> None:
        index_store.add([row(number) for number in range(10)])
        index_store.add([row(number, generation=2) for number in range(10, 12)])
        for _ in range(2):
            index_store.close([row(number).row_id for number in range(4)], 2)
        assert visible(index_store, 1) == {row(number).row_id for number in range(10)}
        assert visible(index_store, 2) == {row(number).row_id for number in range(4, 12)}
        assert (index_store.count(1), index_store.count(2), index_store.count(3)) == (10, 8, 8)
        assert (index_store.count_added(1), index_store.count_added(2), index_store.count_added(3)) == (10, 2, 0)
        assert (index_store.count_closed(1), index_store.count_closed(2)) == (0, 4)

    def test_adding_a_closed_row_again_opens_it(self, index_store: IndexStore) -> None:
        index_store.add([row(1)])
        index_store.close([row(1).row_id], 2)
        index_store.add([row(1)])
        assert visible(index_store, 2) == {row(1).row_id}

    def test_closing_rows_that_are_not_there_changes_nothing(self, index_store: IndexStore) -> None:
        index_store.add([row(1)])
        index_store.close(["row-none", 'row\'s "other"'], 2)
        assert visible(index_store, 2) == {row(1).row_id}
        assert len(list(index_store.rows())) == 1

    def test_thousands_of_rows_close_at_once(self, index_store: IndexStore) -> None:
        rows = [row(number) for number in range(12_000)]
        for start in range(0, len(rows), 4_000):
            index_store.add(rows[start : start + 4_000])
        index_store.close([each.row_id for each in rows[1:]], 2)
        assert (index_store.count(1), index_store.count(2), index_store.count_closed(2)) == (12_000, 1, 11_999)
        assert visible(index_store, 2) == {rows[0].row_id}
        assert index_store.sweep(1) == 11_999
        assert index_store.count(2) == 12_000
        assert index_store.erase([each.row_id for each in rows[2:]]) == 11_998
        assert index_store.count(2) == 2

    def test_sweep_undoes_what_a_killed_refresh_left(self, index_store: IndexStore) -> None:
        index_store.add([row(number) for number in range(6)])
        index_store.close([row(0).row_id], 2)
        served = {(state.row_id, state.to_generation) for state in index_store.rows()}
        index_store.add([row(number, generation=3) for number in range(6, 9)])
        index_store.close([row(1).row_id, row(2).row_id, row(6).row_id], 3)
        assert index_store.sweep(2) == 5
        assert {(state.row_id, state.to_generation) for state in index_store.rows()} == served
        assert index_store.sweep(2) == 0

    def test_validity_is_from_the_first_to_before_the_last_moment(self, index_store: IndexStore) -> None:
        index_store.add([row(1, valid_from=100, valid_to=200), row(2, valid_from=200), row(3, valid_to=100)])
        names = {number: row(number).row_id for number in (1, 2, 3)}
        expected = {99: {3}, 100: {1}, 199: {1}, 200: {2}}
        for moment, numbers in expected.items():
            assert visible(index_store, 1, moment) == {names[number] for number in numbers}

    def test_filters_let_through_what_they_name(self, index_store: IndexStore) -> None:
        odd = "O'Brien & \"Sons\" -- x'; DROP"
        index_store.add(
            [
                row(1),
                row(2, kind="handbook", jurisdiction="", source=odd),
                row(3, kind="handbook", jurisdiction="US-CA"),
            ]
        )
        names = {number: row(number).row_id for number in (1, 2, 3)}
        for where, numbers in (
            ({"kind": "handbook"}, {2, 3}),
            ({"jurisdiction": "DC"}, {1}),
            ({"jurisdiction": ""}, {2}),
            ({"source": odd}, {2}),
            ({"kind": "handbook", "source": "code"}, {3}),
            ({"kind": "policy"}, set()),
        ):
            assert set(found(index_store, "rule", unit(1), **where)) == {names[number] for number in numbers}

    def test_filters_act_before_the_search(self, index_store: IndexStore) -> None:
        """What is best among a few allowed rows is found although thousands of others are better."""
        query = unit(1)
        index_store.add([row(number, vector=query, body="overtime wages") for number in range(3_000)])
        rare = [row(number, kind="handbook", vector=unit(number)) for number in range(3_000, 3_005)]
        index_store.add(rare)
        index_store.optimize()
        assert set(found(index_store, "overtime wages", query, kind="handbook")) == {each.row_id for each in rare}

    def test_either_side_alone_finds_a_row(self, index_store: IndexStore) -> None:
        index_store.add([row(number) for number in range(300)])
        index_store.optimize()
        index_store.add([row(300, body="Garnishment of wages")])
        assert found(index_store, "item123", -unit(123), 1) == [row(123).row_id]
        assert found(index_store, "", unit(77), 1) == [row(77).row_id]
        assert found(index_store, "the of and", unit(78), 1) == [row(78).row_id]
        assert found(index_store, "what is § 32–45.01?", unit(999), 1) == [row(45).row_id]
        assert found(index_store, "garnishments", unit(999), 1) == [row(300).row_id], "a row is found before optimize"

    def test_hits_are_ordered_by_scores_from_0_to_1(self, index_store: IndexStore) -> None:
        index_store.add([row(number) for number in range(40)])
        hits = index_store.search("overtime wages of item1", unit(1), 15, SearchFilter(1, 0))
        scores = [hit.score for hit in hits]
        assert len(hits) == 15
        assert hits[0].row_id == row(1).row_id
        assert scores == sorted(scores, reverse=True)
        assert 0 <= scores[-1] <= scores[0] <= 1

    def test_the_same_search_gives_the_same_ranking_whatever_the_order_of_writing(
        self, index_store: IndexStore
    ) -> None:
        rows = [row(number, body="Equal text", vector=unit(1)) for number in range(30)]
        index_store.add(rows[::-1])
        before = found(index_store, "equal text", unit(1), 7)
        assert before == [each.row_id for each in rows[:7]]
        index_store.optimize()
        assert found(index_store, "equal text", unit(1), 7) == before

    def test_housekeeping_changes_no_answer(self, index_store: IndexStore) -> None:
        for start in range(0, 200, 20):
            index_store.add([row(number) for number in range(start, start + 20)])
        index_store.optimize()
        index_store.close([row(number).row_id for number in range(0, 200, 3)], 2)
        before = (found(index_store, "overtime wages", unit(1), 20), index_store.checksum(2), visible(index_store, 2))
        index_store.optimize()
        index_store.optimize()
        assert (
            found(index_store, "overtime wages", unit(1), 20),
            index_store.checksum(2),
            visible(index_store, 2),
        ) == before

    def test_checksum_is_of_what_is_served_whatever_the_order(self, index_store: IndexStore) -> None:
        index_store.add([row(number) for number in range(20)])
        first = index_store.checksum(1)
        index_store.close([row(3).row_id], 2)
        assert index_store.checksum(1) == first
        assert index_store.checksum(2) != first
        index_store.erase([row(number).row_id for number in range(20)])
        index_store.add([row(number) for number in reversed(range(20))])
        assert index_store.checksum(1) == first

    @pytest.mark.parametrize(
        "changes",
        [{"body": "Other."}, {"vector": unit(99)}, {"valid_to": 5}, {"title": "Else"}, {"heading_path": ("Title 32",)}],
    )
    def test_checksum_notices_a_change(self, index_store: IndexStore, changes: dict[str, object]) -> None:
        index_store.add([row(1), row(2)])
        before = index_store.checksum(1)
        index_store.add([row(2, **changes)])
        assert index_store.checksum(1) != before
        index_store.add([row(2)])
        assert index_store.checksum(1) == before

    def test_erased_rows_are_gone_in_every_generation(self, index_store: IndexStore) -> None:
        index_store.add([row(number) for number in range(20)])
        index_store.optimize()
        index_store.close([row(2).row_id], 2)
        assert index_store.erase([row(2).row_id, row(5).row_id, "row-none"]) == 2
        assert index_store.erase([row(2).row_id]) == 0
        left = {row(number).row_id for number in range(20)} - {row(2).row_id, row(5).row_id}
        assert visible(index_store, 1) == visible(index_store, 2) == left
        assert found(index_store, "item5", unit(5), 1) != [row(5).row_id]

    def test_a_vector_of_another_model_is_refused(self, index_store: IndexStore) -> None:
        with pytest.raises(ValueError, match=str(DIMENSION)):
            index_store.add([row(1, vector=np.ones(DIMENSION + 1, np.float32))])
        with pytest.raises(ValueError, match=str(DIMENSION)):
            index_store.add([row(1, vector=np.full(DIMENSION, np.nan, np.float32))])
        with pytest.raises(ValueError, match=str(DIMENSION)):
            index_store.search("rule", np.ones(DIMENSION + 1, np.float32), 3, SearchFilter(1, 0))
        assert index_store.count(1) == 0

    @pytest.mark.parametrize("seed", range(3))
    def test_any_history_of_writes_gives_what_a_plain_list_would(self, index_store: IndexStore, seed: int) -> None:
        chance = random.Random(seed)
        expected: dict[str, tuple[int, int]] = {}
        for generation in range(1, 9):
            added = [row(chance.randrange(60), generation=generation) for _ in range(chance.randrange(12))]
            added = [replace(each, row_id=f"{each.row_id}-{generation}") for each in added]
            index_store.add(added)
            expected |= {each.row_id: (generation, OPEN) for each in added}
            closed = [name for name, (_, end) in expected.items() if end == OPEN and chance.random() < 0.2]
            index_store.close(closed, generation)
            expected |= {name: (expected[name][0], generation) for name in closed}
            if chance.random() < 0.3:
                index_store.sweep(generation - 1)
                expected = {
                    name: (start, end if end < generation else OPEN)
                    for name, (start, end) in expected.items()
                    if start < generation
                }
            if chance.random() < 0.3:
                gone = [name for name in expected if chance.random() < 0.1]
                assert index_store.erase(gone) == len(gone)
                expected = {name: span for name, span in expected.items() if name not in gone}
            if chance.random() < 0.4:
                index_store.optimize()
            states = {state.row_id: (state.from_generation, state.to_generation) for state in index_store.rows()}
            assert states == expected
            for asked in range(1, generation + 1):
                served = {name for name, (start, end) in expected.items() if start <= asked < end}
                assert visible(index_store, asked) == served
                assert index_store.count(asked) == len(served)
