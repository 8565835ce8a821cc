"""Some calls under way at a time, for what mostly waits for a disk or a server."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

CALLS = 8


def at_once(action: Callable[[T], R], items: Iterable[T], calls: int = CALLS) -> Iterator[R]:
    """The results of an action in the order of the items, with `calls` under way at a time and at most as many waiting. Items
    are taken in the caller's thread. After an error, or when the caller wants no more, no further call is begun."""
    pool = ThreadPoolExecutor(calls)
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(action, item))
            if len(waiting) >= 2 * calls:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
