"""A snapshot is named by what it holds, is there as a whole or not at all, stays readable, and says when it was damaged."""

import json
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.labels.normalizing import text_hash
from assets.labels.snapshots import building, storing
from assets.labels.snapshots.building import ChecksFailed, build
from assets.labels.snapshots.forgetting import forget
from assets.labels.snapshots.frozen import freeze
from assets.labels.snapshots.mart import NoLabels
from assets.labels.snapshots.reading import NoDataset, open_snapshot, published
from assets.labels.snapshots.showing import show
from assets.labels.snapshots.storing import SnapshotDamaged
from assets.labels.tasks import UnknownTask, task_named
from assets.labels.warehouse.files import WarehouseUnavailable
from assets.lineage import ledger
from assets.platform import Platform, Settings
from tests.labels.marts import Row, row_of, rows_of, write_mart

TASK = "job-category"


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_of(60)


@pytest.fixture(scope="module")
def built_once(tmp_path_factory: pytest.TempPathFactory, rows: list[Row]) -> tuple[Path, str, str]:
    """A home with two versions, of the first 40 rows and then of all: what takes time here is examining."""
    home = tmp_path_factory.mktemp("built") / "home"
    platform = Platform(Settings(home=home))
    return home, built(platform, rows[:40]), built(platform, rows)


@pytest.fixture
def two_versions(tmp_path: Path, built_once: tuple[Path, str, str]) -> tuple[Platform, str, str]:
    home, first, second = built_once
    return Platform(Settings(home=shutil.copytree(home, tmp_path / "copy"))), first, second


@pytest.fixture
def examined_only(tmp_path: Path, built_once: tuple[Path, str, str]) -> Platform:
    """Labels that were examined and of which nothing was published yet."""
    home = tmp_path / "examined"
    shutil.copytree(built_once[0] / "warehouse", home / "warehouse")
    [path] = (home / "warehouse").glob("*.examination.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), "earlier": None}))
    return Platform(Settings(home=home))


def built(platform: Platform, rows: list[Row], task: str = TASK) -> str:
    write_mart(platform, task, rows)
    return build(platform, task, "run").version


def objects(platform: Platform) -> dict[str, bytes]:
    return {info.key: platform.objects.get(info.key) for info in platform.objects.list("datasets/")}


def test_the_same_rows_in_any_order_are_the_same_bytes_anywhere(
    platform: Platform, two_versions: tuple[Platform, str, str], rows: list[Row]
) -> None:
    before, _, version = two_versions
    assert built(platform, Random(1).sample(rows, len(rows))) == version
    place = f"datasets/{TASK}/{version}/"
    found = objects(platform)
    assert found == {key: data for key, data in objects(before).items() if key.startswith(place)}
    names = {key.removeprefix(place) for key in found}
    assert names == {"manifest.json", "rows.parquet", "texts.parquet", "croissant.json", "datasheet.md"}


@pytest.mark.parametrize(
    ("column", "value"), [("label", "Another"), ("split", "test"), ("group_id", "0" * 64), ("text", None)]
)
def test_another_content_is_another_version(rows: list[Row], column: str, value: str | None) -> None:
    before = freeze(pa.Table.from_pylist(rows), task_named(TASK))
    first = {**rows[0], column: value or rows[0]["text"].upper()}
    assert text_hash(first["text"]) == rows[0]["text_hash"]
    after = freeze(pa.Table.from_pylist([first, *rows[1:]]), task_named(TASK))
    assert after.version != before.version


def test_what_was_built_is_opened_as_it_was(two_versions: tuple[Platform, str, str], rows: list[Row]) -> None:
    platform, _, version = two_versions
    snapshot = open_snapshot(platform, version[:8])
    assert snapshot.task == TASK
    assert snapshot.erased == ()
    assert snapshot.rows.to_pylist() == sorted(rows, key=lambda row: row["text_hash"])


def test_earlier_versions_stay_readable_and_the_last_built_one_is_shown(
    two_versions: tuple[Platform, str, str], rows: list[Row]
) -> None:
    platform, first, second = two_versions
    assert show(platform, None).version == second
    assert open_snapshot(platform, first).rows.num_rows == 40
    # Back to what it was before: no new version, and the last one again.
    assert built(platform, rows[:40]) == first
    assert show(platform, None).version == first
    with platform.catalogue.read() as connection:
        assert [each.version for each in published(connection)] == [first, second]
        assert [each["subject"] for each in ledger.entries(connection)] == [
            f"dataset/{version}" for version in (first, second, first)
        ]
        assert ledger.check(connection).intact


def test_a_build_that_changes_nothing_writes_nothing(two_versions: tuple[Platform, str, str]) -> None:
    platform, first, second = two_versions
    before = objects(platform), [info.etag for info in platform.objects.list("datasets/")]
    assert not build(platform, TASK, "again").is_new
    assert (objects(platform), [info.etag for info in platform.objects.list("datasets/")]) == before
    with platform.catalogue.read() as connection:
        assert len(ledger.entries(connection)) == 2
        assert [(each.version, each.run_id) for each in published(connection, TASK)] == [
            (second, "run"),
            (first, "run"),
        ]


@pytest.mark.parametrize("writes", range(6))
def test_a_killed_build_is_not_there_and_the_next_one_completes_it(
    examined_only: Platform, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    platform, left = examined_only, writes
    put = platform.objects.put

    def dies(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        return put(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(platform.objects, "put", dies)
        if writes == 5:
            patch.setattr(building, "_record", dies)
        with pytest.raises(KeyboardInterrupt):
            build(platform, TASK, "killed")
    with pytest.raises(NoDataset, match="no dataset yet"):
        show(platform, None)
    done = build(platform, TASK, "run")
    assert done.is_new
    assert show(platform, None).version == done.version


def test_a_snapshot_of_resumes_and_openings_holds_each_text_once(platform: Platform, rows: list[Row]) -> None:
    openings = ["Nurse for the night shift", "Accountant, half time"]
    pairs = [
        row_of("fits" if number % 2 else "no fit", row["text"], number, opening)
        for number, row in enumerate(rows)
        for opening in openings
    ]
    version = built(platform, pairs, "match")
    snapshot = open_snapshot(platform, version)
    assert snapshot.rows.num_rows == len(pairs)
    assert {row["opening_text"] for row in snapshot.rows.to_pylist()} == set(openings)
    held = objects(platform)
    place = f"datasets/match/{version}/"
    assert pq.read_table(BytesIO(held[f"{place}texts.parquet"])).num_rows == len(rows)
    assert pq.read_table(BytesIO(held[f"{place}openings.parquet"])).num_rows == 2


def test_forgotten_texts_leave_no_byte_and_the_version_stays_verifiable(
    two_versions: tuple[Platform, str, str], rows: list[Row]
) -> None:
    platform, first, second = two_versions
    gone = rows[50]
    assert forget(platform, [gone["text_hash"]]) == [second]
    # Repeated, as after a kill: the version is named again.
    assert forget(platform, [gone["text_hash"]]) == [second]
    snapshot = open_snapshot(platform, second)
    assert snapshot.erased == (gone["text_hash"],)
    assert gone["text_hash"] not in snapshot.rows["text_hash"].to_pylist()
    assert snapshot.rows.num_rows == len(rows) - 1
    shown = show(platform, second)
    assert (shown.erased, shown.train + shown.validation + shown.test) == (1, len(rows))
    texts = pq.read_table(BytesIO(objects(platform)[f"datasets/{TASK}/{second}/texts.parquet"]))
    assert gone["text"] not in texts["text"].to_pylist()
    assert open_snapshot(platform, first).erased == ()
    assert forget(platform, ["0" * 64]) == forget(platform, []) == []
    assert forget(platform, [rows[0]["text_hash"]]) == sorted([first, second])


def test_texts_of_a_build_that_was_killed_are_forgotten_too(
    examined_only: Platform, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(building, "_record", None)
        with pytest.raises(TypeError):
            build(examined_only, TASK, "killed")
    assert forget(examined_only, [rows[0]["text_hash"]]) == []
    [texts] = [data for key, data in objects(examined_only).items() if key.endswith("texts.parquet")]
    assert rows[0]["text_hash"] not in pq.read_table(BytesIO(texts))["text_hash"].to_pylist()


@pytest.mark.parametrize("name", ["manifest.json", "rows.parquet", "texts.parquet", "croissant.json", "datasheet.md"])
@pytest.mark.parametrize("damage", ["missing", "changed", "exchanged"])
def test_damage_is_told_and_the_same_labels_mend_it(
    two_versions: tuple[Platform, str, str], name: str, damage: str
) -> None:
    platform, other, version = two_versions
    key = f"datasets/{TASK}/{version}/{name}"
    if damage == "missing":
        platform.objects.delete(key)
    else:
        data = platform.objects.get(key if damage == "changed" else key.replace(version, other))
        platform.objects.put(key, data[:-9] if damage == "changed" else data)
    with pytest.raises(SnapshotDamaged, match="is damaged"):
        show(platform, version)
    build(platform, TASK, "mending")
    assert show(platform, version).version == version


_READ_CROISSANT = """
import json, sys
import mlcroissant
metadata = mlcroissant.Dataset(jsonld=json.load(sys.stdin)).metadata
print(json.dumps([sorted(metadata.issues.errors), sorted(each.id for each in metadata.record_sets)]))
"""


def test_the_croissant_is_valid_and_names_the_bytes_that_are_there(two_versions: tuple[Platform, str, str]) -> None:
    platform, _, version = two_versions
    held = objects(platform)
    described = json.loads(held[f"datasets/{TASK}/{version}/croissant.json"])
    # In a process of its own: its logging closes the streams that a test's output is caught in.
    read = subprocess.run(
        [sys.executable, "-c", _READ_CROISSANT], input=json.dumps(described), capture_output=True, text=True, check=True
    )
    assert json.loads(read.stdout) == [[], ["rows", "texts"]]
    assert described["rai:personalSensitiveInformation"]
    for file in described["distribution"]:
        assert file["sha256"] == storing.content_hash(held[f"datasets/{TASK}/{version}/{file['@id']}"])


def test_the_manifest_names_no_time_and_no_run(two_versions: tuple[Platform, str, str]) -> None:
    platform, _, version = two_versions
    manifest = json.loads(objects(platform)[f"datasets/{TASK}/{version}/manifest.json"])
    assert set(manifest) == {"format", "task", "recipe", "rows", "openings", "splits", "groups", "classes"}
    assert manifest["splits"]["train"] == {"groups": 48, "resumes": 48, "rows": 48}
    assert {"anonymizer", "normalizer", "residual", "grouping", "labels", "splits"} == set(manifest["recipe"])


def test_nothing_is_published_where_a_blocking_check_fails(platform: Platform, rows: list[Row]) -> None:
    write_mart(platform, TASK, [*rows, {**rows[0], "text_hash": "f" * 64, "split": "test"}])
    with pytest.raises(ChecksFailed, match="rows_well_formed") as failed:
        build(platform, TASK, "run")
    assert "\n" not in str(failed.value)
    assert list(platform.objects.list("datasets/")) == []


def test_each_thing_that_is_not_there_is_one_sentence(
    platform: Platform, two_versions: tuple[Platform, str, str]
) -> None:
    with pytest.raises(NoDataset, match="build one with"):
        show(platform, None)
    with pytest.raises(WarehouseUnavailable, match="no dataset of the task"):
        build(platform, TASK, "run")
    with pytest.raises(UnknownTask, match="no task 'jobs'"):
        build(platform, "jobs", "run")
    write_mart(platform, TASK, [])
    with pytest.raises(NoLabels, match="hrdp labels add"):
        build(platform, TASK, "run")
    with pytest.raises(NoDataset, match="no version"):
        show(two_versions[0], "latest")
    with pytest.raises(NoDataset, match="there is no dataset 00000000"):
        show(two_versions[0], "00000000")
