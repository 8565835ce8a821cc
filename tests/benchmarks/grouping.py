"""Near-duplicate groups, dbt and its tests over 50,000 resumes, then over 100 more; and texts that are hard to group.

    python -m tests.benchmarks.grouping [--small]

Resumes are generated, a fifth of them edited copies of others. They are put into batches as they are: anonymizing them is
another matter. Everything is done in processes of their own, whose processor time and peak memory, those of dbt included, are
what the operating system recorded.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from assets.labels.model import AnonymizedRow
from assets.labels.synthetic.generator import resumes
from assets.platform import Platform, Settings
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.installation import expect
from tests.benchmarks.measuring import PROJECT
from tests.labels.warehouses import add_batch, labelled

TASK = "job-category"
RESUMES, SMALL = 50_000, 5_000
MORE = 100
SECONDS = 600
MEBIBYTES = 4096
STEPS = ("rows", "groups", "models")
HARD = ("copies of one form", "a form that is half of each text", "sentences of the same words")


@dataclass(frozen=True, slots=True)
class Step:
    """A process that ended: seconds on the clock and of processors, its peak in MiB, and what it found."""

    seconds: float
    processor_seconds: float
    peak: float
    found: dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures near-duplicate groups and dbt's models.")
    parser.add_argument("--small", action="store_true", help=f"{SMALL:,} resumes")
    parser.add_argument("--add", nargs=4, metavar=("KIND", "HOME", "FIRST", "END"), help=argparse.SUPPRESS)
    parser.add_argument("--step", nargs=2, metavar=("NAME", "HOME"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.add:
        kind, home, first, end = arguments.add
        add_batch(Platform(Settings(home=Path(home))), TASK, rows(kind, int(first), int(end)))
        print("{}")
    elif arguments.step:
        name, home = arguments.step
        print(json.dumps(run_step(name, Platform(Settings(home=Path(home))))))
    else:
        count = SMALL if arguments.small else RESUMES
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            figures = [*resume_figures(Path(folder) / "resumes", count), *hard_figures(Path(folder), count)]
        print(document("grouping", figures, resumes=count))


def run_step(name: str, platform: Platform) -> dict[str, Any]:
    """One step in this process, and what it found."""
    from assets.labels.warehouse import filling

    if name == "rows":
        return asdict(filling.fill_rows(platform, TASK))
    if name == "groups":
        return asdict(filling.fill_groups(platform, TASK))
    built = filling.fill_models(platform, TASK)
    expect(not built.failed_tests, "a test of dbt failed")
    return {"models and tests": len(built.outcomes)}


def resume_figures(home: Path, count: int) -> Iterator[Figure]:
    whole = filled("resumes", home, 0, count, STEPS)
    more = filled("resumes", home, count, count + MORE, STEPS)
    expect(more["groups"].found["new_texts"] <= MORE, "texts that were known were summed up again")
    for steps, what in ((whole, f"{count:,} resumes"), (more, f"{MORE} more")):
        for name in STEPS:
            yield Figure(f"{what}, {name}", round(steps[name].seconds, 1), "s")
        yield Figure(f"{what}, together", round(sum(step.seconds for step in steps.values()), 1), "s", at_most=SECONDS)
        peak = max(step.peak for step in steps.values())
        yield Figure(f"{what}, largest process", round(peak), "MiB", at_most=MEBIBYTES)
    for name in STEPS:
        yield Figure(
            f"{MORE} more, {name}, processor time",
            round(more[name].processor_seconds, 1),
            "s",
            f"{whole[name].processor_seconds:.1f} s for {count:,}",
        )


def hard_figures(folder: Path, count: int) -> Iterator[Figure]:
    """The step that groups, where most pairs have much in common."""
    for kind in HARD:
        step = filled(kind, folder / kind.replace(" ", "-"), 0, count, ("rows", "groups"))["groups"]
        texts = f"{step.found['texts']:,} texts"
        yield Figure(f"{kind}, groups", round(step.seconds, 1), "s", texts, at_most=SECONDS)
        yield Figure(f"{kind}, largest process", round(step.peak), "MiB", at_most=MEBIBYTES)


def rows(kind: str, first: int, end: int) -> Iterable[AnonymizedRow]:
    """Labelled resumes, or hard texts, from one number to another."""
    if kind == "resumes":
        drawn = ((resume.text, resume.category) for resume in resumes(end, 7, near_duplicates=0.2))
    else:
        drawn = ((text, "HR") for text in hard_texts(kind))
    return (labelled(number, *found) for number, found in islice(enumerate(drawn), first, end))


def hard_texts(kind: str) -> Iterator[str]:
    """Copies of one form with a line of their own; a form that is half of every text; sentences of the same six words."""
    chance = random.Random(3)

    def words(number: int, vocabulary: int = 20_000) -> str:
        return " ".join(f"word{chance.randrange(vocabulary)}" for _ in range(number))

    form = words(150)
    copies, half, _ = HARD
    while True:
        if kind == copies:
            yield f"{form} {words(8)}"
        elif kind == half:
            yield f"{form} {words(150)}"
        else:
            yield words(12, 6)


def filled(kind: str, home: Path, first: int, end: int, steps: tuple[str, ...]) -> dict[str, Step]:
    """Adds a batch and runs steps."""
    process("--add", kind, str(home), str(first), str(end))
    return {name: process("--step", name, str(home)) for name in steps}


def process(*arguments: str) -> Step:
    """Runs this program in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "tests.benchmarks.grouping", *arguments]
    run = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    output = run.stdout.read()
    _, status, usage = os.wait4(run.pid, 0)
    seconds = time.perf_counter() - started
    run.returncode = os.waitstatus_to_exitcode(status)
    run.stdout.close()
    expect(run.returncode == 0, f"{' '.join(arguments)} ended with {run.returncode}")
    return Step(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(output))


if __name__ == "__main__":
    main()
