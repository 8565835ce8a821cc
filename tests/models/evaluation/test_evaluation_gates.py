"""Each gate refuses the model that it is there for, and no other gate does; a good model passes all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluated import Changed, Row, Words, category_rows, experienced, leaking_rows, snapshot

from assets.models.evaluation.evaluating import evaluate, write
from assets.models.evaluation.model import Evaluation

NAMES = {"no_leak", "better_than_baseline", "better_than_champion", "calibrated", "fair", "private"}


def evaluated(predictor: Any, rows: list[Row] | None = None, champion: Any = None, **options: Any) -> Evaluation:
    known = options.pop("champion_trained_on", frozenset())
    return evaluate(
        "job-category", predictor, champion, known, snapshot("job-category", rows or category_rows()), **options
    )


def refusing(evaluation: Evaluation) -> set[str]:
    assert {gate.name for gate in evaluation.gates} == NAMES
    return {gate.name for gate in evaluation.gates if not gate.passed}


def test_a_good_model_passes_every_gate() -> None:
    evaluation = evaluated(experienced())
    assert refusing(evaluation) == set(), evaluation.gates
    metrics = evaluation.metrics
    assert metrics["accuracy"] > evaluation.baseline["accuracy"] + 0.05
    low, high = metrics["intervals"]["macro_f1"]
    assert 0 < low < metrics["macro_f1"] < high <= 1


def test_a_leaking_dataset_is_refused_by_no_leak() -> None:
    evaluation = evaluated(experienced(), leaking_rows())
    assert refusing(evaluation) == {"no_leak"}
    assert "1 pairs of texts" in evaluation.gate("no_leak").told


def test_a_group_in_two_splits_is_refused_by_no_leak() -> None:
    rows = category_rows()
    rows[-1] = (*rows[-1][:5], rows[0][5], rows[-1][6])
    assert refusing(evaluated(experienced(), rows)) == {"no_leak"}


def test_a_model_no_better_than_words_is_refused_by_the_baseline() -> None:
    train = [row for row in category_rows() if row[6] == "train"]
    half = train[: len(train) // 2]
    weak = Words([row[1] for row in half], [row[2] for row in half])
    assert "better_than_baseline" in refusing(evaluated(weak))


def test_a_model_worse_than_the_champion_is_refused_by_the_champion() -> None:
    evaluation = evaluated(experienced(300), champion=experienced())
    assert refusing(evaluation) == {"better_than_champion"}
    assert evaluation.metrics["champion"]["accuracy"] > evaluation.metrics["accuracy"]


def test_as_good_as_the_champion_is_enough_only_where_something_else_speaks_for_it() -> None:
    assert refusing(evaluated(experienced(), champion=experienced())) == {"better_than_champion"}
    assert refusing(evaluated(experienced(), champion=experienced(), excuse="it is cheaper")) == set()


def test_the_champion_is_judged_on_groups_that_it_never_learned_from() -> None:
    rows = category_rows()
    test = [row for row in rows if row[6] == "test"]
    seen = frozenset(row[0] for row in test[:100])
    evaluation = evaluated(experienced(), champion=experienced(300), champion_trained_on=seen)
    assert evaluation.metrics["champion"]["rows"] == len(test) - 100
    everything = frozenset(row[0] for row in rows)
    refused = evaluated(experienced(), champion=experienced(300), champion_trained_on=everything)
    assert refusing(refused) == {"better_than_champion"}


def test_an_uncalibrated_model_is_refused_by_calibrated() -> None:
    def as_sure_as_the_text_is_long(text: str, logits: Any) -> Any:
        return np.eye(len(logits))[logits.argmax()] * (10 if len(text) % 2 else 2)

    # No one temperature makes both halves right.
    assert refusing(evaluated(Changed(experienced(200), as_sure_as_the_text_is_long))) == {"calibrated"}


def test_a_model_that_reads_gendered_words_is_refused_by_fair() -> None:
    def prejudiced(text: str, logits: Any) -> Any:
        told = text.lower()
        hers = any(word in told for word in (" she ", "maternity", "women's", "mother of", "chairwoman"))
        return logits + np.eye(len(logits))[3] * 200 * hers

    evaluation = evaluated(Changed(experienced(), prejudiced))
    assert refusing(evaluation) == {"fair"}
    assert "gendered words" in evaluation.gate("fair").told
    assert "no audit" in evaluation.gate("fair").told


def test_a_memorizing_model_is_refused_by_private() -> None:
    learned = {row[1]: row[2] for row in category_rows() if row[6] == "train"}
    classes = experienced().classes

    def remembered(text: str, logits: Any) -> Any:
        return np.eye(len(logits))[classes.index(learned[text])] * 500 if text in learned else logits

    assert refusing(evaluated(Changed(experienced(), remembered))) == {"private"}


def test_what_is_written_can_be_read_and_is_the_same_each_time(tmp_path: Path) -> None:
    evaluation = evaluated(experienced())
    for name in ("one", "two"):
        write(evaluated(experienced()) if name == "two" else evaluation, tmp_path / name)
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text())
    assert {gate["name"] for gate in metrics["gates"]} == NAMES
    assert sum(each["n"] for each in metrics["per_class"].values()) == metrics["rows"]["test"]
    calibration = json.loads((tmp_path / "one" / "calibration.json").read_text())
    assert calibration["temperature"] > 0
    assert 0.5 <= calibration["threshold"] <= 1
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert {"confusion_matrix.png", "reliability.png", "abstention.png", "compared.png"} <= {
        path.name for path in files
    }
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes(), path


def test_a_dataset_of_another_task_is_refused_in_a_sentence() -> None:
    from assets.models.evaluation.model import EvaluationImpossible

    with pytest.raises(EvaluationImpossible, match="for match"):
        evaluate("job-category", experienced(), None, frozenset(), snapshot("match", category_rows()))


def test_groups_that_people_named_themselves_are_part_of_fair() -> None:
    model = experienced(200)
    rows = [row for row in category_rows() if row[6] == "test"]
    found = model.logits([row[1] for row in rows]).argmax(axis=1)
    right = [model.classes[column] == row[2] for column, row in zip(found, rows, strict=True)]
    groups = {
        row[0]: "A" if good and number % 20 else "B" for number, (row, good) in enumerate(zip(rows, right, strict=True))
    }
    evaluation = evaluated(model, reported_groups=groups)
    assert refusing(evaluation) == {"fair"}
    assert "highest group's rate" in evaluation.gate("fair").told
    impact = next(each for each in evaluation.metrics["fairness"]["impact"] if each["group"] == "B")
    assert impact["n"] == list(groups.values()).count("B")
    assert impact["ratio"] < 0.8
