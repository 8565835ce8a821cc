"""The sensor that trains again, on a real catalogue with datasets and decisions: what it requests, and why it does not."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import insert

from assets.labels.erased import PERSON_ERASED
from assets.labels.snapshots import storing
from assets.labels.snapshots.frozen import freeze
from assets.labels.tasks import task_named
from assets.lineage import ledger
from assets.lineage.label_tables import datasets
from assets.lineage.model_tables import trained_models
from assets.models.artifacts.packaging import package
from assets.models.promotion import pointer
from assets.models.promotion.decisions import GATES, PROMOTED, REFUSED, ROLLBACK, Proposal, follow, record
from assets.models.retraining import standing
from assets.models.tasks.job_category import JobCategory
from assets.models.training.settings import TrainingSettings
from assets.models.training.training import candidate_folder
from assets.platform import Platform, Settings
from orchestration import runs
from orchestration.sensors import retrain
from tests.labels.marts import Row, row_of
from tests.models.candidates import write_candidate

TASK = "job-category"
GROUPS = 12
"""After how many new groups a model is trained again here."""


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """An installation that trains on the smallest of encoders."""
    return Platform(Settings(home=tmp_path / "home", training_model=str(encoder(tmp_path / "encoder", 8))))


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def tick(
    platform: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], dg.SensorResult]:
    """A tick that is due, with what the last one left in its cursor."""
    monkeypatch.setenv("HRDP_HOME", str(platform.home))
    monkeypatch.setenv("HRDP_TRAINING_MODEL", platform.settings.training_model)
    monkeypatch.setenv("HRDP_RETRAIN_GROUPS", str(GROUPS))
    cursor = None

    def run() -> dg.SensorResult:
        nonlocal cursor
        result: Any = retrain(dg.build_sensor_context(instance=instance, cursor=cursor))
        cursor = json.dumps({**json.loads(result.cursor), "at": 0})
        return result  # type: ignore[no-any-return]

    return run


Tick = Callable[[], dg.SensorResult]


def encoder(folder: Path, dimension: int) -> Path:
    """What a folder needs to be taken for a base model."""
    (folder / "1_Pooling").mkdir(parents=True)
    config = {"model_type": "bert", "hidden_size": dimension, "max_position_embeddings": 64}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "mean"}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def resumes(first: int, last: int, *, copies: int = 1) -> list[Row]:
    """Resumes by number, each with its copies in a group."""
    found = []
    for number in range(first, last):
        texts = [f"Engineer number {number}, {copy} references" for copy in range(copies)]
        each = [row_of("IT" if number % 2 else "LAW", text, number) for text in texts]
        found += [{**row, "group_id": each[0]["group_id"]} for row in each]
    return found


def built(platform: Platform, rows: Sequence[Row], *, drifted: str | None = None) -> str:
    """Publishes a dataset of these rows; `drifted` is what the check says of it."""
    import pyarrow as pa

    frozen = freeze(pa.Table.from_pylist(list(rows)), task_named(TASK))
    storing.write(platform.objects, frozen)
    summary = {"checks": {"drift": {"passed": drifted is None, "told": [drifted] if drifted else []}}}
    with platform.catalogue.write() as connection:
        sequence = len(connection.execute(datasets.select()).all()) + 1
        values = {"version": frozen.version, "task": TASK, "created_at": 0, "run_id": "", "sequence": sequence}
        connection.execute(insert(datasets).values(summary=json.dumps(summary), **values))
    return frozen.version


def decide(platform: Platform, dataset: str, outcome: str = PROMOTED, *, kind: str = GATES) -> str:
    """What a training ends with: a model of a dataset is known, decided on, and where it was promoted the champion."""
    candidate = candidate_folder(platform, TASK, dataset).name
    version = candidate.ljust(64, "0")
    served = pointer.read(platform.objects, TASK)
    with platform.catalogue.write() as connection:
        known = connection.execute(trained_models.select().where(trained_models.c.version == version)).first()
        if known is None:
            sequence = len(connection.execute(trained_models.select()).all()) + 1
            values = {"version": version, "task": TASK, "created_at": 0, "run_id": "", "sequence": sequence}
            summary = json.dumps({"candidate": candidate})
            connection.execute(insert(trained_models).values(dataset_version=dataset, summary=summary, **values))
        proposal = Proposal(TASK, kind, version, served.version if served else None, (), run_id="")
        decision = record(connection, proposal, outcome, None)
    if outcome == PROMOTED:
        moved = pointer.move(platform.objects, TASK, version, decision.decision, served)
        with platform.catalogue.write() as connection:
            follow(connection, decision, moved=moved)
    return version


def said(result: dg.SensorResult) -> str:
    assert not result.run_requests
    told: str = result.skip_reason.skip_message  # type: ignore[union-attr]
    return told.removeprefix(f"{TASK}: ").partition("; skills: ")[0]


def requested(result: dg.SensorResult) -> dg.RunRequest:
    [request] = result.run_requests or []
    assert request.partition_key == TASK
    return request


def test_batches_with_copies_train_again_at_the_limit_in_new_groups_and_at_no_other_time(
    platform: Platform, tick: Tick
) -> None:
    assert said(tick()) == "there is no dataset yet"
    first = built(platform, resumes(0, 80))
    assert requested(tick()).tags["hrdp/reason"] == "nothing was trained on these labels yet"
    decide(platform, first)
    assert said(tick()) == "the candidate of the latest dataset was promoted already"

    assert built(platform, resumes(0, 80, copies=3)) != first
    assert said(tick()) == "0 new groups of resumes since the champion, of 12 that it takes"
    built(platform, resumes(0, 91, copies=2))
    assert said(tick()) == "11 new groups of resumes since the champion, of 12 that it takes"
    second = built(platform, resumes(0, 92, copies=2))
    request = requested(tick())
    assert request.tags["hrdp/reason"] == "12 new groups of resumes since the champion"
    assert requested(tick()).run_key == request.run_key

    decide(platform, second, REFUSED)
    assert said(tick()) == "the candidate of the latest dataset was refused already"
    built(platform, resumes(0, 103, copies=3))
    refused = "since the last candidate, which was refused"
    assert said(tick()) == f"11 new groups of resumes {refused}, of 12 that it takes"
    built(platform, resumes(0, 104))
    assert requested(tick()).tags["hrdp/reason"] == (
        f"12 new groups of resumes {refused}; 24 new groups of resumes since the champion"
    )


def test_a_share_of_what_was_trained_on_counts_where_it_is_reached_first(
    platform: Platform, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HRDP_RETRAIN_SHARE", "0.1")
    decide(platform, built(platform, resumes(0, 40)))
    built(platform, resumes(0, 43))
    assert said(tick()) == "3 new groups of resumes since the champion, of 4 that it takes"
    built(platform, resumes(0, 44))
    requested(tick())


def test_drift_that_any_dataset_since_had_trains_again_once_something_came_that_is_no_copy(
    platform: Platform, tick: Tick
) -> None:
    decide(platform, built(platform, resumes(0, 40)))
    built(platform, resumes(0, 40, copies=3), drifted="this moved far from the last snapshot: words")
    assert said(tick()).startswith("0 new groups")
    latest = built(platform, resumes(0, 41, copies=3))
    assert requested(tick()).tags["hrdp/reason"] == (
        "drift (this moved far from the last snapshot: words) since the champion"
    )
    decide(platform, latest)
    built(platform, resumes(0, 42))
    assert said(tick()).startswith("1 new groups of resumes since the champion")


def test_an_erased_person_trains_again_once_on_the_first_dataset_without_them(platform: Platform, tick: Tick) -> None:
    first = built(platform, resumes(0, 40))
    decide(platform, first)
    second = built(platform, resumes(0, 41))
    assert said(tick()).startswith("1 new groups of resumes since the champion")
    with platform.catalogue.write() as connection:
        ledger.append(connection, PERSON_ERASED, "person-1", {"snapshots": [first, second]})
    # The latest dataset held them too.
    assert said(tick()).startswith("1 new groups of resumes since the champion")
    third = built(platform, resumes(1, 41))
    request = requested(tick())
    assert request.tags["hrdp/reason"] == "a person was erased since the champion"
    assert requested(tick()).run_key == request.run_key
    decide(platform, third, REFUSED)
    assert said(tick()) == "the candidate of the latest dataset was refused already"
    built(platform, resumes(1, 42))
    assert said(tick()).startswith("1 new groups of resumes since the last candidate, which was refused")


def test_a_person_who_is_erased_later_from_what_the_champion_learned_alone_is_noticed(
    platform: Platform, tick: Tick
) -> None:
    first = built(platform, resumes(0, 40))
    decide(platform, first)
    built(platform, resumes(1, 41))
    assert said(tick()).startswith("1 new groups")
    with platform.catalogue.write() as connection:
        ledger.append(connection, PERSON_ERASED, "person-1", {"snapshots": [first]})
    requested(tick())


def test_other_settings_and_another_base_model_make_another_candidate_of_a_dataset_that_was_refused(
    platform: Platform, tick: Tick, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    version = built(platform, resumes(0, 40))
    decide(platform, version, REFUSED)
    assert said(tick()) == "the candidate of the latest dataset was refused already"
    with monkeypatch.context() as changed:
        changed.setattr(JobCategory, "settings", TrainingSettings(epochs=1))
        requested(tick())
        decide(platform, version, REFUSED)
        assert said(tick()) == "the candidate of the latest dataset was refused already"
    # Going back to settings that were decided on brings nothing.
    assert said(tick()) == "the candidate of the latest dataset was refused already"
    monkeypatch.setenv("HRDP_TRAINING_MODEL", str(encoder(tmp_path / "other", 16)))
    requested(tick())


def test_a_run_that_goes_on_is_left_alone_and_one_whose_process_is_gone_is_tried_again_after_a_wait(
    platform: Platform, tick: Tick, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(platform, resumes(0, 40))
    request = requested(tick())
    run = dg.DagsterRun(
        job_name="train",
        run_id="00000000-0000-0000-0000-000000000001",
        tags={**request.tags, "dagster/partition": TASK},
        status=dg.DagsterRunStatus.STARTED,
    )
    instance.add_run(run)
    assert said(tick()).endswith("a run is in progress")
    monkeypatch.setattr(runs, "_START_SECONDS", -1)
    platform.hold_training(TASK)
    assert said(tick()).endswith("a run is in progress")
    platform.release()
    assert "1 runs failed, tried again in" in tick().skip_reason.skip_message  # type: ignore[union-attr]
    monkeypatch.setenv("HRDP_RETRY_SECONDS", "1")
    time.sleep(1.1)
    again = requested(tick())
    assert again.tags["hrdp/attempt"] == "2"
    assert again.run_key != request.run_key


def test_a_decision_that_the_pointer_has_not_followed_is_carried_out_by_another_run(
    platform: Platform, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = built(platform, resumes(0, 40))
    with monkeypatch.context() as killed:
        killed.setattr(pointer, "move", _killed)
        with pytest.raises(KeyboardInterrupt):
            decide(platform, version)
    requested(tick())


def test_a_model_that_was_rolled_back_from_is_not_made_again_of_a_few_more_resumes(
    platform: Platform, tick: Tick
) -> None:
    first, second = built(platform, resumes(0, 40)), built(platform, resumes(0, 60))
    decide(platform, first)
    decide(platform, second)
    decide(platform, first, kind=ROLLBACK)
    assert said(tick()) == "the candidate of the latest dataset was promoted already"
    built(platform, resumes(0, 61))
    assert said(tick()).startswith("1 new groups of resumes since the last candidate, which was promoted")


def test_datasets_are_read_once_for_each_that_is_built(
    platform: Platform, tick: Tick, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    read_rows = storing.read_rows

    def counted(store: Any, task: str, version: str) -> Any:
        read.append(version)
        return read_rows(store, task, version)

    monkeypatch.setattr(standing.storing, "read_rows", counted)
    first = built(platform, resumes(0, 40))
    decide(platform, first)
    second = built(platform, resumes(0, 41))
    for _ in range(3):
        assert said(tick()).startswith("1 new groups")
    assert sorted(read) == sorted([first, second])


def test_a_damaged_dataset_is_told_and_keeps_no_other_task_from_being_trained(platform: Platform, tick: Tick) -> None:
    version = built(platform, resumes(0, 40))
    decide(platform, version)
    built(platform, resumes(0, 41))
    platform.objects.delete(storing.folder(TASK, version) + storing.ROWS)
    told = tick().skip_reason.skip_message  # type: ignore[union-attr]
    assert "rows.parquet is missing" in told
    assert "skills: there is no dataset yet" in told


def test_a_packaged_model_says_which_candidate_it_was(platform: Platform) -> None:
    version = built(platform, resumes(0, 40))
    folder = write_candidate(candidate_folder(platform, TASK, version), dataset=version)
    packaged = package(platform, folder, "run")
    with platform.catalogue.write() as connection:
        record(connection, Proposal(TASK, GATES, packaged.version, None, (), run_id="run"), REFUSED, None)
    known = standing.standing(platform, TASK)
    assert known is not None
    assert known.decided is not None
    assert (known.decided.version, known.decided.outcome) == (packaged.version, REFUSED)


def _killed(*_: Any) -> bool:
    raise KeyboardInterrupt
