"""The search's own model: an adapter that was learned from the bundled questions, and how another one is learned."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from assets.index.embedding.convert import read_weights
from assets.index.embedding.engine import open_embedder
from assets.index.embedding.weights import (
    ADAPTER_SETTINGS,
    ADAPTER_WEIGHTS,
    DEFAULT_MODEL,
    SEARCH_MODEL,
    ModelUnavailable,
    find_model,
    model_hash,
)
from assets.models.search.learning import SETTINGS
from assets.models.search.pairs import BUNDLED, Pair, content_hash, read_documents, split
from assets.models.search.training import train
from assets.models.tasks.task import TooLittleData
from assets.models.training.settings import TrainingSettings

PAIRS = read_documents(BUNDLED)
QUICK = TrainingSettings(epochs=1, rank=4, scale=8, batch=8)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learn(tmp_path_factory.mktemp("learned") / "adapter")


def learn(folder: Path) -> Path:
    return train(DEFAULT_MODEL, PAIRS[:48], PAIRS[-16:], folder, lambda _: None, QUICK)


def reciprocal_ranks(model: str, pairs: list[Pair], cache: Path) -> float:
    embedder = open_embedder(model, cache)
    texts = list(dict.fromkeys(text for pair in pairs for text in (*pair.answers, *pair.distractors)))
    vectors = dict(zip(texts, embedder.embed(texts), strict=True))
    found = []
    for pair, question in zip(pairs, embedder.embed([pair.question for pair in pairs]), strict=True):
        best = max(float(vectors[text] @ question) for text in pair.answers)
        found.append(1 / (1 + sum(float(vectors[text] @ question) > best for text in pair.distractors)))
    return float(np.mean(found))


def test_the_bundled_adapter_was_learned_from_the_bundled_questions() -> None:
    settings = json.loads((find_model(SEARCH_MODEL).adapters[0] / ADAPTER_SETTINGS).read_text())
    training, validation = split(PAIRS)
    assert settings["pairs"] == {"training": content_hash(training), "validation": content_hash(validation)}
    assert settings["base_model"] == DEFAULT_MODEL
    assert settings["training"]["epochs"] == SETTINGS.epochs
    assert not {pair.source for pair in training} & {pair.source for pair in validation}


def test_it_finds_answers_in_documents_that_it_never_saw_better_than_the_model_below_it(tmp_path: Path) -> None:
    _, unseen = split(PAIRS)
    assert reciprocal_ranks(SEARCH_MODEL, unseen, tmp_path) > reciprocal_ranks(DEFAULT_MODEL, unseen, tmp_path) + 0.05


def test_an_adapter_is_another_model_with_other_vectors(tmp_path: Path) -> None:
    plain, adapted = (open_embedder(model, tmp_path) for model in (DEFAULT_MODEL, SEARCH_MODEL))
    assert plain.model_hash != adapted.model_hash
    assert (plain.dimension, plain.max_tokens) == (adapted.dimension, adapted.max_tokens)
    text = ["Compensation is payable irrespective of fault."]
    assert float((plain.embed(text) @ adapted.embed(text).T)[0, 0]) < 0.99


def test_a_folder_with_an_adapter_is_a_model(learned: Path) -> None:
    found = find_model(str(learned))
    assert found.adapters == (learned.resolve(),)
    changed, plain = read_weights(found), read_weights(find_model(DEFAULT_MODEL))
    assert any(not np.array_equal(changed[name], plain[name]) for name in plain)
    assert model_hash(found, "") != model_hash(find_model(DEFAULT_MODEL), "")


def test_the_same_questions_give_the_same_bytes(learned: Path, tmp_path: Path) -> None:
    again = learn(tmp_path / "again")
    assert (again / ADAPTER_WEIGHTS).read_bytes() == (learned / ADAPTER_WEIGHTS).read_bytes()


def test_an_adapter_on_another_model_than_it_was_learned_on_is_refused(learned: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(learned, moved)
    settings = json.loads((moved / ADAPTER_SETTINGS).read_text())
    (moved / ADAPTER_SETTINGS).write_text(json.dumps(settings | {"base_model_hash": "0" * 64}))
    with pytest.raises(ModelUnavailable, match="another one than the adapter"):
        find_model(str(moved))


def test_a_damaged_adapter_is_told_apart_from_a_damaged_model(learned: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(learned, moved)
    (moved / ADAPTER_WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(ModelUnavailable, match="adapter"):
        read_weights(find_model(str(moved)))


def test_an_adapter_can_be_learned_on_top_of_the_bundled_one(tmp_path: Path) -> None:
    folder = train(SEARCH_MODEL, PAIRS[:16], PAIRS[-8:], tmp_path / "adapter", lambda _: None, QUICK)
    assert len(find_model(str(folder)).adapters) == 2


def test_without_questions_nothing_is_learned(tmp_path: Path) -> None:
    with pytest.raises(TooLittleData, match="too few questions"):
        train(DEFAULT_MODEL, [], [], tmp_path / "adapter", lambda _: None, QUICK)
    assert not (tmp_path / "adapter").exists()
