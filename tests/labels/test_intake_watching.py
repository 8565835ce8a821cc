"""Watched places: what differs from what came in is taken in, once; a failed listing and a vanished file change nothing."""

import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from sqlalchemy import select

from assets.documents.sources.base import BadSource, SourceUnavailable
from assets.labels.intake import adding as intake
from assets.labels.intake import batch_tables
from assets.labels.intake.batch_tables import Batch
from assets.labels.intake.identity import ReadOptions
from assets.labels.intake.places import WatchProblem, unwatch, watch, watched
from assets.labels.intake.watching import take_in_all, waiting
from assets.labels.reading.columns import Columns
from assets.lineage.label_tables import label_files
from assets.platform import Platform, Settings
from orchestration.command_line.main import main
from orchestration.definitions import definitions
from orchestration.sensors import watch_labels
from tests.labels.every_byte import holding
from tests.storage.conftest import BUCKET, s3_address, s3_endpoint

__all__ = ["s3_address", "s3_endpoint"]

TASK = "job-category"


def line(number: int, label: str = "IT") -> str:
    return json.dumps({"id": f"p-{number}", "label": label, "text": f"Programmer of engines, number {number} of many."})


@pytest.fixture
def folder(platform: Platform, tmp_path: Path) -> Path:
    """A watched folder with a file, named by a person as people do."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "ada-lovelace.jsonl").write_text(line(1))
    watch(platform, "inbox", str(folder), TASK, ReadOptions())
    return folder


def batches(platform: Platform) -> list[Batch]:
    with platform.catalogue.read() as connection:
        return batch_tables.listed(connection)


class TestAFolder:
    def test_a_file_comes_in_once_and_again_when_it_changed(self, platform: Platform, folder: Path) -> None:
        assert take_in_all(platform, TASK).counts["new_batches"] == 1
        assert take_in_all(platform, TASK).counts["new_batches"] == 0
        (folder / "ada-lovelace.jsonl").write_text(line(1) + "\n" + line(2))
        (folder / "more.jsonl").write_text(line(3))
        taken = take_in_all(platform, TASK)
        assert (taken.counts["new_accepted"], taken.counts["new_duplicates"], taken.counts["batches"]) == (2, 1, 3)
        assert {batch.source for batch in batches(platform)} == {"inbox"}

    def test_a_file_that_vanishes_takes_nothing_back(self, platform: Platform, folder: Path) -> None:
        before = take_in_all(platform, TASK)
        (folder / "ada-lovelace.jsonl").unlink()
        after = take_in_all(platform, TASK)
        assert after.data_version == before.data_version
        assert len(batches(platform)) == 1

    def test_no_file_is_named_in_anything_that_is_kept(self, platform: Platform, folder: Path) -> None:
        taken = take_in_all(platform, TASK)
        assert "lovelace" not in str(taken)
        assert holding(platform.home, ["lovelace"]) == {}

    def test_a_place_that_cannot_be_listed_changes_nothing_and_keeps_no_other_from_it(
        self, platform: Platform, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "labels.jsonl").write_text(line(7))
        watch(platform, "zlater", str(tmp_path / "later"), TASK, ReadOptions())
        take_in_all(platform, TASK)
        shutil.rmtree(folder)
        (tmp_path / "later" / "labels.jsonl").write_text(line(8))
        with pytest.raises(SourceUnavailable, match=r"inbox: .* cannot be listed"):
            take_in_all(platform, TASK)
        assert len(batches(platform)) == 3

    def test_a_file_that_cannot_be_used_is_told_once_until_it_changes(self, platform: Platform, folder: Path) -> None:
        file = folder / "ada-lovelace.jsonl"
        file.write_bytes(b"%PDF-1.7 and nothing of one")
        taken = take_in_all(platform, TASK)
        assert taken.counts["new_quarantined"] == 1
        assert [each["row"] for each in taken.quarantine] == [0]
        assert take_in_all(platform, TASK).counts["new_batches"] == 0
        file.write_text(line(1))
        assert take_in_all(platform, TASK).counts["new_accepted"] == 1

    def test_a_file_that_cannot_be_read_is_told_once_and_the_others_come_in(
        self, platform: Platform, folder: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "secret.jsonl").write_text(line(9))
        (folder / "a-link.jsonl").symlink_to(tmp_path / "secret.jsonl")
        taken = take_in_all(platform, TASK)
        assert [each["reason"] for each in taken.quarantine] == ["link_leads_outside"]
        assert taken.counts["new_accepted"] == 1
        assert take_in_all(platform, TASK).counts["new_batches"] == 0

    def test_a_file_whose_disk_fails_is_tried_again_and_keeps_no_other_out(
        self, platform: Platform, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def content_of(source: Path) -> str:
            if "ada" in source.name:
                raise OSError(5, "Input/output error", str(source))
            return original(source)

        original = intake.content_of
        (folder / "more.jsonl").write_text(line(2))
        with monkeypatch.context() as patched:
            patched.setattr(intake, "content_of", content_of)
            with pytest.raises(
                SourceUnavailable, match=r"inbox: a file can't be read now \(Input/output error\)"
            ) as told:
                take_in_all(platform, TASK)
        assert "ada" not in str(told.value)
        assert len(batches(platform)) == 1
        assert take_in_all(platform, TASK).counts["new_accepted"] == 1

    def test_another_way_of_reading_takes_the_files_in_again(self, platform: Platform, folder: Path) -> None:
        take_in_all(platform, TASK)
        known = Platform(Settings(home=platform.home, job_categories="HR, LAW"))
        assert take_in_all(known, TASK).quarantine[0]["reason"] == "unknown_label"
        assert take_in_all(known, TASK).counts["new_batches"] == 0

    def test_one_that_is_watched_again_brings_nothing_twice(self, platform: Platform, folder: Path) -> None:
        take_in_all(platform, TASK)
        unwatch(platform, "inbox")
        (folder / "more.jsonl").write_text(line(3))
        assert take_in_all(platform, TASK).counts["new_batches"] == 0
        place = watch(platform, "inbox", str(folder), TASK, ReadOptions())
        assert len(waiting(platform, place)) == 1

    def test_what_was_uploaded_before_is_known(self, platform: Platform, folder: Path) -> None:
        from assets.labels.intake.adding import add_labels

        add_labels(platform, folder / "ada-lovelace.jsonl", TASK)
        assert take_in_all(platform, TASK).counts["new_batches"] == 0
        with platform.catalogue.read() as connection:
            assert len(connection.execute(select(label_files)).all()) == 1


class TestRegistering:
    def test_what_cannot_be_watched_is_refused(self, platform: Platform, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(WatchProblem, match="can't be a place's name"):
            watch(platform, "Up Load", str(folder), TASK, ReadOptions())
        with pytest.raises(WatchProblem, match="take another name"):
            watch(platform, "inbox", str(folder), TASK, ReadOptions(Columns(text="cv")))
        with pytest.raises(BadSource, match="can't be watched: give a folder"):
            watch(platform, "file", str(folder / "ada-lovelace.jsonl"), TASK, ReadOptions())
        with pytest.raises(SourceUnavailable, match="cannot be listed"):
            watch(platform, "gone", str(tmp_path / "gone"), TASK, ReadOptions())
        with pytest.raises(WatchProblem, match="no place 'gone' is watched"):
            unwatch(platform, "gone")
        assert [place.name for place in watched(platform)] == ["inbox"]

    def test_the_commands_tell_what_is_watched(self, platform: Platform, tmp_path: Path) -> None:
        (tmp_path / "cvs").mkdir()
        runner = CliRunner(env={"HRDP_HOME": str(platform.home)})
        done = runner.invoke(
            main, ["labels", "watch", "cvs", str(tmp_path / "cvs"), "--task", TASK, "--text-column", "cv", "--json"]
        )
        assert json.loads(done.stdout)["columns"]["text"] == "cv"
        [place] = json.loads(runner.invoke(main, ["labels", "list", "--json"]).stdout)["watched"]
        assert (place["name"], place["task"]) == ("cvs", TASK)
        assert "watches" in runner.invoke(main, ["labels", "watch", "cvs", str(tmp_path), "--task", TASK]).output
        assert runner.invoke(main, ["labels", "unwatch", "cvs"]).exit_code == 0
        assert runner.invoke(main, ["labels", "unwatch", "cvs"]).exit_code == 1


def test_an_object_store_prefix_is_watched_as_a_folder_is(
    platform: Platform, s3_address: str, s3_endpoint: str, tmp_path: Path
) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=s3_endpoint)
    prefix = s3_address.removeprefix(f"s3://{BUCKET}/")
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/a.jsonl", Body=line(1).encode())
    remote = Platform(Settings(home=platform.home, s3_endpoint=s3_endpoint))
    watch(remote, "cloud", s3_address, TASK, ReadOptions())
    assert take_in_all(remote, TASK).counts["new_accepted"] == 1
    assert take_in_all(remote, TASK).counts["new_batches"] == 0
    client.put_object(Bucket=BUCKET, Key=f"{prefix}/a.jsonl", Body=f"{line(1)}\n{line(2)}".encode())
    assert take_in_all(remote, TASK).counts["new_accepted"] == 1


@pytest.fixture
def tick(tick_of: Callable[[Any], Callable[..., dg.SensorResult]]) -> Callable[..., dg.SensorResult]:
    return tick_of(watch_labels)


def run_of(instance: dg.DagsterInstance, platform: Platform, request: dg.RunRequest) -> Any:
    return (
        definitions()
        .resolve_job_def("labels")
        .execute_in_process(
            instance=instance,
            partition_key=request.partition_key,
            tags=dict(request.tags),
            resources={"platform": platform},
            raise_on_error=False,
        )
    )


def said(result: dg.SensorResult) -> str:
    assert result.skip_reason
    return result.skip_reason.skip_message or ""


def test_a_file_that_is_added_by_hand_is_a_materialization_too(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HRDP_HOME", str(platform.home))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    (tmp_path / "ada-lovelace.jsonl").write_text(f"{line(1)}\n{line(2)}")
    for _ in range(2):
        done = CliRunner().invoke(main, ["labels", "add", str(tmp_path / "ada-lovelace.jsonl"), "--task", TASK])
        assert done.exit_code == 0, done.output
    with dg.DagsterInstance.get() as kept:
        [record] = kept.fetch_materializations(dg.AssetKey("label_batches"), limit=5).records
    assert record.asset_materialization is not None
    assert record.partition_key == TASK
    assert record.asset_materialization.metadata["new_accepted"].value == 2
    assert record.asset_materialization.tags == {"dagster/data_version": take_in_all(platform, TASK).data_version}
    assert "lovelace" not in str(record)


def test_labels_come_in_also_where_dagster_can_not_keep_it(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HRDP_HOME", str(platform.home))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    (tmp_path / "labels.jsonl").write_text(line(1))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(dg.DagsterInstance, "report_runless_asset_event", full)
    done = CliRunner().invoke(main, ["labels", "add", str(tmp_path / "labels.jsonl"), "--task", TASK, "--json"])
    assert done.exit_code == 0, done.output
    assert "The labels came in; Dagster's page does not show it." in done.stderr
    assert json.loads(done.stdout)["accepted"] == 1


class TestTheSensor:
    def test_without_a_place_it_says_so_and_makes_no_key(self, tick: Any, platform: Platform) -> None:
        assert said(tick()) == "no place is watched for labels"
        assert not (platform.home / "vault.key").exists()

    def test_what_is_new_is_asked_for_until_it_came_in(
        self, tick: Any, folder: Path, instance: dg.DagsterInstance, platform: Platform
    ) -> None:
        first = tick()
        [request] = first.run_requests
        assert (request.partition_key, request.tags["hrdp/reason"]) == (TASK, "1 files are new or have changed")
        assert said(tick(first.cursor)) == "no place is due for a look"
        [again] = tick().run_requests
        assert again.run_key == request.run_key
        done = run_of(instance, platform, request)
        assert done.success
        [materialization] = done.asset_materializations_for_node("label_batches")
        assert materialization.metadata["new_accepted"].value == 1
        assert said(tick()) == f"{TASK}: up to date"

    def test_one_that_failed_is_tried_again_later_and_at_once_when_something_changed(
        self, tick: Any, folder: Path, instance: dg.DagsterInstance, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        [request] = tick().run_requests

        def full(*_: Any) -> None:
            from assets.storage.objects import StoreUnavailable

            raise StoreUnavailable("The disk is full.")

        with monkeypatch.context() as patched:
            patched.setattr("assets.labels.intake.arrival.note", full)
            assert not run_of(instance, platform, request).success
        assert "tried again in" in said(tick())
        (folder / "more.jsonl").write_text(line(4))
        [next_request] = tick().run_requests
        assert next_request.run_key != request.run_key
        assert run_of(instance, platform, next_request).success
        assert len(batches(platform)) == 2

    def test_a_place_that_cannot_be_listed_is_named(self, tick: Any, folder: Path, platform: Platform) -> None:
        shutil.rmtree(folder)
        assert "inbox: " in said(tick())
        assert "cannot be listed" in said(tick())
