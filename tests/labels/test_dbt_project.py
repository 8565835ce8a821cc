"""dbt's models on a real warehouse, run by Dagster: what becomes of labels, and what the asset graph is told."""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.labels.intake.adding import add_labels
from assets.labels.synthetic.generator import near_duplicate, resumes
from assets.labels.warehouse import assets, graph
from assets.labels.warehouse.checks import labels_are_fresh
from assets.labels.warehouse.dbt import PROJECT, DbtCommand, DbtFailed, build, dbt_command
from assets.labels.warehouse.files import open_warehouse, work_folder, write_warehouse
from assets.labels.warehouse.filling import fill_groups, fill_models, fill_rows
from assets.platform import Platform, Settings
from tests.labels.warehouses import add_batch, labelled

TASK = "job-category"
PERSONAL = "a text that no log may hold"


@dataclass
class Built:
    """A warehouse that was filled by one run."""

    platform: Platform
    result: dg.ExecuteInProcessResult
    said: str

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with open_warehouse(self.platform, TASK) as connection:
            return connection.sql(query).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    platform = Platform(Settings(home=tmp_path_factory.mktemp("warehouse") / "home"))
    people = list(resumes(150, 31))
    rows = [labelled(number + 1, person.text, person.category) for number, person in enumerate(people)]
    copies = [(near_duplicate(person, 0.5).text, person.category) for person in people[:50]]
    add_batch(platform, TASK, rows)
    add_batch(platform, TASK, [labelled(number + 1, *copy) for number, copy in enumerate(copies)])
    add_batch(
        platform,
        TASK,
        [
            labelled(1, PERSONAL, "Chef", person="corrected", labelled_at=200),
            labelled(2, "voted on", "Chef", person="one"),
            labelled(3, "Voted  on", "Law", person="two"),
            labelled(4, "voted on", "Chef", person="three"),
            labelled(5, "last word", "Chef", person="four", labelled_at=100),
            labelled(6, "last word", "Law", person="five", labelled_at=300),
            labelled(7, "undecided", "Chef", person="six"),
            labelled(8, "undecided", "Law", person="seven"),
        ],
    )
    add_batch(platform, TASK, [labelled(1, PERSONAL, "Law", person="corrected", labelled_at=100)])
    instance = dg.DagsterInstance.ephemeral()
    with instance:
        result = dg.materialize(
            [assets.labelled_resumes, assets.duplicate_groups, assets.dbt_models],
            partition_key=TASK,
            resources={"platform": platform},
            instance=instance,
        )
        said = "\n".join(entry.to_json() for entry in instance.all_logs(result.run_id))
        yield Built(platform, result, said)


def test_each_text_is_in_the_dataset_once_with_the_label_that_the_rule_gives(built: Built) -> None:
    found = built.rows("SELECT text, label, persons FROM dataset WHERE length(text) < 40 ORDER BY text")
    assert found == [(PERSONAL, "Chef", 1), ("last word", "Law", 1), ("voted on", "Chef", 2)]
    [(texts,)] = built.rows("SELECT count(DISTINCT text_hash) FROM raw.label_rows")
    assert texts > 180
    # One is undecided.
    assert built.rows("SELECT count(*), count(DISTINCT text_hash) FROM dataset") == [(texts - 1, texts - 1)]


def test_conflicts_are_listed_with_what_became_of_them(built: Built) -> None:
    found = built.rows(
        "SELECT any_value(text), c.label, c.persons, outcome, decided_by FROM label_conflicts AS c"
        " JOIN raw.label_rows AS r USING (text_hash) GROUP BY ALL HAVING true ORDER BY lower(any_value(text)), c.label"
    )
    assert [(text.lower().split()[0], *rest) for text, *rest in found] == [
        ("last", "Chef", 1, "outvoted", "date"),
        ("last", "Law", 1, "chosen", "date"),
        ("undecided", "Chef", 1, "undecided", "nothing"),
        ("undecided", "Law", 1, "undecided", "nothing"),
        ("voted", "Chef", 2, "chosen", "votes"),
        ("voted", "Law", 1, "outvoted", "votes"),
    ]


def test_copies_lie_where_their_originals_lie(built: Built) -> None:
    assert built.rows("SELECT max(n) FROM (SELECT count(DISTINCT split) AS n FROM dataset GROUP BY group_id)") == [(1,)]
    [(groups,)] = built.rows("SELECT count(DISTINCT group_id) FROM dataset WHERE length(text) > 40")
    assert groups == 150
    splits = dict(built.rows("SELECT split, count(*) FROM dataset GROUP BY split"))
    assert splits["train"] > 120
    assert min(splits["validation"], splits["test"]) > 5


def test_classes_are_counted_by_split(built: Built) -> None:
    counted = built.rows(
        "SELECT label, split, count(*), count(DISTINCT group_id) FROM dataset GROUP BY ALL ORDER BY ALL"
    )
    assert built.rows("SELECT * FROM class_statistics WHERE resumes > 0 ORDER BY ALL") == counted
    assert built.rows("SELECT count(*) % 3 FROM class_statistics") == [(0,)]


def test_each_model_is_an_asset_with_its_rows_and_the_lineage_of_its_columns(built: Built) -> None:
    found = {
        event.asset_key.to_user_string(): event.materialization.metadata
        for event in built.result.get_asset_materialization_events()
        if event.asset_key
    }
    assert set(found) == {
        "labelled_resumes",
        "duplicate_groups",
        *(model.name for model in graph.graph(built.platform.home).models),
    }
    assert [(found["dataset"]["dagster/partition_row_count"].value,)] == built.rows("SELECT count(*) FROM dataset")
    assert found["labelled_resumes"]["dagster/partition_row_count"].value == 209
    lineage = found["dataset"]["dagster/column_lineage"].value
    assert isinstance(lineage, dg.TableColumnLineage)
    assert lineage.deps_by_column["text"] == [dg.TableColumnDep(dg.AssetKey("labelled_resumes"), "text")]
    assert lineage.deps_by_column["split"] == [dg.TableColumnDep(dg.AssetKey("group_splits"), "split")]


def test_each_test_is_a_blocking_check_that_has_passed(built: Built) -> None:
    found = {
        (check.asset_key.to_user_string(), check.check_name) for check in built.result.get_asset_check_evaluations()
    }
    assert found == {(test.model, test.name) for test in graph.graph(built.platform.home).tests}
    assert ("dataset", "no_group_lies_in_two_splits") in found
    assert all(check.passed for check in built.result.get_asset_check_evaluations())
    specs = [spec for spec in assets.dbt_models.check_specs if spec.key.asset_key == dg.AssetKey("dataset")]
    assert specs
    assert all(spec.blocking for spec in specs)


def test_nothing_of_a_text_is_in_the_run_or_in_what_dbt_leaves(built: Built) -> None:
    assert PERSONAL not in built.said
    for path in work_folder(built.platform, TASK).rglob("*"):
        assert path.is_dir() or PERSONAL.encode() not in path.read_bytes()


def test_dbt_writes_nothing_into_its_project(built: Built) -> None:
    assert {path.name for path in PROJECT.iterdir()} <= {
        "dbt_project.yml",
        "macros",
        "models",
        "profiles.yml",
        "target",
        "tests",
    }
    assert {path.name for path in (PROJECT / "target").glob("*")} <= {f"{graph.fingerprint()}-graph.json"}


def test_the_described_columns_are_those_that_there_are(built: Built) -> None:
    known = graph.graph(built.platform.home)
    for schema, tables in (("raw", known.sources), ("main", known.models)):
        for table in tables:
            name = "label_rows" if table.name == "labelled_resumes" else table.name
            found = built.rows(
                "SELECT column_name, lower(data_type) FROM information_schema.columns"
                f" WHERE table_schema = '{schema}' AND table_name = '{name}'"
            )
            assert {(column.name, column.type) for column in table.columns} == set(found), table.name
            assert table.description
            assert all(column.description for column in table.columns)


def test_a_failed_test_stops_what_comes_after_it(built: Built, tmp_path: Path) -> None:
    platform = Platform(Settings(home=tmp_path / "home"))
    add_batch(platform, TASK, [labelled(1, "a cook", "Chef"), labelled(2, "a nurse", "Health")])
    fill_groups(platform, TASK)
    with write_warehouse(platform, TASK) as connection:
        # Each text twice, as no step would leave it.
        connection.execute("INSERT INTO raw.duplicate_groups SELECT * FROM raw.duplicate_groups")
    instance = dg.DagsterInstance.ephemeral()
    with instance:
        result = dg.materialize(
            [assets.dbt_models],
            partition_key=TASK,
            resources={"platform": platform},
            instance=instance,
            raise_on_error=False,
        )
    failed = [check.check_name for check in result.get_asset_check_evaluations() if not check.passed]
    assert failed == ["unique_stg_duplicate_groups_text_hash"]
    built_models = {
        event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key
    }
    assert "stg_duplicate_groups" in built_models
    assert "dataset" not in built_models


def test_a_model_that_cannot_be_built_is_named(platform: Platform) -> None:
    message = f"Runtime Error in model dataset\n  Conversion Error: could not read '{PERSONAL}'"
    results = {"results": [{"unique_id": "model.judgements.dataset", "status": "error", "message": message}]}

    def run(command: DbtCommand) -> None:
        (command.target / "run_results.json").write_text(json.dumps(results))

    with pytest.raises(DbtFailed, match=r"could not build dataset \(Conversion Error\)") as raised:
        build(platform, TASK, run=run)
    assert PERSONAL not in str(raised.value)
    with pytest.raises(DbtFailed, match="before it built anything"):
        build(platform, TASK, run=lambda command: None)


def test_the_unit_tests_of_the_models_pass(built: Built) -> None:
    command = dbt_command(built.platform, TASK, ("test", "--select", "test_type:unit"))
    done = subprocess.run(command.line, cwd=PROJECT, env=dict(command.environment), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    results = json.loads((command.target / "run_results.json").read_text())["results"]
    assert len(results) >= 10
    assert {each["status"] for each in results} == {"pass"}


def test_the_graph_is_read_as_it_was_written_and_made_again_for_other_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = graph.graph(tmp_path)
    assert graph.Graph.read(made.write()) == made
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(graph, "make", lambda: graph.Graph((), (), ()))
    monkeypatch.setattr(graph, "fingerprint", lambda: "changed")
    monkeypatch.setattr(graph, "PROJECT", Path("/dev/null"))
    assert graph.graph(tmp_path).models == ()
    assert [path.name for path in (tmp_path / "dbt").iterdir()] == ["changed-graph.json"]


def test_labels_that_stopped_coming_in_are_told_and_block_nothing(platform: Platform) -> None:
    def checked() -> dg.AssetCheckEvaluation:
        # The nightly job's check, without that of the index.
        result = dg.materialize(
            [labels_are_fresh],  # type: ignore[list-item]
            selection=dg.AssetSelection.all_asset_checks(),
            resources={"platform": platform},
            instance=dg.DagsterInstance.ephemeral(),
        )
        [evaluation] = result.get_asset_check_evaluations()
        return evaluation

    assert checked().passed
    add_batch(platform, TASK, [labelled(1, "a cook", "Chef")])
    fill_rows(platform, TASK)
    for days, passed, severity in (
        (1, True, dg.AssetCheckSeverity.WARN),
        (100, False, dg.AssetCheckSeverity.WARN),
        (400, False, dg.AssetCheckSeverity.ERROR),
    ):
        with write_warehouse(platform, TASK) as connection:
            connection.execute("UPDATE raw.label_rows SET added_at = ?", [int((time.time() - days * 86_400) * 1e6)])
        found = checked()
        assert (found.passed, found.severity, found.blocking) == (passed, severity, False)
        assert found.metadata[f"days since the last label of {TASK}"].value == pytest.approx(days, abs=0.2)


def test_of_several_wordings_the_same_one_is_in_the_dataset_whichever_came_first(tmp_path: Path) -> None:
    wordings = ["Required qualifications", "required  Qualifications", "REQUIRED qualifications"]
    found = []
    for number, order in enumerate((wordings, wordings[::-1])):
        platform = Platform(Settings(home=tmp_path / str(number)))
        for each in order:
            add_labels(platform, json.dumps({"text": each, "label": "HR"}).encode(), TASK)
            # Again, which is nothing new.
            assert add_labels(platform, json.dumps([{"text": each, "label": "HR"}]).encode(), TASK).accepted == 0
        fill_models(platform, TASK)
        with open_warehouse(platform, TASK) as connection:
            assert connection.sql("SELECT count(*) FROM raw.label_rows").fetchall() == [(3,)]
            found.append(connection.sql("SELECT text, label, split, persons FROM dataset").fetchall())
    assert found[0] == found[1]
    assert found[0][0][:2] == ("REQUIRED qualifications", "HR")
