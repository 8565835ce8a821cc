"""One section of one document among 10,000 is edited: seconds from noticing it to finding the new text, in a warm process.

python -m tests.benchmarks.one_edit
"""

import statistics
import time
from pathlib import Path

from assets.index.searching import search
from assets.platform import Platform
from orchestration.local_runs import LocalRuns
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.installation import STEPS, StepByStep, expect, installation, refresh_step_by_step, register
from tests.benchmarks.texts import write_two_sections

DOCUMENTS = 10_000
EDITS = 7


def main() -> None:
    with installation() as (platform, sources):
        paths = write_two_sections(sources / "rules", DOCUMENTS)
        register(platform, "rules", sources / "rules")
        refresh_step_by_step(platform, "rules")
        # Spread over the corpus; the first of each kind warms up what the others use.
        edited = paths[:: DOCUMENTS // (2 * EDITS + 2)]
        steps: list[StepByStep] = []
        searches: list[float] = []
        for number, path in enumerate(edited[: EDITS + 1]):
            steps.append(edit(platform, path, number))
            searches.append(find(platform, path, number))
        jobs = edits_by_job(platform, edited[EDITS + 1 : 2 * EDITS + 2])
    steps, searches, jobs = steps[1:], searches[1:], jobs[1:]
    searchable = statistics.median(each.total + found for each, found in zip(steps, searches, strict=True))
    job = statistics.median(jobs)
    refreshing = statistics.median(each.total for each in steps)
    figures = [
        Figure("from noticing to searchable, steps in process", round(searchable, 3), "s", at_most=0.5),
        *(
            Figure(f"  step {step}", round(statistics.median(each.seconds[step] for each in steps), 3), "s")
            for step in STEPS
        ),
        Figure("  search that finds the new text", round(statistics.median(searches), 3), "s"),
        Figure("slowest of the edits", round(max(e.total + s for e, s in zip(steps, searches, strict=True)), 3), "s"),
        Figure(
            "texts embedded an edit, at most", max(each.served.result.embedded for each in steps), "texts", at_most=1
        ),
        Figure("the Dagster job in process", round(job, 3), "s"),
        Figure("Dagster's part of the job", round(job - refreshing, 3), "s"),
    ]
    print(document("one_edit", figures, documents=DOCUMENTS, edits=EDITS))


def edit(platform: Platform, path: Path, number: int) -> StepByStep:
    rewrite(path, number)
    done = refresh_step_by_step(platform, "rules")
    result = done.served.result
    expect(
        (result.documents.changed, result.chunks_added, result.chunks_closed, result.embedded) == (1, 1, 1, 1),
        f"an edit of one section did something else: {result}",
    )
    return done


def edits_by_job(platform: Platform, paths: list[Path]) -> list[float]:
    seconds = []
    with LocalRuns(platform) as runs:
        for number, path in enumerate(paths, start=1_000):
            rewrite(path, number)
            run = runs.refresh("rules", full=False, say=lambda _: None)
            platform.release()
            expect(run.problem is None, f"the Dagster job failed: {run.problem}")
            expect(run.result is not None and run.result.embedded == 1, "the job embedded something else")
            find(platform, path, number)
            seconds.append(run.seconds)
    return seconds


def rewrite(path: Path, number: int) -> None:
    """Replaces the last section with a text that no other document has."""
    before = path.read_text().rsplit("\n\n", 1)[0]
    path.write_text(f"{before}\n\n{sentence(number)}\n")


def sentence(number: int) -> str:
    return f"Whoever works nights receives an allowance of {number + 11} crowns for edition-{number}."


def find(platform: Platform, path: Path, number: int) -> float:
    """Seconds that a search takes which has to find the new text."""
    started = time.perf_counter()
    found = search(platform, f"allowance for nights in edition-{number}", k=5)
    seconds = time.perf_counter() - started
    expect(any(sentence(number) in each.text for each in found), "a search did not find the new text")
    return seconds


if __name__ == "__main__":
    main()
