"""What a refresh costs when nothing changed: 10,000 small files, and git repositories whose head is the one that was seen.

python -m tests.benchmarks.noop
"""

import os
import statistics
import subprocess
from pathlib import Path

from assets.index.planning import plan
from assets.platform import Platform
from orchestration.local_runs import LocalRuns
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.installation import STEPS, expect, installation, refresh_step_by_step, register
from tests.benchmarks.measuring import median_seconds
from tests.benchmarks.texts import write_two_sections

DOCUMENTS = 10_000
FEW_DOCUMENTS = 500
ROUNDS = 5
GIT_ROUNDS = 41
"""More, because each takes some milliseconds."""


def main() -> None:
    with installation() as (platform, sources):
        found = [*of_a_directory(platform, sources), *of_git(platform, sources)]
    print(document("noop", found, documents=DOCUMENTS, rounds=ROUNDS))


def of_a_directory(platform: Platform, sources: Path) -> list[Figure]:
    folder = sources / "rules"
    write_two_sections(folder, DOCUMENTS)
    register(platform, "rules", folder)
    first = refresh_step_by_step(platform, "rules")
    expect(first.served.result.documents.added == DOCUMENTS, "the first refresh did not take in every document")

    def planned() -> None:
        found = plan(platform, "rules")
        expect(found.documents.unchanged == DOCUMENTS and not found.to_embed, "the plan found changes where none are")

    planned()
    planning, listing = median_seconds(ROUNDS, planned, lambda: list_files(folder))
    refreshes = [refresh_step_by_step(platform, "rules") for _ in range(ROUNDS)]
    embedded = sum(each.served.result.embedded for each in refreshes)
    unchanged = {each.served.generation for each in refreshes} == {first.served.generation}
    expect(unchanged, "a refresh without changes served another generation")
    steps = {step: statistics.median(each.seconds[step] for each in refreshes) for step in STEPS}
    refreshing = statistics.median(each.total for each in refreshes)
    with LocalRuns(platform) as runs:
        jobs = [runs.refresh("rules", full=False, say=lambda _: None) for _ in range(ROUNDS + 1)]
        platform.release()
    expect(all(job.problem is None for job in jobs), f"the Dagster job failed: {jobs[-1].problem}")
    # The first one also loads what Dagster needs to run anything.
    job_seconds = statistics.median(job.seconds for job in jobs[1:])
    return [
        Figure("first refresh, little to embed", per_document(first.total), "ms a document"),
        Figure("planning", per_document(planning), "ms a document", at_most=0.1),
        Figure("planning", round(planning / listing, 2), "times", "listing the files with their status"),
        Figure("refresh, all steps in process", per_document(refreshing), "ms a document"),
        *(Figure(f"  step {step}", per_document(steps[step]), "ms a document") for step in STEPS),
        Figure("texts embedded", embedded, "texts", at_most=0),
        Figure("refresh as a Dagster job in process", per_document(job_seconds), "ms a document"),
        Figure("Dagster's part of the job", round(job_seconds - refreshing, 3), "s a run"),
    ]


def of_git(platform: Platform, sources: Path) -> list[Figure]:
    for count in (FEW_DOCUMENTS, DOCUMENTS):
        register(platform, f"git-{count}", repository(sources / f"git-{count}", count))
        added = refresh_step_by_step(platform, f"git-{count}").served.result.documents.added
        expect(added == count, "the first refresh of a repository did not take in every document")
        plan(platform, f"git-{count}")
    few, many = median_seconds(
        GIT_ROUNDS, *(lambda name=f"git-{count}": plan(platform, name) for count in (FEW_DOCUMENTS, DOCUMENTS))
    )
    return [
        Figure(f"planning, git, {FEW_DOCUMENTS:,} files", round(few * 1_000, 2), "ms"),
        Figure(f"planning, git, {DOCUMENTS:,} files", round(many * 1_000, 2), "ms"),
        Figure("planning, git", round(many / few, 2), "times", f"{FEW_DOCUMENTS:,} files", at_most=1.3),
    ]


def per_document(seconds: float) -> float:
    return round(seconds / DOCUMENTS * 1_000, 4)


def list_files(folder: Path) -> int:
    """The least that noticing a change in a directory takes: every entry's status."""
    count = 0
    for entry in os.scandir(folder):
        if entry.is_dir():
            count += list_files(Path(entry.path))
        else:
            entry.stat()
            count += 1
    return count


def repository(folder: Path, count: int) -> Path:
    write_two_sections(folder, count)
    identity = ("-c", "user.name=Benchmark", "-c", "user.email=benchmark@example.org")
    for arguments in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "--message", "Rules")):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True, stdout=subprocess.DEVNULL)
    return folder


if __name__ == "__main__":
    main()
