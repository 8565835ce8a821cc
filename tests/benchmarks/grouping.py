"""A dataset of 50,000 resumes from rows to version, then with 100 more; and texts that are hard to group.

    python -m tests.benchmarks.grouping [--small]

Resumes are generated, a fifth of them edited copies of others, and masked by their truth: anonymizing them is another matter.
Near-duplicate groups, dbt with its tests and the checks have a goal together; publishing and the report on leaks come after
them. The same steps over two small batches say what a step costs whatever there is to do. Each step is a process of its own:
its processor time, that of dbt and other children included, is what the operating system recorded, and its memory what all
of them held together, looked at every tenth of a second.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from assets.labels.anonymizing.model import Masked, replace
from assets.labels.model import AnonymizedRow
from assets.labels.synthetic.generator import SyntheticResume, resumes
from assets.platform import Platform, Settings
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.installation import expect
from tests.benchmarks.measuring import PROJECT
from tests.benchmarks.memory import BETWEEN_LOOKS, memory_of
from tests.labels.warehouses import add_batch, labelled

TASK = "job-category"
RESUMES, SMALL = 50_000, 5_000
MORE = 100
SECONDS = 600
MEBIBYTES = 4096
STEPS = ("rows", "groups", "models", "checks")
AFTERWARDS = ("version", "leaks")
FEW = 200
HARD = ("copies of one form", "a form that is half of each text", "sentences of the same words")


@dataclass(frozen=True, slots=True)
class Step:
    """A process that ended: seconds on the clock and of processors, the peak of it and its children in MiB, and what it found."""

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
            figures = [*resume_figures(Path(folder), count), *hard_figures(Path(folder), count)]
        print(document("grouping", figures, resumes=count))


def run_step(name: str, platform: Platform) -> dict[str, Any]:
    """One step in this process, and what it found."""
    from assets.labels.quality.leaks import leaks_of
    from assets.labels.quality.standing import examine_mart
    from assets.labels.snapshots.building import build
    from assets.labels.tasks import task_named
    from assets.labels.warehouse import filling

    if name == "checks":
        examination = examine_mart(platform, TASK)
        expect(not examination.failures, f"a check failed: {[each.name for each in examination.failures]}")
        return {each.name: dict(each.figures) for each in examination.outcomes}
    if name == "version":
        return {"version": build(platform, TASK, "benchmark").version}
    if name == "leaks":
        return asdict(leaks_of(platform, task_named(TASK)))
    if name == "rows":
        return asdict(filling.fill_rows(platform, TASK))
    if name == "groups":
        return asdict(filling.fill_groups(platform, TASK))
    built = filling.fill_models(platform, TASK)
    expect(not built.failed_tests, "a test of dbt failed")
    return {"models and tests": len(built.outcomes)}


def resume_figures(folder: Path, count: int) -> Iterator[Figure]:
    steps = (*STEPS, *AFTERWARDS)
    few = folder / "few"
    filled("resumes", few, 0, FEW, steps)
    least = filled("resumes", few, FEW, FEW + MORE, steps)
    home = folder / "resumes"
    whole = filled("resumes", home, 0, count, steps)
    more = filled("resumes", home, count, count + MORE, steps)
    expect(more["groups"].found["new_texts"] <= MORE, "texts that were known were summed up again")
    for found, what in ((whole, f"{count:,} resumes"), (more, f"{MORE} more")):
        for name in steps:
            yield Figure(f"{what}, {name}", round(found[name].seconds, 1), "s")
        together = sum(found[name].seconds for name in STEPS)
        yield Figure(f"{what}, {' + '.join(STEPS)}", round(together, 1), "s", at_most=SECONDS)
        peak = max(step.peak for step in found.values())
        yield Figure(f"{what}, memory", round(peak), "MiB", at_most=MEBIBYTES)
    for name in steps:
        yield Figure(
            f"{MORE} more, {name}, processor time",
            round(more[name].processor_seconds, 1),
            "s",
            f"{whole[name].processor_seconds:.1f} s for {count:,}; {least[name].processor_seconds:.1f} s for {MORE} to {FEW}",
        )


def hard_figures(folder: Path, count: int) -> Iterator[Figure]:
    """The step that groups, where most pairs have much in common."""
    for kind in HARD:
        step = filled(kind, folder / kind.replace(" ", "-"), 0, count, ("rows", "groups"))["groups"]
        texts = f"{step.found['texts']:,} texts"
        yield Figure(f"{kind}, groups", round(step.seconds, 1), "s", texts, at_most=SECONDS)
        yield Figure(f"{kind}, memory", round(step.peak), "MiB", at_most=MEBIBYTES)


def rows(kind: str, first: int, end: int) -> Iterable[AnonymizedRow]:
    """Labelled resumes, or hard texts, from one number to another."""
    if kind == "resumes":
        drawn = ((masked(resume), resume.category) for resume in resumes(end, 7, near_duplicates=0.2))
    else:
        drawn = ((text, "HR") for text in hard_texts(kind))
    return (labelled(number, *found) for number, found in islice(enumerate(drawn), first, end))


def masked(resume: SyntheticResume) -> str:
    """The resume with placeholders where its truth says that something is personal."""
    spans = sorted(resume.personal, key=lambda span: span.start)
    return replace(resume.text, [Masked(span.kind, span.start, span.end) for span in spans]).text


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
    """Runs this program in a process of its own and watches it."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "tests.benchmarks.grouping", *arguments]
    run = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    said: list[str] = []
    assert run.stdout is not None
    listener = threading.Thread(target=lambda stream: said.extend(stream), args=(run.stdout,))
    listener.start()
    watched = psutil.Process(run.pid)
    peak, usage = 0.0, None
    while usage is None:
        peak = max(peak, memory_of(watched))
        time.sleep(BETWEEN_LOOKS)
        pid, status, recorded = os.wait4(run.pid, os.WNOHANG)
        usage = recorded if pid else None
    seconds = time.perf_counter() - started
    run.returncode = os.waitstatus_to_exitcode(status)
    listener.join()
    run.stdout.close()
    expect(run.returncode == 0, f"{' '.join(arguments)} ended with {run.returncode}")
    step = Step(seconds, usage.ru_utime + usage.ru_stime, peak, json.loads(said[-1]))
    print(f"{' '.join(arguments)}: {step.seconds:.1f} s, {step.processor_seconds:.1f} s of processors", file=sys.stderr)
    return step


if __name__ == "__main__":
    main()
