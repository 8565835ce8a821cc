"""An adapter of an organisation's own: learned from one half of its questions, measured on the other, served by its folder."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets.index.rebuild import rebuild
from assets.index.refresh import RefreshResult
from assets.index.retrieval_evaluation import evaluate_retrieval, read_questions
from assets.index.searching import search
from assets.models.search import adapting
from assets.models.search.assets import search_adapter
from assets.models.search.gathering import gather, halves
from assets.models.search.learning import SETTINGS
from assets.platform import Platform

Refreshed = Callable[..., RefreshResult]

COLOURS = ["red", "orange", "yellow", "green", "blue", "violet", "white", "black"]
PLACES = ["hangar", "depot", "workshop", "kitchen", "laboratory", "warehouse", "office", "garden", "cellar", "tower"]


@pytest.fixture
def asked(
    platform: Platform, handbook: Path, refreshed: Refreshed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Rules in words of the house's own, and questions in the words that people use for them."""
    monkeypatch.setattr(adapting, "SETTINGS", replace(SETTINGS, epochs=1, batch=8))
    meant = dict(
        zip(COLOURS, ["helmets", "gloves", "ladders", "lamps", "coats", "boots", "radios", "keys"], strict=True)
    )
    draw = random.Random(3)
    lines = []
    for place in PLACES:
        rules = [
            f"Code {colour} items in the {place} are counted by {draw.choice(PLACES)} staff." for colour in COLOURS
        ]
        (handbook / f"{place}.md").write_text(f"# {place.title()}\n\n" + "\n\n".join(rules) + "\n")
        for colour, rule in zip(COLOURS, rules, strict=True):
            question = {"question": f"Who counts the {meant[colour]} in the {place}?"}
            lines.append(question | {"relevant": [{"document_id": f"handbook/{place}.md", "quote": rule}]})
    refreshed(platform, "handbook")
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_questions_about_one_document_are_in_one_half(asked: Path) -> None:
    first, second = halves(read_questions(asked))
    documents = [{name for question in half for name, _ in question.relevant} for half in (first, second)]
    assert first
    assert second
    assert not documents[0] & documents[1]


def test_what_answers_a_question_is_never_among_what_does_not(platform: Platform, asked: Path) -> None:
    pairs = gather(platform, read_questions(asked)[:8])
    assert len(pairs) == 8
    for pair in pairs:
        assert pair.answers
        assert pair.distractors
        assert not set(pair.answers) & set(pair.distractors)


def test_an_adapter_is_learned_measured_and_served_by_its_folder(
    platform: Platform, asked: Path, instance: dg.DagsterInstance
) -> None:
    learner = Platform(replace(platform.settings, search_questions=str(asked)))
    result = dg.materialize([search_adapter], instance=instance, resources={"platform": learner})
    assert result.success
    (event,) = result.asset_materializations_for_node("search_adapter")
    (check,) = result.get_asset_check_evaluations()
    measured = halves(read_questions(asked))[1]
    assert event.metadata["questions measured with"].value == len(measured)
    table = {record.data["model"]: record.data for record in event.metadata["at depth 10"].records}
    # The served index, asked here, is asked as `hrdp evaluate retrieval` asks it.
    assert table["served"]["MAP"] == pytest.approx(evaluate_retrieval(platform, measured, 10).map, abs=1e-3)
    assert check.passed == (
        table["adapter"]["MAP"] > table["served"]["MAP"] and float(str(check.metadata["by chance"].value)) <= 0.05
    )

    adapted = Platform(replace(platform.settings, model=str(event.metadata["folder"].value)))
    built = rebuild(adapted, "rebuild-1")
    adapted.release()
    assert built is not None
    assert built.reasons == ("model",)
    assert search(adapted, "Who counts the boots in the cellar?", k=1)
    # What was promised of the candidate holds once it is served.
    assert table["adapter"]["MAP"] == pytest.approx(evaluate_retrieval(adapted, measured, 10).map, abs=1e-3)


def test_without_questions_it_says_which_setting_names_them(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    result = dg.materialize([search_adapter], resources={"platform": platform}, raise_on_error=False)
    (failure,) = (event for event in result.all_events if event.is_step_failure)
    assert "HRDP_SEARCH_QUESTIONS is not set" in str(failure.step_failure_data.error)
