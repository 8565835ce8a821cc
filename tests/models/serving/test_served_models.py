"""A model from its dataset to predictions, with the real parts: trained, exported, measured, signed, decided on, and asked."""

import csv
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest

from assets.labels.snapshots.building import build
from assets.labels.snapshots.reading import open_snapshot
from assets.labels.synthetic.generator import resumes
from assets.models import lifecycle
from assets.models.assets import adapter, retrieve_or_train
from assets.models.both_ways import trained_model
from assets.models.model import TRAIN, VALIDATION, examples
from assets.models.promotion.decisions import Decision, Hand
from assets.models.promotion.promoting import promote_by_hand
from assets.models.serving.predictors import Classifier, open_predictor
from assets.models.training.adapter import open_adapter
from assets.platform import Platform, Settings
from tests.conftest import PROJECT, Installation
from tests.labels.marts import rows_of, write_mart

TASK = "job-category"


@dataclass(frozen=True, slots=True)
class Served:
    """An installation with one champion, and the decision that its gates had led to; what Dagster remembers of the training."""

    installation: Installation
    platform: Platform
    decision: Decision
    instance: dg.DagsterInstance


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("served") / "home"
    platform = Platform(Settings(home=home, training_epochs=1))
    write_mart(platform, TASK, rows_of(60, 7))
    build(platform, TASK, "run")
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize([adapter], instance=instance, resources={"platform": platform}, partition_key=TASK)
        platform.release()
        yield _promoted(home, platform, instance)
    platform.catalogue.close()


def _promoted(home: Path, platform: Platform, instance: dg.DagsterInstance) -> Served:
    lifecycle.serve_candidate(platform, TASK)
    lifecycle.evaluate_candidate(platform, TASK, lambda _: None)
    version = lifecycle.package_candidate(platform, TASK, "run").version
    decision = lifecycle.decide_candidate(platform, TASK, "run")
    promote_by_hand(platform, TASK, version, Hand("A. Tester", "a try"), champion=None, despite_gates=True)
    return Served(Installation(home), platform, decision, instance)


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {each.resume_id: each.text for each in resumes(12, 99)}


def _file(folder: Path, texts: dict[str, str]) -> Path:
    path = folder / "resumes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows(texts.items())
    return path


def test_a_model_that_does_not_beat_the_baseline_is_refused_by_the_gate_that_says_so(served: Served) -> None:
    assert served.decision.outcome == "refused"
    assert "better_than_baseline" in {gate.name for gate in served.decision.failed}
    named = {gate.name for gate in served.decision.gates}
    assert {"no_leak", "calibrated", "fair", "private", "served_as_trained", "signed"} <= named


def test_the_served_form_decides_as_the_adapter(served: Served) -> None:
    candidate = lifecycle.current(served.platform, TASK)
    snapshot = open_snapshot(served.platform, candidate.dataset_version)
    shown = [row.text for row in examples(snapshot, VALIDATION)]
    predictor = open_predictor(candidate.folder)
    assert isinstance(predictor, Classifier)
    ours, theirs = predictor.logits(shown), open_adapter(candidate.folder).logits(shown)
    assert (ours.argmax(1) == theirs.argmax(1)).mean() >= 0.995
    assert np.abs(ours - theirs).max() < 0.5


def test_a_text_is_judged_alike_alone_and_among_others(served: Served, texts: dict[str, str]) -> None:
    predictor = open_predictor(lifecycle.current(served.platform, TASK).folder)
    assert isinstance(predictor, Classifier)
    together = predictor.logits(list(texts.values()))
    for row, text in zip(together, texts.values(), strict=True):
        assert np.array_equal(predictor.logits([text])[0], row)


def test_resumes_in_a_file_are_classified_and_recorded_without_their_text(
    served: Served, texts: dict[str, str], tmp_path: Path
) -> None:
    found = served.installation.json("classify", str(_file(tmp_path, texts)), "--record")["results"]
    assert [each["id"] for each in found] == list(texts)
    for each in found:
        assert set(each) >= {"label", "probability", "abstained", "model_version"}
        assert 0 < each["probability"] <= 1
    with sqlite3.connect(served.installation.home / "catalogue.db") as catalogue:
        rows = catalogue.execute("SELECT model_version, input_hash, output, probability FROM predictions").fetchall()
    assert len(rows) == len(texts)
    assert {row[0] for row in rows} == {each["model_version"] for each in found}
    assert len({row[1] for row in rows}) == len(set(texts.values()))
    assert not any(line in str(rows) for text in texts.values() for line in text.splitlines() if len(line) > 25)


@pytest.mark.parametrize("form", ["jsonl", "txt", "docx"])
def test_a_resume_gets_one_label_in_whatever_form_it_comes(
    served: Served, texts: dict[str, str], tmp_path: Path, form: str
) -> None:
    text = next(iter(texts.values()))
    path = tmp_path / f"resume.{form}"
    if form == "jsonl":
        path.write_text(json.dumps({"id": "one", "text": text}) + "\n")
    elif form == "txt":
        path.write_text(text)
    else:
        import docx

        document = docx.Document()
        for line in text.splitlines():
            document.add_paragraph(line)
        document.save(str(path))
    (found,) = served.installation.json("classify", str(path))["results"]
    (expected,) = served.installation.json("classify", str(_file(tmp_path, {"one": text})))["results"]
    assert found["label"] == expected["label"]


def test_what_can_not_be_read_is_named_and_the_rest_goes_on(
    served: Served, texts: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "resumes.jsonl"
    good = json.dumps({"id": "good", "text": next(iter(texts.values()))})
    path.write_text(f'{good}\n{{"id": "empty", "text": ""}}\n')
    done = served.installation.run("classify", str(path), "--json")
    content: dict[str, Any] = json.loads(done.stdout)
    assert [each["id"] for each in content["results"] if "label" in each] == ["good"]
    assert "empty" in done.stdout + done.stderr or "no_text" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_predicting_needs_neither_torch_nor_transformers(served: Served, texts: dict[str, str], tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from orchestration.command_line.main import main\n"
        f"sys.argv = ['hrdp', 'classify', {str(_file(tmp_path, texts))!r}, '--json']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print([name for name in ('torch', 'transformers', 'peft', 'sklearn') if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=served.installation.environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip().endswith("[]")


def test_without_a_champion_it_is_said_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "resume.txt").write_text("Nurse with ten years of experience in intensive care units.")
    done = Installation(tmp_path / "home").run("classify", str(tmp_path / "resume.txt"))
    assert done.returncode == 1
    assert "no model of job-category is served yet: train one with hrdp train --task job-category" in done.stderr


def test_a_second_training_on_the_same_dataset_gives_the_same_version(served: Served) -> None:
    platform = served.platform
    before = lifecycle.current(platform, TASK)
    assert lifecycle.train_candidate(platform, TASK, lambda _: None) == before
    lifecycle.serve_candidate(platform, TASK)
    lifecycle.evaluate_candidate(platform, TASK, lambda _: None)
    assert lifecycle.package_candidate(platform, TASK, "again").version == served.decision.version


def _compared(platform: Platform, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    try:
        return dg.materialize([retrieve_or_train], instance=instance, resources={"platform": platform})
    finally:
        platform.release()


def test_retrieval_and_training_are_held_against_each_other_without_a_word_of_a_resume(served: Served) -> None:
    done = _compared(served.platform, served.instance)
    [made] = done.asset_materializations_for_node("retrieve_or_train")
    metadata = {name: each.value for name, each in made.metadata.items()}
    assert metadata["model"] == f"the champion {served.decision.version[:12]}"
    table = str(metadata["both ways"])
    for row in (
        "accuracy",
        "macro-F1",
        "one resume",
        "one more labelled resume",
        "a person is erased",
        "what explains",
    ):
        assert f"\n| {row}" in table, table
    trained_for = re.search(r"before the first answer .* \| ([0-9,]+) s of training", table)
    assert trained_for, "the run that trained it is remembered"
    assert "macro-F1" in str(metadata["found"])
    explained = made.metadata["what explains one answer of the neighbours"]
    assert isinstance(explained, dg.TableMetadataValue)
    snapshot = open_snapshot(served.platform, lifecycle.current(served.platform, TASK).dataset_version)
    labelled = {row.text_hash[:12]: row.label for row in examples(snapshot, TRAIN)}
    assert explained.records
    assert all(labelled[str(each.data["labelled resume"])] == each.data["class"] for each in explained.records)
    lines = {line for text in snapshot.rows["text"].to_pylist() for line in text.splitlines() if len(line) > 25}
    assert not any(line in str(made) for line in lines)


def test_a_model_that_is_not_served_is_compared_too_and_without_any_the_comparison_is_skipped(
    served: Served, tmp_path: Path
) -> None:
    home = shutil.copytree(served.platform.home, tmp_path / "copy")
    platform = Platform(replace(served.platform.settings, home=home))
    (home / "objects" / "models" / TASK / "champion.json").unlink()
    key = lifecycle.current(platform, TASK).folder.name
    model = trained_model(platform)
    assert model is not None
    assert model.name == f"the candidate {key}, which is not served"
    shutil.rmtree(home / "training")
    with dg.DagsterInstance.ephemeral() as instance:
        skipped = _compared(platform, instance)
        said = [entry.user_message for entry in instance.all_logs(skipped.run_id)]
    platform.catalogue.close()
    assert skipped.success
    assert not skipped.asset_materializations_for_node("retrieve_or_train")
    assert any("train one with hrdp train --task job-category" in each for each in said)
