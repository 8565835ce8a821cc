"""How time and memory are measured, the same way in every benchmark."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]


def seconds(action: Callable[[], object]) -> float:
    """How long one call takes on the clock."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def milliseconds(action: Callable[[], object]) -> float:
    return seconds(action) * 1_000


def median_seconds(rounds: int, *actions: Callable[[], object]) -> list[float]:
    """The median time of each action. They take turns, so that whatever else the machine does weighs on all alike."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(rounds):
        for spent, action in zip(times, actions, strict=True):
            spent.append(seconds(action))
    return [statistics.median(spent) for spent in times]


def percentile(times: Sequence[float], share: int) -> float:
    return round(float(np.percentile(times, share)), 2)


@dataclass(frozen=True, slots=True)
class Run:
    """A process that ended: seconds on the clock, seconds of processor time, and what it wrote to standard output."""

    seconds: float
    processor_seconds: float
    output: str


def run_python(*arguments: str) -> Run:
    """Runs a fresh interpreter in the project's folder. Raises RuntimeError where it ends badly."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    spent = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"python {' '.join(arguments)} ended with {process.returncode}")
    return Run(spent, usage.ru_utime + usage.ru_stime, output)
