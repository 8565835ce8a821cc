"""Searching while the model that is set and the one that the served index was built with differ."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assets.answers.answering import answer
from assets.index import searching
from assets.index.embedding.weights import DEFAULT_MODEL
from assets.index.rebuild import rebuild
from assets.index.refresh import RefreshResult
from assets.index.searching import ModelMismatch, search
from assets.platform import Platform

Refreshed = Callable[..., RefreshResult]
QUESTION = "How many days of sick leave does an employee have?"


@pytest.fixture
def filled(platform: Platform, handbook: Path, refreshed: Refreshed) -> Platform:
    (handbook / "sick.md").write_text("# Sick leave\n\nEvery employee has twelve days of sick leave in a year.\n")
    (handbook / "keys.md").write_text("# Keys\n\nWhoever leaves returns the keys to the front desk.\n")
    refreshed(platform, "handbook")
    return platform


def test_until_the_index_is_rebuilt_it_is_asked_with_the_model_that_it_was_built_with(filled: Platform) -> None:
    other = Platform(replace(filled.settings, model=DEFAULT_MODEL))
    assert search(other, QUESTION) == search(filled, QUESTION)
    assert "twelve days" in answer(other, QUESTION).answer


def test_a_process_that_runs_on_asks_the_index_that_another_one_rebuilt_for_another_model(filled: Platform) -> None:
    before = search(filled, QUESTION)
    other = Platform(replace(filled.settings, model=DEFAULT_MODEL))
    assert rebuild(other, "rebuild") is not None
    other.release()
    assert search(filled, QUESTION) == search(other, QUESTION)
    assert [hit.score for hit in search(filled, QUESTION)] != [hit.score for hit in before]
    assert "twelve days" in answer(filled, QUESTION).answer


def test_an_index_whose_model_is_gone_is_not_asked_with_vectors_of_another_one(
    filled: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Platform(replace(filled.settings, model=DEFAULT_MODEL))
    served = searching.present(filled)
    monkeypatch.setattr(searching, "present", lambda _: replace(served, model="f" * 64))
    with pytest.raises(ModelMismatch, match="run hrdp refresh, which rebuilds the index"):
        search(other, QUESTION)
