"""Peak memory of building corpora of 10,000 and 100,000 documents: it must not grow with the corpus.

    python -m tests.benchmarks.memory [--small]

Each build is a process of its own. Its memory is what it and the processes that it started hold together, looked at
every tenth of a second (pages that they share count for each of them); the largest single process is what the operating
system recorded, which misses no peak. A second run over the same corpus, where nothing changed, is measured too.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.figures import Figure, document
from tests.benchmarks.installation import STEPS, expect
from tests.benchmarks.measuring import PROJECT
from tests.benchmarks.texts import write_sentences

SIZES = (10_000, 100_000)
SMALL_SIZES = (2_000, 20_000)
BETWEEN_LOOKS = 0.1
GROWTH = 1.3
"""How many times the smaller corpus's peak the larger one's may be."""
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Peak:
    """Peaks in MiB: of all processes together, over the whole run and in each step, and of the largest process."""

    together: float
    steps: dict[str, float]
    largest: float
    seconds: float
    result: dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the peak memory of building a corpus.")
    parser.add_argument("--small", action="store_true", help=f"{SMALL_SIZES[0]:,} and {SMALL_SIZES[1]:,} documents")
    sizes = SMALL_SIZES if parser.parse_args().small else SIZES
    builds: list[Peak] = []
    repeats: list[Peak] = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            rules, home = Path(folder) / "rules", Path(folder) / "home"
            write_sentences(rules, size)
            for peaks in (builds, repeats):
                peaks.append(peak_of_refresh(rules, home))
        expect(builds[-1].result["documents"]["added"] == size, "the build did not take in every document")
        expect(repeats[-1].result["embedded"] == 0, "a run without changes embedded texts")
    print(document("memory", figures(sizes, builds, repeats), sizes=sizes))


def figures(sizes: tuple[int, int], builds: list[Peak], repeats: list[Peak]) -> list[Figure]:
    def compared(name: str, small: float, large: float, goal: float | None = None) -> list[Figure]:
        return [
            Figure(f"{name}, {sizes[0]:,} documents", round(small), "MiB"),
            Figure(f"{name}, {sizes[1]:,} documents", round(large), "MiB"),
            Figure(name, round(large / small, 2), "times", f"{sizes[0]:,} documents", at_most=goal),
        ]

    small, large = builds
    listed = compared("peak of the build", small.together, large.together, GROWTH)
    for step in STEPS:
        listed += compared(f"  step {step}", small.steps[step], large.steps[step])
    listed += compared("largest process of the build", small.largest, large.largest, GROWTH)
    listed += compared("peak of a run without changes", repeats[0].together, repeats[1].together, GROWTH)
    for size, build in zip(sizes, builds, strict=True):
        listed.append(Figure(f"build of {size:,} documents", round(build.seconds, 1), "s"))
    return listed


def peak_of_refresh(rules: Path, home: Path) -> Peak:
    """Refreshes in a process of its own and watches it."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.building", str(rules), str(home)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    said = ["start"]
    assert process.stdout is not None
    listener = threading.Thread(target=lambda stream: said.extend(map(str.strip, stream)), args=(process.stdout,))
    listener.start()
    steps: dict[str, float] = defaultdict(float)
    watched = psutil.Process(process.pid)
    usage = None
    while usage is None:
        steps[said[-1]] = max(steps[said[-1]], memory_of(watched))
        time.sleep(BETWEEN_LOOKS)
        pid, status, rusage = os.wait4(process.pid, os.WNOHANG)
        usage = rusage if pid else None
    process.returncode = os.waitstatus_to_exitcode(status)
    listener.join()
    process.stdout.close()
    expect(process.returncode == 0, f"the build ended with {process.returncode}")
    return Peak(
        together=max(steps.values()),
        steps=steps,
        largest=usage.ru_maxrss / 1024,
        seconds=time.perf_counter() - started,
        result=json.loads(said[-1]),
    )


def memory_of(process: psutil.Process) -> float:
    """What a process and those that it started hold, in MiB; what has just ended counts nothing."""
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    held = 0
    for each in family:
        try:
            held += each.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return held / MEBIBYTE


if __name__ == "__main__":
    main()
