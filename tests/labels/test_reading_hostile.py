"""Hostile files of labelled resumes: each bad row is told without its content, the others are taken, nothing is held."""

import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hostile_labels import HEADER, SECRET, SOUND, Sample, row, samples, zip_of
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.labels.model import LabelRow, Rejected
from assets.labels.reading.content import LabelsUnavailable
from assets.labels.reading.delimited import Records
from assets.labels.reading.reading import read_labels
from assets.labels.tasks import task_named


def read(sample: Sample, folder: Path) -> list[LabelRow | Rejected]:
    return list(
        read_labels(
            sample.write(folder),
            task_named(sample.task),
            drop_first_line=sample.drop_first_line,
            allowed=sample.allowed,
        )
    )


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.name)
def test_what_is_bad_is_told_and_the_rest_goes_on(sample: Sample, tmp_path: Path) -> None:
    results = read(sample, tmp_path)
    refused = [result for result in results if isinstance(result, Rejected)]
    taken = [result.row for result in results if isinstance(result, LabelRow)]
    if sample.settles:
        assert not refused
        assert sorted(taken) == sorted([*sample.taken, *(row for row, _ in sample.refused)])
    else:
        assert [(result.row, result.reason) for result in refused] == list(sample.refused)
        assert taken == list(sample.taken)
    for result in refused:
        assert SECRET not in result.reason + result.advice
        assert result.advice.endswith(".")


@pytest.mark.parametrize(
    "sample", [each for each in samples() if "100 MB" in each.name], ids=lambda sample: sample.name
)
def test_a_row_of_100_megabytes_is_never_held(sample: Sample, tmp_path: Path) -> None:
    source = sample.write(tmp_path)
    tracemalloc.start()
    try:
        results = list(read_labels(source, task_named(sample.task)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(results) == 3
    assert peak < 48 * 1024 * 1024


def test_rows_come_before_the_file_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    with path.open("w") as file:
        file.write(HEADER)
        file.writelines(row(number) for number in range(50_000))
    # Encodings are told by a look over the whole file; beyond that, nothing is read ahead but a piece.
    tracemalloc.start()
    try:
        rows = read_labels(path, task_named("job-category"))
        assert isinstance(next(rows), LabelRow)
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_a_broken_file_costs_time_in_proportion_to_its_size(tmp_path: Path) -> None:
    # Each line opens a quote that is closed in none: every one of them is tried, none is read to the end of the file.
    path = tmp_path / "set.csv"
    path.write_text(HEADER + f'1,"{SECRET}\n' * 100_000)
    looked: list[int] = []
    search = Records._search

    def counted(self: Records, pattern: Any, position: int, start: int, is_peek: bool) -> int:
        end = search(self, pattern, position, start, is_peek)
        looked.append(end - position)
        return end

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Records, "_search", counted)
        results = list(read_labels(path, task_named("job-category")))
    assert [result.reason for result in results if isinstance(result, Rejected)] == ["broken_quotes"]
    assert sum(looked) < 10 * path.stat().st_size


def test_a_file_that_can_not_be_opened_is_told_without_its_name(tmp_path: Path) -> None:
    for missing in (tmp_path / f"{SECRET}.csv", Path("/dev/zero")):
        with pytest.raises(LabelsUnavailable) as problem:
            list(read_labels(missing, task_named("job-category")))
        assert SECRET not in str(problem.value)


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text(SOUND)
    folder = tmp_path / "resumes"
    folder.mkdir()
    (folder / "link.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "labels.csv").write_text("file,label\nlink.txt,HR\n")
    (refused,) = read_labels(folder, task_named("job-category"))
    assert isinstance(refused, Rejected)
    assert refused.reason == "file_outside"


SOUND_FILES = {
    "csv": (HEADER + "".join(map(row, range(8)))).encode(),
    "jsonl": b"".join(json.dumps({"id": n, "text": SOUND, "label": "HR"}).encode() + b"\n" for n in range(8)),
    "json": json.dumps([{"id": n, "text": SOUND, "label": "HR"} for n in range(8)]).encode(),
    "gz": gzip.compress((HEADER + "".join(map(row, range(8)))).encode()),
    "zip": zip_of([("labels.csv", (HEADER + "".join(map(row, range(8)))).encode())]),
}


@given(
    kind=st.sampled_from(sorted(SOUND_FILES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.binary(max_size=8)), min_size=1, max_size=4),
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_damaged_nothing_is_raised_and_nothing_is_told(
    kind: str, cuts: list[tuple[float, int, bytes]]
) -> None:
    raw = SOUND_FILES[kind]
    for place, removed, put in cuts:
        start = int(place * len(raw))
        raw = raw[:start] + put + raw[start + removed :]
    results = list(read_labels(raw, task_named("job-category")))
    assert results
    numbers = [result.row for result in results if result.row]
    assert numbers == list(range(1, len(numbers) + 1))
    assert not any(SECRET in result.reason + result.advice for result in results if isinstance(result, Rejected))
