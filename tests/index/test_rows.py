"""Which rows a timeline needs, and what its change means for them."""

from hypothesis import given
from hypothesis import strategies as st

from assets.index.rows import Stay, change, row_id, stays
from assets.lineage.moments import OPEN


def test_a_chunk_that_stays_through_versions_is_one_row() -> None:
    assert stays([(10, 20, ["x", "y"]), (20, OPEN, ["x", "z"])]) == {
        Stay("x", 10, OPEN),
        Stay("y", 10, 20),
        Stay("z", 20, OPEN),
    }


def test_a_chunk_that_leaves_and_comes_back_is_two_rows() -> None:
    assert stays([(10, 20, ["x"]), (20, 30, []), (30, OPEN, ["x"])]) == {Stay("x", 10, 20), Stay("x", 30, OPEN)}


def test_an_edit_adds_and_closes_only_the_chunk_that_it_touched() -> None:
    served = {"r1": Stay("kept", 10, OPEN), "r2": Stay("old", 10, OPEN)}
    wanted = stays([(10, 20, ["kept", "old"]), (20, OPEN, ["kept", "new"])])
    result = change(served, wanted)
    assert (result.added, result.closed, result.kept) == (1, 1, 1)
    assert set(result.to_add) == {Stay("old", 10, 20), Stay("new", 20, OPEN)}
    assert result.to_close == ("r2",)


def test_a_deleted_document_closes_its_chunks_and_adds_none() -> None:
    result = change({"r1": Stay("x", 10, OPEN)}, {Stay("x", 10, 30)})
    assert (result.added, result.closed, result.kept) == (0, 1, 0)


def test_a_row_of_another_generation_is_another_row() -> None:
    stay = Stay("x", 10, OPEN)
    assert row_id(stay, 1) != row_id(stay, 2)
    assert row_id(stay, 1) == row_id(stay, 1)


timelines = st.lists(st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=4), max_size=6).map(
    lambda versions: [
        (position * 10, (position + 1) * 10 if position + 1 < len(versions) else OPEN, chunks)
        for position, chunks in enumerate(versions)
    ]
)


@given(timelines, timelines)
def test_after_a_change_every_moment_shows_exactly_the_wanted_chunks(
    before: list[tuple[int, int, list[str]]], after: list[tuple[int, int, list[str]]]
) -> None:
    served = {str(number): stay for number, stay in enumerate(sorted(stays(before), key=str))}
    result = change(served, stays(after))
    rows = [stay for identity, stay in served.items() if identity not in result.to_close] + list(result.to_add)
    for moment in range(0, 70, 5):
        seen = sorted(stay.chunk_id for stay in rows if stay.valid_from <= moment < stay.valid_to)
        expected = sorted(chunk for start, end, chunks in after for chunk in chunks if start <= moment < end)
        assert seen == expected
    assert change({str(number): stay for number, stay in enumerate(rows)}, stays(after)).to_add == ()
