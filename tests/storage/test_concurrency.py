import threading
from collections.abc import Iterator

import pytest

from assets.storage.concurrency import at_once


def test_results_keep_the_order_of_the_items_whichever_is_done_first() -> None:
    second_is_done = threading.Event()

    def action(number: int) -> int:
        if number == 0:
            assert second_is_done.wait(10)
        if number == 1:
            second_is_done.set()
        return number * number

    assert list(at_once(action, range(20), 2)) == [number * number for number in range(20)]


def test_items_are_taken_only_as_results_are_wanted() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(1_000_000):
            taken = number
            yield number

    results = at_once(str, items(), 3)
    assert [next(results) for _ in range(10)] == [str(number) for number in range(10)]
    assert taken < 20
    results.close()  # type: ignore[attr-defined]


def test_after_an_error_nothing_more_is_begun() -> None:
    begun: list[int] = []

    def action(number: int) -> None:
        begun.append(number)
        if number == 3:
            raise ValueError("the fourth")

    with pytest.raises(ValueError, match="the fourth"):
        list(at_once(action, range(1_000), 2))
    assert len(begun) < 20
    assert threading.active_count() < 20
