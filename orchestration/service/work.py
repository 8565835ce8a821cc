"""Runs what blocks in threads, so many at a time, each for so long."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class TooBusy(Exception):
    """Others were served for so long that this request was given up; the message says what to do."""


class TooSlow(Exception):
    """A request took longer than it may; the message says what to do."""


class Work:
    """`at_once` threads. A task that runs over its time keeps its thread until it ends by itself: threads can't be stopped."""

    def __init__(self, at_once: int, *, waiting_seconds: float, seconds: float) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="service")
        self._waiting_seconds = waiting_seconds
        self._seconds = seconds

    async def run(self, task: Callable[[], T]) -> T:
        """What the task returns or raises. Raises TooBusy, TooSlow."""
        try:
            async with asyncio.timeout(self._waiting_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise TooBusy("too many people are asking just now: ask again in a minute") from None
        future = asyncio.get_running_loop().run_in_executor(self._threads, task)
        future.add_done_callback(self._ended)
        done, _ = await asyncio.wait([future], timeout=self._seconds)
        if not done:
            raise TooSlow(f"this took longer than {self._seconds:g} seconds and was given up: ask for less at once")
        return future.result()

    def _ended(self, future: "asyncio.Future[T]") -> None:
        self._places.release()
        if not future.cancelled():
            # Seen here, so that nothing is printed about one that nobody waits for any more.
            future.exception()

    def close(self) -> None:
        """Takes no more tasks."""
        self._threads.shutdown(wait=False, cancel_futures=True)
