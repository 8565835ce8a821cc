"""The code location as Dagster sees it: what it loads, what its assets say of themselves, and a run of them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields

import dagster as dg
import pytest
from dagster import AssetKey, DagsterInstance, RunsFilter

from assets.chunks import columns as chunk_columns
from assets.chunks.validation import CHECK_NAMES
from assets.documents import columns as document_columns
from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index import columns as index_columns
from assets.index.store import IndexRow
from assets.index.verification import verify
from assets.lineage import schema
from assets.platform import Platform, Settings
from orchestration.definitions import definitions
from orchestration.local_runs import LocalRun, LocalRuns
from tests.conftest import PROJECT

HEAVY = [
    "boto3",
    "dagster_dbt",
    "dbt",
    "docx",
    "duckdb",
    "great_expectations",
    "httpcore",
    "httpx",
    "huggingface_hub",
    "lancedb",
    "lxml",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "pandas",
    "peft",
    "pyarrow",
    "pypdfium2",
    "scipy",
    "sklearn",
    "sqlglot",
    "tokenizers",
    "torch",
    "transformers",
    "weaviate",
]


def test_loading_the_definitions_imports_nothing_heavy() -> None:
    code = (
        "import sys; from orchestration.definitions import definitions; definitions().get_repository_def();"
        f" print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_asset_says_what_it_is_and_whose() -> None:
    specs = {spec.key.to_user_string(): spec for spec in definitions().resolve_all_asset_specs()}
    assert set(specs) == {
        *("documents", "chunks", "embeddings", "search_index", "rebuilt_index"),
        *("label_batches", "labelled_resumes", "duplicate_groups", "stg_label_rows", "stg_duplicate_groups"),
        *("current_labels", "label_votes", "decided_labels", "label_conflicts", "group_splits", "dataset"),
        *("class_statistics", "dataset_snapshot", "leak_report", "anonymizing_quality"),
        *("answer_quality", "search_adapter"),
        *("adapter", "served_model", "model_evaluation", "model_artifact", "champion", "retrieve_or_train"),
    }
    for name, spec in specs.items():
        assert spec.description, name
        assert spec.owners, name
        assert spec.kinds, name
        assert spec.group_name not in (None, "default"), name
        described = spec.metadata["dagster/column_schema"].columns
        assert described, name
        assert all(column.description for column in described), name


def test_the_described_columns_are_those_that_there_are() -> None:
    assert set(document_columns.COLUMNS) <= set(schema.versions.c.keys())
    assert set(chunk_columns.COLUMNS) <= set(schema.chunks.c.keys())
    assert set(index_columns.INDEX_COLUMNS) == {field.name for field in fields(IndexRow)} | {"to_generation"}


def test_jobs_sensor_and_schedules_are_there_and_run_by_themselves() -> None:
    found = definitions()
    dg.Definitions.validate_loadable(found)
    repository = found.get_repository_def()
    assert {"refresh", "rebuild", "verify"} <= set(repository.job_names)
    assert {"labels", "dataset", "train", "compare", "measure", "adapt"} <= set(repository.job_names)
    assert {sensor.name for sensor in repository.sensor_defs} == {
        *("watch_sources", "watch_labels", "build_datasets", "retrain")
    }
    assert {schedule.name for schedule in repository.schedule_defs} == {
        *("nightly_refresh", "nightly_datasets", "nightly_retrain", "nightly_verify")
    }
    for sensor in repository.sensor_defs:
        assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    for schedule in repository.schedule_defs:
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


@dataclass
class Refreshed:
    """An installation after some refreshes; `good` is the run of a readable folder, `bad` that of the same one once gone."""

    platform: Platform
    instance: DagsterInstance
    good: LocalRun
    said: str
    bad: LocalRun
    said_of_bad: str


@pytest.fixture(scope="module")
def refreshed_by_dagster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refreshed]:
    """One set of real runs for all the tests here: opening the model takes most of the time."""
    root = tmp_path_factory.mktemp("dagster")
    folder = root / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\n## Annual leave\n\nEveryone earns twenty days of leave a year.\n")
    (folder / "hours.md").write_text("# Working hours\n\nThe week has thirty-eight hours.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnot really")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        # dagster_home() sets it for this process; registered here, so that it is taken back at the end.
        patch.setenv("DAGSTER_HOME", str(root / "home" / "dagster"))
        platform = Platform(Settings(home=root / "home"))
        registry.add(platform.catalogue, SourceSpec("handbook", "handbook", str(folder)))
        with LocalRuns(platform) as runs:
            captured = _Captured()
            with captured:
                good = runs.refresh("handbook", full=False, say=lambda _: None)
            said = captured.text
            shutil.rmtree(folder)
            with captured:
                bad = runs.refresh("handbook", full=False, say=lambda _: None)
            said_of_bad = captured.text
            with DagsterInstance.get() as instance:
                yield Refreshed(platform, instance, good, said, bad, said_of_bad)


class _Captured:
    """What is written to standard error meanwhile; pytest's own capture is per test, and these runs are shared."""

    def __enter__(self) -> None:
        import io

        self._before, sys.stderr = sys.stderr, io.StringIO()

    def __exit__(self, *_: object) -> None:
        self.text, sys.stderr = sys.stderr.getvalue(), self._before  # type: ignore[attr-defined]


def test_a_run_leaves_counts_tables_and_a_data_version_with_each_asset(refreshed_by_dagster: Refreshed) -> None:
    found = {}
    for name in ("documents", "chunks", "embeddings", "search_index"):
        event = refreshed_by_dagster.instance.get_latest_materialization_event(AssetKey(name))
        assert event is not None
        assert event.run_id == refreshed_by_dagster.good.run_id
        assert event.asset_materialization is not None
        assert event.asset_materialization.partition == "handbook"
        found[name] = event.asset_materialization.metadata
    assert found["documents"]["added"].value == 2
    assert found["documents"]["quarantined"].value == 1
    assert found["documents"]["dagster/partition_row_count"].value == 2
    [held] = found["documents"]["quarantine"].records
    assert held.data["document"] == "handbook/broken.pdf"
    assert held.data["what to do"]
    assert {record.data["document"] for record in found["documents"]["what changed"].records} >= {
        "handbook/leave.md",
        "handbook/hours.md",
    }
    assert found["chunks"]["new chunks validated"].value == 2
    assert found["embeddings"]["texts embedded"].value == 2
    assert found["search_index"]["generation"].value == 1
    assert found["search_index"]["dagster/row_count"].value == 2
    [served] = found["search_index"]["served sources"].records
    assert (served.data["source"], served.data["documents"], served.data["index rows"]) == ("handbook", 2, 2)


def test_every_check_of_the_chunks_has_a_result_for_its_source(refreshed_by_dagster: Refreshed) -> None:
    entries = refreshed_by_dagster.instance.all_logs(
        refreshed_by_dagster.good.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    )
    found = {}
    for entry in entries:
        event = entry.dagster_event
        assert event is not None
        found[event.asset_check_evaluation_data.check_name] = event.asset_check_evaluation_data
    assert set(found) == set(CHECK_NAMES)
    for evaluation in found.values():
        assert evaluation.passed
        assert evaluation.metadata["source"].value == "handbook"
        assert evaluation.metadata["new chunks"].value == 2


def test_an_unreadable_source_fails_its_run_in_one_sentence_and_deletes_nothing(
    refreshed_by_dagster: Refreshed,
) -> None:
    bad = refreshed_by_dagster.bad
    assert bad.result is None
    assert bad.problem is not None
    assert "cannot be listed" in bad.problem
    assert "\n" not in bad.problem
    [record] = refreshed_by_dagster.instance.get_run_records(RunsFilter(run_ids=[bad.run_id]))
    assert record.dagster_run.status is dg.DagsterRunStatus.FAILURE
    report = verify(refreshed_by_dagster.platform)
    assert (report.documents, report.index_entries, report.generation) == (2, 2, 1)
    assert report.ok


def test_a_terminal_hears_the_assets_and_nothing_of_dagster_itself(refreshed_by_dagster: Refreshed) -> None:
    assert "Not executing" not in refreshed_by_dagster.said_of_bad
    for said in (refreshed_by_dagster.said, refreshed_by_dagster.said_of_bad):
        assert "Dependencies" not in said
        assert "STEP_" not in said
        assert "Traceback" not in said
