"""The default model, as it is installed: what its vectors are worth, and that they depend on nothing but the text."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.index.embedding import engine
from assets.index.embedding.calibration import calibration_texts
from assets.index.embedding.engine import FastEmbedder, group_by_length, open_embedder
from assets.index.embedding.tokens import load_tokenizer, open_token_counter
from assets.index.embedding.weights import DEFAULT_MODEL, find_model

TEXTS = [
    "An employee may carry over five days of annual leave into the next calendar year.",
    "Who approves a travel request?",
    "",
    "Nurse",
    "The employer shall keep a record of hours worked and wages paid for three years. " * 8,
    "Unused holiday can be taken until March of the following year, up to one week of it.",
    "Who approves a travel request!",
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedding")


@pytest.fixture(scope="module")
def embedder(cache: Path) -> FastEmbedder:
    opened = open_embedder(DEFAULT_MODEL, cache)
    assert isinstance(opened, FastEmbedder)
    return opened


def reference_vector(text: str) -> NDArray[np.float32]:
    """BERT in float64, step by step as its paper has it: no code is shared with what is tested."""
    from math import erf

    from safetensors.numpy import load_file

    model = find_model(DEFAULT_MODEL)
    weights = {name: value.astype(np.float64) for name, value in load_file(model.weight_files[0]).items()}
    tokenizer = load_tokenizer(model.tokenizer_file)
    ids = tokenizer.encode(text).ids[: model.max_tokens]

    def linear(name: str, value: NDArray[np.float64]) -> NDArray[np.float64]:
        return value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normalize(name: str, value: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = value - value.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    hidden = weights["embeddings.word_embeddings.weight"][ids]
    hidden = hidden + weights["embeddings.position_embeddings.weight"][: len(ids)]
    hidden = normalize("embeddings.LayerNorm", hidden + weights["embeddings.token_type_embeddings.weight"][0])
    for layer in range(6):
        name = f"encoder.layer.{layer}"
        query, key, value = (
            linear(f"{name}.attention.self.{part}", hidden).reshape(len(ids), 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / np.sqrt(32))
        context = (scores / scores.sum(-1, keepdims=True) @ value).transpose(1, 0, 2).reshape(len(ids), 384)
        attended = linear(f"{name}.attention.output.dense", context)
        hidden = normalize(f"{name}.attention.output.LayerNorm", attended + hidden)
        wide = linear(f"{name}.intermediate.dense", hidden)
        active = wide * 0.5 * (1 + np.vectorize(erf)(wide / np.sqrt(2)))
        hidden = normalize(f"{name}.output.LayerNorm", linear(f"{name}.output.dense", active) + hidden)
    pooled = hidden.mean(0)
    return np.asarray(pooled / np.linalg.norm(pooled), np.float32)


def test_vectors_are_nearly_those_of_the_model_in_full_precision(embedder: FastEmbedder) -> None:
    vectors = embedder.embed(TEXTS)
    cosines = [float(vector @ reference_vector(text)) for text, vector in zip(TEXTS, vectors, strict=True)]
    assert np.mean(cosines) > 0.998
    assert min(cosines) > 0.99


def test_vectors_have_unit_length_and_mean_something(embedder: FastEmbedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimension) == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    likeness = vectors @ vectors[0]
    assert np.argsort(-likeness)[1] == 5, "the other rule on carrying over leave is the nearest"


def test_a_vector_depends_on_its_text_alone(embedder: FastEmbedder) -> None:
    texts = [*TEXTS, *calibration_texts(), *(f"{text} {text}" for text in calibration_texts())]
    together = embedder.embed(texts)
    order = random.Random(7).sample(range(len(texts)), len(texts))
    shuffled = embedder.embed([texts[index] for index in order])
    alone = np.concatenate([embedder.embed([text]) for text in texts])
    np.testing.assert_array_equal(together[order], shuffled)
    np.testing.assert_array_equal(together, alone)


def test_many_texts_are_embedded_window_by_window(embedder: FastEmbedder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = embedder.embed(TEXTS)
    monkeypatch.setattr(engine, "_TEXTS_A_WINDOW", 2)
    np.testing.assert_array_equal(embedder.embed(TEXTS), whole)


def test_a_processor_that_needs_the_slow_products_gives_the_same_vectors(
    embedder: FastEmbedder, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = embedder.embed(TEXTS)
    monkeypatch.setattr(engine, "_has_exact_int8", lambda: False)
    other = open_embedder(DEFAULT_MODEL, cache)
    np.testing.assert_allclose(other.embed(TEXTS), expected, atol=1e-5)


def test_of_a_long_text_the_beginning_counts(embedder: FastEmbedder) -> None:
    beginning = "wage " * (embedder.max_tokens - 2)
    np.testing.assert_array_equal(embedder.embed([beginning]), embedder.embed([beginning + "and much more"]))
    assert embedder.count_tokens([beginning, beginning + "more"]) == [256, 257]


def test_no_text_gives_no_vector(embedder: FastEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_tokens_are_counted_without_converting_or_loading_the_model(tmp_path: Path) -> None:
    opened = open_embedder(DEFAULT_MODEL, tmp_path)
    assert isinstance(opened, FastEmbedder)
    assert opened.count_tokens(["Hello world", ""]) == [4, 2]
    assert list(tmp_path.iterdir()) == []
    counter = open_token_counter(DEFAULT_MODEL)
    assert counter.max_tokens == opened.max_tokens == 256
    assert counter.count("word " * 1000) == 1002


def test_embedding_needs_neither_torch_nor_the_converter_once_the_model_was_converted(
    embedder: FastEmbedder, cache: Path
) -> None:
    embedder.embed(["convert"])
    program = (
        "import sys; from pathlib import Path; from assets.index.embedding.engine import open_embedder; "
        f"open_embedder({DEFAULT_MODEL!r}, Path({str(cache)!r})).embed(['text']); "
        "print([name for name in ('torch', 'transformers', 'sentence_transformers', 'onnx') if name in sys.modules])"
    )
    root = Path(engine.__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_groups_hold_each_text_once_and_only_texts_of_one_length() -> None:
    lengths = [random.Random(3).choice([2, 5, 90, 256, 700]) for _ in range(3)] + [5, 2, 5, 256, 256, 256, 90, 5]
    groups = group_by_length(lengths, 512)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    for group in groups:
        assert len({lengths[index] for index in group}) == 1
        assert len(group) == 1 or len(group) * lengths[group[0]] <= 512
