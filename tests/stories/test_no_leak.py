"""Promise 7: a resume and its near-duplicates are one group, a group lies in one split, and what is measured never trains."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from assets.labels.grouping.shingles import THRESHOLD, shingles, similarity
from assets.labels.snapshots.building import ChecksFailed, build
from assets.labels.snapshots.reading import open_snapshot
from assets.labels.synthetic.generator import SyntheticResume, resumes
from assets.labels.warehouse.files import path_of
from assets.platform import Platform, Settings
from orchestration.command_line.main import main

TASK = "job-category"


def hrdp(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == status, result.output
    return result


def written(path: Path, people: list[SyntheticResume]) -> Path:
    lines = [{"id": each.resume_id, "text": each.text, "label": each.category} for each in people]
    path.write_text("\n".join(map(json.dumps, lines)))
    return path


@dataclass
class Story:
    """What a user did: a build of one class alone, which failed, and one of everything, which was published."""

    platform: Platform
    people: list[SyntheticResume]
    failed: Result
    after_failure: Result
    built: dict[str, Any]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Resumes a third of which are edited copies of others, through the command line and Dagster."""
    folder = tmp_path_factory.mktemp("no-leak")
    people = list(resumes(150, 41, near_duplicates=0.35))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        # A run sets it for this process; registered here, so that it is taken back at the end.
        patch.setenv("DAGSTER_HOME", str(folder / "home" / "dagster"))
        patch.setenv("HRDP_HOME", str(folder / "home"))
        of_one_class = [each for each in people if each.category == people[0].category]
        hrdp("labels", "add", written(folder / "one.jsonl", of_one_class), "--task", TASK)
        failed = hrdp("dataset", "build", "--task", TASK, "--json", status=1)
        after_failure = hrdp("dataset", "show", status=1)
        hrdp("labels", "add", written(folder / "all.jsonl", people), "--task", TASK)
        built = json.loads(hrdp("dataset", "build", "--task", TASK, "--json").stdout)
        yield Story(Platform(Settings(home=folder / "home")), people, failed, after_failure, built)


def test_a_failing_check_is_told_and_nothing_is_published(story: Story) -> None:
    assert json.loads(story.failed.stdout)["version"] is None
    assert "Error: the check class_minimums failed: " in story.failed.stderr
    assert "too few classes" in story.failed.stderr
    assert "no dataset yet" in story.after_failure.stderr


def test_what_mends_it_is_published_and_shown(story: Story) -> None:
    built = story.built
    assert built["new"]
    assert built["train"] + built["validation"] + built["test"] > built["groups"]
    assert set(built["classes"]) == {each.category for each in story.people}
    assert all(check["passed"] or not check["blocks"] for check in built["checks"].values())
    shown = json.loads(hrdp("dataset", "show", built["version"][:12], "--json").stdout)
    assert shown == {name: value for name, value in built.items() if name not in ("new", "seconds")}
    assert built["version"][:12] in hrdp("dataset", "list").stdout


def test_near_duplicates_never_lie_in_two_splits(story: Story) -> None:
    rows = open_snapshot(story.platform, story.built["version"]).rows.to_pylist()
    assert {row["split"] for row in rows} == {"train", "validation", "test"}
    found = [(row, shingles(row["text"])) for row in rows]
    pairs = [
        (one, other)
        for (one, left), (other, right) in combinations(found, 2)
        if similarity(left, right) >= float(THRESHOLD)
    ]
    assert len(pairs) > 20
    for one, other in pairs:
        assert (one["group_id"], one["split"]) == (other["group_id"], other["split"])


def test_a_warehouse_that_leaks_is_refused_by_the_checks_that_name_the_resumes(story: Story) -> None:
    before = [info.key for info in story.platform.objects.list("datasets/")]
    with duckdb.connect(path_of(story.platform, TASK)) as connection:
        [[moved, group]] = connection.execute(
            "SELECT min(text_hash), group_id FROM dataset WHERE split = 'train'"
            " GROUP BY group_id HAVING count(*) > 1 ORDER BY group_id LIMIT 1"
        ).fetchall()
        connection.execute("UPDATE dataset SET split = 'test' WHERE text_hash = ?", [moved])
    with pytest.raises(ChecksFailed) as refused:
        build(story.platform, TASK, "run")
    told = {each.name: " ".join(each.told) for each in refused.value.examination.failures}
    assert set(told) == {"groups_in_one_split", "no_near_duplicates_across_splits"}
    assert group in told["groups_in_one_split"]
    assert f"{moved} (test)" in told["no_near_duplicates_across_splits"]
    # Another group does not hide it: the second check looks at the texts alone.
    with duckdb.connect(path_of(story.platform, TASK)) as connection:
        connection.execute("UPDATE dataset SET group_id = ? WHERE text_hash = ?", ["f" * 64, moved])
    with pytest.raises(ChecksFailed) as refused:
        build(story.platform, TASK, "run")
    assert [each.name for each in refused.value.examination.failures] == ["no_near_duplicates_across_splits"]
    assert [info.key for info in story.platform.objects.list("datasets/")] == before


def test_what_is_not_there_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HRDP_HOME", str(tmp_path / "home"))
    assert hrdp("dataset", "build", "--task", "skills", status=1).stderr.splitlines() == [
        "Error: there are no labelled resumes of the task 'skills' yet: add some with hrdp labels add FILE --task skills"
    ]
    assert "not one of" in hrdp("dataset", "build", "--task", "jobs", status=2).stderr
    assert "no dataset" in hrdp("dataset", "show", "0123456789", status=1).stderr
