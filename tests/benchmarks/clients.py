"""Clients who search while the platform switches, each in a thread, and what they should never see."""

import re
import threading
import time

from assets.index.generation import served
from assets.index.searching import SearchResult, search
from assets.platform import Platform

WANTED = 10
PAUSE_SECONDS = 0.5
"""Between two searches of a client, who reads what was found; the machine is the writer's too."""


class Clients:
    """Search one platform until they are stopped. `times` are milliseconds of the searches that succeeded, `failed` those that
    did not, `mixed` those whose results are not of one edition, or fewer than wanted."""

    def __init__(self, platform: Platform, count: int, documents: int) -> None:
        self._platform = platform
        self._documents = documents
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(count)]
        self.times: list[float] = []
        self.editions: set[int] = set()
        self.index_versions: set[str] = set()
        self.failed = 0
        self.mixed = 0

    def start(self) -> None:
        # The model is opened once, and the first search of each is a search of an open platform.
        search(self._platform, "edition", k=WANTED)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._platform.catalogue.close()

    def _run(self, number: int) -> None:
        asked = number
        newest = 0
        while not self._stopped.is_set():
            asked = (asked + 7) % self._documents
            began = time.perf_counter()
            try:
                results = search(self._platform, f"for how many days does rule {asked} hold", k=WANTED)
            except Exception:
                with self._lock:
                    self.failed += 1
                continue
            spent = (time.perf_counter() - began) * 1_000
            editions = {edition_of(result) for result in results}
            # Nor does anybody see the edition before the one that was seen.
            is_whole = len(results) == WANTED and len(editions) == 1 and min(editions) >= newest
            newest = max(editions, default=newest)
            index_version = self._served()
            with self._lock:
                self.times.append(spent)
                self.editions |= editions
                self.mixed += not is_whole
                self.index_versions.add(index_version)
            self._stopped.wait(PAUSE_SECONDS)

    def _served(self) -> str:
        with self._platform.catalogue.read() as connection:
            current = served(connection)
        return "" if current is None else current.index_version


def edition_of(result: SearchResult) -> int:
    """The edition that a passage says it is of."""
    found = re.match(r"Edition (\d+) of rule", result.text)
    return int(found[1]) if found else 0
