"""Promise 2 under kill -9: whatever is killed, searches go on, nothing is half served, and the next refresh finishes."""

import random
import re
import signal
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from assets.index.searching import search
from assets.platform import Platform, Settings
from tests.conftest import Installation

DOCUMENTS = 60
PASSAGES = 4
KILLS = 20


def write_edition(folder: Path, edition: int) -> None:
    """Every document gets a new edition: each of its passages says which, so that a mixture can be seen."""
    folder.mkdir(exist_ok=True)
    for number in range(DOCUMENTS):
        sections = [
            f"## Part {part}\n\nEdition {edition} of rule {number}, part {part}: it holds for {edition + number + part} days"
            f" from the day on which notice {number * 100 + part} was given to everyone whom it concerns."
            for part in range(PASSAGES)
        ]
        (folder / f"rule-{number}.md").write_text(f"# Rule {number}\n\n" + "\n\n".join(sections) + "\n")


class SearchLoop(threading.Thread):
    """Searches all the time, and keeps what it should never see."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self._platform = Platform(Settings(home=home))
        self._stopped = threading.Event()
        self.searches = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                results = search(self._platform, "edition of rule, days from notice", k=1000)
            except Exception as problem:
                self.wrong.append(f"{type(problem).__name__}: {problem}")
                time.sleep(0.1)
                continue
            self.searches += 1
            time.sleep(0.02)
            editions: dict[str, Counter[str]] = defaultdict(Counter)
            for result in results:
                found = re.search(r"Edition (\d+) of rule", result.text)
                assert found
                editions[result.document_id][found[1]] += 1
            if len(editions) != DOCUMENTS:
                self.wrong.append(f"{DOCUMENTS - len(editions)} documents without a passage")
            for document, counted in editions.items():
                if len(counted) != 1 or counted.total() != PASSAGES:
                    self.wrong.append(f"{document}: {dict(counted)}")

    def stop(self) -> None:
        self._stopped.set()
        self.join(30)


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_twenty_kills_leave_nothing_missing_orphaned_or_doubled(installation: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    write_edition(folder, 0)
    installation.json("source", "add", "rules", str(folder), "--kind", "policy")
    installation.json("refresh")
    write_edition(folder, 1)
    started = time.monotonic()
    installation.json("refresh")
    whole = time.monotonic() - started
    loop = SearchLoop(installation.home)
    loop.start()
    moments = random.Random(20261123)
    killed = 0
    for edition in range(2, KILLS + 2):
        write_edition(folder, edition)
        process = installation.start("refresh", "--json", stdout=None, stderr=None)
        # Most of a short refresh is the start of Python; the moments lie in the part that writes.
        time.sleep(moments.uniform(0.35, 1.0) * whole)
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        again = installation.json("refresh")
        assert again["sources"]["rules"]["quarantined"] == []
        report = installation.json("verify")
        assert (report["missing"], report["orphans"], report["duplicates"], report["mismatched"]) == (0, 0, 0, 0)
        assert report["documents"] == DOCUMENTS
    loop.stop()
    assert loop.wrong[:5] == []
    assert loop.searches > KILLS
    assert killed >= KILLS // 2
