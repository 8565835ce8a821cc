"""Finding a model, hashing it, converting it, and what is said when that can't be done."""

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.index.embedding.convert import converted_file, recipe
from assets.index.embedding.engine import open_embedder
from assets.index.embedding.graph import EncoderConfig, build_encoder
from assets.index.embedding.quantization import InputRange
from assets.index.embedding.tokens import open_token_counter
from assets.index.embedding.weights import DEFAULT_MODEL, ModelUnavailable, find_model, model_hash

WIDTH, LAYERS, WIDE = 32, 2, 96


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small encoder of random weights, with the default model's tokenizer."""
    from safetensors.numpy import save_file

    target = tmp_path / "model"
    (target / "1_Pooling").mkdir(parents=True)
    default = find_model(DEFAULT_MODEL)
    shutil.copy(default.tokenizer_file, target / "tokenizer.json")
    config = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": 4,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
    }
    (target / "config.json").write_text(json.dumps(config))
    set_pooling(target, "mean")
    shapes = {
        "embeddings.word_embeddings": (30522, WIDTH),
        "embeddings.position_embeddings": (64, WIDTH),
        "embeddings.token_type_embeddings": (2, WIDTH),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        shapes |= {f"{name}.attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        shapes |= {
            f"{name}.attention.output.dense": (WIDTH, WIDTH),
            f"{name}.intermediate.dense": (WIDE, WIDTH),
            f"{name}.output.dense": (WIDTH, WIDE),
        }
    draw = np.random.default_rng(1)
    tensors = {f"bert.{name}.weight": draw.normal(0, 0.2, shape) for name, shape in shapes.items()}
    tensors |= {f"bert.{name}.bias": draw.normal(0, 0.1, shape[0]) for name, shape in shapes.items() if "layer" in name}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        norms += [f"encoder.layer.{layer}.{part}.LayerNorm" for part in ("attention.output", "output")]
    tensors |= {f"bert.{name}.weight": np.ones(WIDTH) for name in norms}
    tensors |= {f"bert.{name}.bias": np.zeros(WIDTH) for name in norms}
    save_file({name: value.astype(np.float32) for name, value in tensors.items()}, target / "model.safetensors")
    return target


def set_pooling(folder: Path, mode: str) -> None:
    modes = {f"pooling_mode_{name}": name.startswith(mode) for name in ("cls_token", "mean_tokens", "max_tokens")}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": WIDTH} | modes))


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_of_ones_own_is_embedded(folder: Path, tmp_path: Path) -> None:
    embedder = open_embedder(str(folder), tmp_path / "cache")
    assert (embedder.dimension, embedder.max_tokens) == (WIDTH, 64)
    vectors = embedder.embed(["annual leave", "annual leave", "a report"])
    assert vectors.shape == (3, WIDTH)
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert not np.array_equal(vectors[0], vectors[2])


def test_pooling_by_the_first_token_is_another_model(folder: Path, tmp_path: Path) -> None:
    by_mean = open_embedder(str(folder), tmp_path / "cache")
    set_pooling(folder, "cls")
    by_first = open_embedder(str(folder), tmp_path / "cache")
    assert by_mean.model_hash != by_first.model_hash
    assert float(by_mean.embed(["a text"])[0] @ by_first.embed(["a text"])[0]) < 0.99


def test_a_roberta_counts_its_positions_behind_the_padding(folder: Path) -> None:
    change_config(folder, model_type="roberta")
    found = find_model(str(folder))
    assert (found.first_position, found.max_tokens) == (2, 62)


def test_the_hash_follows_the_content_and_not_the_place(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(folder, copy)
    first = model_hash(find_model(str(folder)), recipe())
    assert model_hash(find_model(str(copy)), recipe()) == first
    assert model_hash(find_model(str(copy)), "another recipe") != first
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert model_hash(find_model(str(copy)), recipe()) != first


def test_conversions_at_the_same_time_all_succeed_and_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    model = find_model(str(folder))
    with ThreadPoolExecutor(4) as pool:
        files = list(pool.map(lambda _: converted_file(model, "hash", tmp_path / "cache", fresh=True), range(4)))
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"hash.onnx", "hash.folder"}
    again = converted_file(model, "hash", tmp_path / "other cache")
    assert again.read_bytes() == files[0].read_bytes()


def test_a_damaged_converted_file_is_made_again(folder: Path, tmp_path: Path) -> None:
    expected = open_embedder(str(folder), tmp_path / "cache").embed(["a text"])
    (converted,) = (tmp_path / "cache").glob("*.onnx")
    converted.write_bytes(converted.read_bytes()[:1000])
    np.testing.assert_array_equal(open_embedder(str(folder), tmp_path / "cache").embed(["a text"]), expected)


def test_a_missing_model_is_said_so() -> None:
    with pytest.raises(ModelUnavailable, match="no embedding model folder 'nowhere/at-all'"):
        open_embedder("nowhere/at-all", Path("unused"))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("config.json", "not valid JSON"),
        ("tokenizer.json", "could not be read as a tokenizer"),
        ("model.safetensors", "could not be read as weights"),
    ],
)
def test_a_damaged_file_is_named(folder: Path, tmp_path: Path, name: str, sentence: str) -> None:
    (folder / name).write_bytes(b"{damaged")
    with pytest.raises(ModelUnavailable, match=sentence) as caught:
        open_embedder(str(folder), tmp_path / "cache").embed(["a text"])
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"])
def test_a_folder_that_lacks_a_file_is_refused_when_it_is_opened(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelUnavailable, match=str(folder)):
        open_token_counter(str(folder))


@pytest.mark.parametrize("change", [{"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}])
def test_an_encoder_of_another_design_is_refused(folder: Path, tmp_path: Path, change: dict[str, str]) -> None:
    change_config(folder, **change)
    with pytest.raises(ModelUnavailable, match="not supported"):
        open_embedder(str(folder), tmp_path / "cache").embed(["a text"])


def test_other_poolings_and_modules_are_refused(folder: Path) -> None:
    set_pooling(folder, "max")
    with pytest.raises(ModelUnavailable, match="pools by max"):
        find_model(str(folder))
    (folder / "modules.json").write_text(
        json.dumps([{"path": "2_Dense", "type": "sentence_transformers.models.Dense"}])
    )
    with pytest.raises(ModelUnavailable, match="Dense"):
        find_model(str(folder))


def test_a_model_from_the_hub_that_cannot_be_had_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def offline(*_: object, **__: object) -> str:
        raise ConnectionError

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ModelUnavailable, match="'owner/name' could not be fetched"):
        find_model("hf://owner/name@main")


def test_the_embedders_graph_is_what_it_always_was() -> None:
    # Its bytes are what an index was built with: where they change, `recipe` has to change with them.
    draw = np.random.default_rng(11)

    def some(*shape: int) -> NDArray[np.float32]:
        return draw.standard_normal(shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": some(20, 64),
        "embeddings.position_embeddings.weight": some(16, 64),
        "embeddings.token_type_embeddings.weight": some(2, 64),
    }
    shapes = {"attention.output.dense": (64, 64), "intermediate.dense": (96, 64), "output.dense": (64, 96)}
    shapes |= {f"attention.self.{part}": (64, 64) for part in ("query", "key", "value")}
    for name, shape in shapes.items():
        weights[f"encoder.layer.0.{name}.weight"] = some(*shape)
        weights[f"encoder.layer.0.{name}.bias"] = some(shape[0])
    for name in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        weights[f"{name}.LayerNorm.weight"], weights[f"{name}.LayerNorm.bias"] = some(64), some(64)
    config = EncoderConfig(layers=1, heads=4, epsilon=1e-12, first_position=0, max_tokens=16, pooling="mean")
    ranges = {
        f"encoder.layer.0.{name}": InputRange(-np.abs(some(size)), np.abs(some(size)))
        for name, size in {"input": 64, "context": 64, "middle": 64, "active": 96}.items()
    }
    found = [
        hashlib.sha256(build_encoder(weights, config, measured).SerializeToString(deterministic=True)).hexdigest()
        for measured in (None, ranges)
    ]
    assert found == [
        "1cb6d1bd0d7dc1350b09cbd2cd53aea3c9a3131deee9f9b9e71bb890f50459b6",
        "d31ef7e343621d86a4816f263cb13b413f46f5dc0bb89791488f4e67abfdf292",
    ]
