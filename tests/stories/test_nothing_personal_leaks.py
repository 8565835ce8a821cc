"""Nothing personal of a labelled resume is anywhere but in the vault: not in a log, an event, an error, an object or a table.

The resumes are of a fixed seed, of which the anonymizer misses nothing, so that whatever is found has leaked by another way
than its recall, which is measured elsewhere.
"""

import csv
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.intake.batches import read_rows
from assets.labels.intake.identity import ReadOptions
from assets.labels.intake.places import watch
from assets.labels.synthetic.generator import SyntheticResume, resumes
from assets.labels.vault.originals import opened, read_originals
from assets.labels.vault.persons import known_persons
from assets.lineage.label_tables import label_batches
from assets.platform import Platform
from orchestration.command_line.main import main
from orchestration.definitions import definitions
from orchestration.local_runs import dagster_home
from tests.labels.every_byte import everything
from tests.labels.hostile_labels import SECRET, samples

TASK = "job-category"
COUNT, SEED = 30, 31
_SHORTEST = 7
"""Characters of what is searched for in every byte: a shorter one stands in random bytes and in words by chance."""


@pytest.fixture(scope="module")
def people() -> list[SyntheticResume]:
    return list(resumes(COUNT, SEED))


def spans(resume: SyntheticResume) -> Iterator[str]:
    """Every personal item, and every part of a name."""
    for span in resume.personal:
        item = resume.text[span.start : span.end]
        yield item
        if span.kind == "NAME":
            yield from re.findall(r"\w+", item)


def longest(resume: SyntheticResume) -> str:
    """The longest item on one line; empty where there is none."""
    return max((item for item in spans(resume) if "\n" not in item), key=len, default="")


def markers(people: list[SyntheticResume]) -> list[str]:
    """What must not be found: personal items that are not said anywhere as something that is not personal."""
    kept = []
    for resume in people:
        characters = list(resume.text)
        for span in resume.personal:
            characters[span.start : span.end] = "\n" * (span.end - span.start)
        kept.append("".join(characters))
    impersonal = "\n".join(kept).casefold()
    found = {item.strip() for resume in people for item in spans(resume)}
    return sorted({SECRET, *(item for item in found if len(item) >= _SHORTEST and item.casefold() not in impersonal)})


def write_good(folder: Path, people: list[SyntheticResume]) -> Path:
    """A file with names in every column that may hold one: ids, labellers, and its own name."""
    path = folder / f"{people[0].given} {people[0].family}.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "category", "resume", "labeller"])
        for number, (resume, other) in enumerate(zip(people, reversed(people), strict=True)):
            writer.writerow([f"{longest(resume)} {number}", resume.category, resume.text, longest(other)])
    return path


def write_bad(folder: Path, people: list[SyntheticResume]) -> list[Path]:
    """Files that can't be taken, or not all of which can, with resumes in every place where one doesn't belong."""
    first, second, *others = (resume.text for resume in people)
    contents = {
        "without-names.csv": f'{first.splitlines()[0]},"{second}"\n'.encode(),
        "as-columns.csv": f'"{first}","{second}"\n1,2\n'.encode(),
        "label-is-a-resume.jsonl": json.dumps({"label": first, "text": second}).encode(),
        "cut.jsonl": json.dumps({"label": "IT", "text": first}).encode()[:-30],
        "other-encoding.csv": f'label,text\nIT,"{first}"\n'.encode("utf-16")[7:],
        "null-bytes.csv": f'label,text\nIT,"{first}\0{second}"\n'.encode(),
        "cut.csv.gz": b"\x1f\x8b\x08\x00" + first.encode(),
        "resume.pdf": b"%PDF-1.4\n" + first.encode(),
        "resume.docx": b"PK\x03\x04" + first.encode(),
        "conflicting.jsonl": "\n".join(
            json.dumps({"id": first.splitlines()[0], "label": label, "text": second}) for label in ("IT", "HR")
        ).encode(),
        "formulas.csv": "".join(
            ["label,text\n", *(f'IT,"=HYPERLINK(""{text.splitlines()[0]}"")"\n' for text in others)]
        ).encode(),
    }
    written = []
    for name, content in contents.items():
        written.append(folder / f"{people[1].given} {people[1].family} {name}")
        written[-1].write_bytes(content)
    return written


@pytest.fixture
def instance(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster's own state, in the platform's home."""
    monkeypatch.setenv("DAGSTER_HOME", str(platform.home / "dagster"))
    monkeypatch.setenv("HRDP_HOME", str(platform.home))
    dagster_home(platform)
    with dg.DagsterInstance.get() as instance:
        yield instance


def run_labels(platform: Platform, instance: dg.DagsterInstance) -> Any:
    job = definitions().resolve_job_def("labels")
    return job.execute_in_process(
        instance=instance, partition_key=TASK, resources={"platform": platform}, raise_on_error=False
    )


def test_nothing_personal_is_anywhere_but_in_the_vault(
    people: list[SyntheticResume],
    platform: Platform,
    instance: dg.DagsterInstance,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    runner = CliRunner()

    def command(*arguments: str) -> None:
        done = runner.invoke(main, list(arguments))
        said.extend([done.output, done.stderr])

    folder, incoming = tmp_path / "files", tmp_path / "incoming"
    folder.mkdir()
    incoming.mkdir()
    good = write_good(folder, people)
    command("labels", "add", str(good), "--task", TASK)
    command("labels", "add", str(good), "--task", TASK, "--json")
    for path in write_bad(folder, people):
        command("labels", "add", str(path), "--task", TASK, "--json")
    for number, sample in enumerate(samples()):
        # The large ones say nothing that the small ones don't.
        if sample.task == TASK and not re.search(r"bomb|\d MB|folder", sample.name):
            place = folder / str(number)
            place.mkdir()
            path = sample.write(place)
            path.rename(incoming / f"{SECRET}-{number}-{path.name}")
    watch(platform, "incoming", str(incoming), TASK, ReadOptions())
    done = run_labels(platform, instance)
    assert done.success
    said.append(str([event.to_json() if hasattr(event, "to_json") else str(event) for event in done.all_events]))

    # A defect whose message repeats what was read, and a store that fails.
    for problem in (ValueError(people[0].text), KeyError(people[1].text)):
        (incoming / "more.jsonl").write_text(json.dumps({"label": "IT", "text": f"{people[2].text} {problem}"}))
        with monkeypatch.context() as patched:
            patched.setattr("assets.labels.intake.arrival.earlier_claims", _raises(problem))
            assert not run_labels(platform, instance).success
            command("labels", "add", str(incoming / "more.jsonl"), "--task", TASK)
    for arguments in (["list"], ["list", "--json"], ["quarantine"], ["quarantine", "--json"]):
        command("labels", *arguments)
    command("verify", "--json")
    command("erase", "somebody")

    output = capfd.readouterr()
    texts = [*said, output.out, output.err, caplog.text, *(str(record.args) for record in caplog.records)]
    wanted = markers(people)
    assert len(wanted) > 5 * COUNT
    folded = "\n".join(texts).casefold()
    assert [marker for marker in wanted if marker.casefold() in folded] == []
    # Of the few words that hostile files have for a resume the anonymizer may leave some; only their rows may show that.
    rows = {batch.rows_blob for batch in _batches(platform)}
    folded_wanted = {marker: marker.casefold() for marker in wanted}
    for path, content in everything(platform.home):
        content = content.casefold()
        found = {marker for marker, each in folded_wanted.items() if each in content}
        assert found - ({SECRET} if path.name in rows else set()) == set(), path
    assert "vault.key" not in {Path(info.key).name for info in platform.objects.list()}
    _short_ones_are_masked(platform, people)
    _the_vault_has_everything(platform, people)


def _raises(problem: Exception) -> Any:
    def called(*_: Any) -> None:
        raise problem

    return called


def _batches(platform: Platform) -> list[Any]:
    with platform.catalogue.read() as connection:
        return list(connection.execute(label_batches.select().order_by(label_batches.c.sequence)))


def _short_ones_are_masked(platform: Platform, people: list[SyntheticResume]) -> None:
    """Items that are too short to be searched for in bytes are masked too: what is stored is what the anonymizer gives."""
    rows = list(read_rows(platform.blobs.get(_batches(platform)[0].rows_blob)))
    for row, resume in zip(rows, people, strict=True):
        assert row.text == anonymize(resume.text).text, resume.resume_id
        masked = {place for span in anonymize(resume.text).masked for place in range(span.start, span.end)}
        for span in resume.personal:
            item = range(span.start, span.end)
            assert all(place in masked for place in item if resume.text[place].isalnum())


def _the_vault_has_everything(platform: Platform, people: list[SyntheticResume]) -> None:
    """The search would find nothing in an empty platform either."""
    batch = _batches(platform)[0]
    sealed = list(read_originals(platform.blobs.get(batch.originals_blob)))
    with platform.catalogue.read() as connection:
        keys = known_persons(connection, platform.vault, [each.person_id for each in sealed]).keys
    assert [opened(keys[each.person_id], batch.batch_id, each).text for each in sealed] == [
        each.text for each in people
    ]
