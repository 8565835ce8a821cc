"""A training gives the same bytes each time, also when it was killed on the way, and refuses what it must not learn from."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.snapshots.building import build
from assets.labels.snapshots.reading import Snapshot, latest, open_snapshot
from assets.labels.synthetic.generator import resumes
from assets.labels.synthetic.openings import graded_matches, openings
from assets.models.tasks.task import TooLittleData
from assets.models.training.training import LeakingDataset, candidate_folder, check_splits, train
from assets.platform import Platform, Settings
from tests.conftest import PROJECT
from tests.labels.marts import Row, row_of, rows_of, span_row, write_mart
from tests.models.training.trained import EPOCHS

FILES = (
    "adapter_model.safetensors",
    "adapter_config.json",
    "head.safetensors",
    "tokenizer.json",
    "settings.json",
    "curves.json",
)


def _rows(task: str) -> list[Row]:
    if task == "job-category":
        return rows_of(40, 7)
    if task == "skills":
        return [span_row(row["text"][:600], number, [(0, 4, "SKILL")]) for number, row in enumerate(rows_of(60, 7))]
    found, offered = list(resumes(40, 7)), list(openings(4, 7))
    texts = {each.resume_id: (number, anonymize(each.text).text) for number, each in enumerate(found)}
    posts = {each.opening_id: each.text for each in offered}
    return [
        row_of(str(each.grade), texts[each.resume_id][1], texts[each.resume_id][0], posts[each.opening_id])
        for each in graded_matches(found, offered)
    ]


def _published(home: Path, task: str) -> str:
    platform = Platform(Settings(home=home))
    write_mart(platform, task, _rows(task))
    return build(platform, task, "run").version


def _folder(home: Path, task: str) -> Path:
    platform = Platform(Settings(home=home, training_epochs=EPOCHS))
    with platform.catalogue.read() as connection:
        version = latest(connection, task)
    assert version is not None
    return candidate_folder(platform, task, version)


def _training(home: Path, task: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-W", "ignore", "-m", "tests.models.training.trained", str(home), task]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def _bytes(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.mark.parametrize(
    "task",
    ["job-category", pytest.param("skills", marks=pytest.mark.long), pytest.param("match", marks=pytest.mark.apart)],
)
def test_a_training_that_is_killed_goes_on_and_gives_the_same_bytes_as_one_that_is_not(
    tmp_path: Path, task: str
) -> None:
    homes = [tmp_path / "whole", tmp_path / "killed"]
    versions = {_published(home, task) for home in homes}
    assert len(versions) == 1
    with _training(homes[0], task) as whole:
        assert whole.wait(timeout=300) == 0
    killed = _training(homes[1], task)
    assert killed.stdout is not None
    # The first line about a step comes after its checkpoint, with others still to come.
    for line in killed.stdout:
        if line.startswith("step 1 "):
            break
    killed.kill()
    killed.wait()
    killed.stdout.close()
    assert not (_folder(homes[1], task) / "settings.json").exists()
    with _training(homes[1], task) as again:
        output, _ = again.communicate(timeout=300)
        assert again.returncode == 0
    assert "going on from step" in output
    assert _bytes(_folder(homes[0], task)) == _bytes(_folder(homes[1], task))
    assert {file.name for file in _folder(homes[1], task).iterdir()} == set(FILES)
    described = json.loads((_folder(homes[1], task) / "settings.json").read_text())
    assert described["dataset_version"] in versions
    assert described["task"] == task


def _leaking(snapshot: Snapshot, change: Callable[[list[dict[str, str]]], None]) -> Snapshot:
    import pyarrow as pa

    rows = snapshot.rows.to_pylist()
    change(rows)
    return Snapshot(
        snapshot.version, snapshot.task, snapshot.manifest, pa.Table.from_pylist(rows, snapshot.rows.schema), ()
    )


def test_a_dataset_whose_groups_lie_in_training_and_in_evaluation_is_not_trained_on(platform: Platform) -> None:
    write_mart(platform, "job-category", rows_of(40, 7))
    snapshot = open_snapshot(platform, build(platform, "job-category", "run").version)
    check_splits(snapshot)

    def leak(rows: list[dict[str, str]]) -> None:
        tested = next(row for row in rows if row["split"] == "test")
        next(row for row in rows if row["split"] == "train")["group_id"] = tested["group_id"]

    with pytest.raises(LeakingDataset, match="1 groups of near-duplicates lie in training and in evaluation"):
        check_splits(_leaking(snapshot, leak))


def test_a_dataset_without_an_evaluation_split_is_refused_with_what_to_do(platform: Platform) -> None:
    write_mart(platform, "job-category", rows_of(40, 7))
    snapshot = open_snapshot(platform, build(platform, "job-category", "run").version)

    def no_test(rows: list[dict[str, str]]) -> None:
        rows[:] = [row for row in rows if row["split"] != "test"]

    with pytest.raises(TooLittleData, match="nothing in its test split: add more labels"):
        check_splits(_leaking(snapshot, no_test))


def test_a_class_that_training_does_not_have_is_refused_with_what_to_do(platform: Platform) -> None:
    from assets.models.tasks import model_task

    with pytest.raises(TooLittleData, match="one class at most"):
        model_task("job-category").vocabulary([])


def test_a_trained_candidate_is_left_as_it_is(tmp_path: Path) -> None:
    version = _published(tmp_path / "home", "skills")
    platform = Platform(Settings(home=tmp_path / "home", training_epochs=1))
    folder = train(platform, "skills", version)
    before = {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}
    told: list[str] = []
    assert train(platform, "skills", version, told.append) == folder
    assert {file.name: file.stat().st_mtime_ns for file in folder.iterdir()} == before
    assert told == [f"the candidate {folder.name} is trained already"]
