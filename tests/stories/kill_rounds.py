"""What the stories of twenty kills share: a corpus whose every passage says its edition, and a reader who looks for mixtures."""

import random
import re
import signal
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from assets.index.searching import SearchResult, search
from assets.index.verification import verify
from assets.platform import Platform
from tests.conftest import Installation

PASSAGES = 4
KILLS = 20


def write_edition(folder: Path, edition: int, documents: int) -> None:
    """Every document gets a new edition: each of its passages says which, so that a mixture can be seen."""
    folder.mkdir(exist_ok=True)
    for number in range(documents):
        sections = [
            f"## Part {part}\n\nEdition {edition} of rule {number}, part {part}: it holds for {edition + number + part} days"
            f" from the day on which notice {number * 100 + part} was given to everyone whom it concerns."
            for part in range(PASSAGES)
        ]
        (folder / f"rule-{number}.md").write_text(f"# Rule {number}\n\n" + "\n\n".join(sections) + "\n")


def edition_of(result: SearchResult) -> int:
    """The edition that a passage says it is of."""
    found = re.search(r"Edition (\d+) of rule", result.text)
    assert found
    return int(found[1])


class SearchLoop(threading.Thread):
    """Searches all the time, and keeps what it should never see. `longest` is the longest search, in seconds."""

    def __init__(self, platform: Platform, documents: int) -> None:
        super().__init__(daemon=True)
        self._platform = platform
        self._documents = documents
        self._stopped = threading.Event()
        self.searches = 0
        self.longest = 0.0
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                results = search(self._platform, "edition of rule, days from notice", k=1000)
            except Exception as problem:
                self.wrong.append(f"{type(problem).__name__}: {problem}")
                time.sleep(0.1)
                continue
            self.searches += 1
            self.longest = max(self.longest, time.monotonic() - began)
            # Searches are to be there at every moment, not to take the processors from the refresh.
            time.sleep(0.2)
            editions: dict[str, Counter[int]] = defaultdict(Counter)
            for result in results:
                editions[result.document_id][edition_of(result)] += 1
            if len(editions) != self._documents:
                self.wrong.append(f"{self._documents - len(editions)} documents without a passage")
            for document, counted in editions.items():
                if len(counted) != 1 or counted.total() != PASSAGES:
                    self.wrong.append(f"{document}: {dict(counted)}")
            if len({edition for counted in editions.values() for edition in counted}) != 1:
                self.wrong.append("documents of several editions in one answer")

    def stop(self) -> None:
        self._stopped.set()
        self.join(60)


@dataclass(frozen=True, slots=True)
class Rounds:
    """What twenty rounds came to; `killed` counts the refreshes that were still running when they were killed."""

    killed: int
    searches: int
    wrong: list[str]


def kill_refreshes(installation: Installation, reader: Platform, folder: Path, documents: int) -> Rounds:
    """Refreshes a folder of rules twenty times, each time with a new edition, kills each refresh with -9 at a moment that is
    drawn, finishes it, and verifies it; `reader` searches all the while."""
    write_edition(folder, 0, documents)
    installation.json("source", "add", "rules", str(folder), "--kind", "policy")
    installation.json("refresh")
    write_edition(folder, 1, documents)
    started = time.monotonic()
    installation.json("refresh")
    whole = time.monotonic() - started
    loop = SearchLoop(reader, documents)
    loop.start()
    moments = random.Random(20261123)
    killed = 0
    try:
        for edition in range(2, KILLS + 2):
            write_edition(folder, edition, documents)
            process = installation.start("refresh", "--json", stdout=None, stderr=None)
            # Most of a short refresh is the start of Python; the moments lie in the part that writes.
            time.sleep(moments.uniform(0.35, 1.0) * whole)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            again = installation.json("refresh")
            assert again["sources"]["rules"]["quarantined"] == []
            report = verify(reader)
            assert report.ok, report
            assert report.documents == documents
    finally:
        loop.stop()
    assert installation.json("verify")["ok"] is True
    return Rounds(killed, loop.searches, loop.wrong)
