"""Converts a model folder, once, into the int8 ONNX file that the engine runs, kept in a cache folder by model hash."""

import os
import tempfile
from pathlib import Path
from typing import Any

from assets.index.embedding.calibration import calibration_hash, calibration_texts, measure_ranges
from assets.index.embedding.graph import EncoderConfig, build_encoder
from assets.index.embedding.merging import AdapterUnusable, merged_weights
from assets.index.embedding.quantization import OUTLIERS, SMOOTHING, Array
from assets.index.embedding.tokens import load_tokenizer
from assets.index.embedding.weights import ModelFolder, ModelUnavailable, read_config

_VERSION = 1
_WORDS = "embeddings.word_embeddings.weight"


def recipe() -> str:
    """Names the conversion; a change of anything that moves vectors must change it."""
    return (
        f"int8 static, version {_VERSION}, smoothing {SMOOTHING}, outliers {OUTLIERS}, calibration {calibration_hash()}"
    )


def converted_file(model: ModelFolder, model_hash: str, cache: Path, fresh: bool = False) -> Path:
    """The converted model's file, which is made if it is not there yet, or with `fresh` in any case.

    A model of 90 MB takes some seconds. The file appears whole or not at all, so that processes may convert
    at the same time. Raises ModelUnavailable.
    """
    target = cache / f"{model_hash}.onnx"
    if fresh or not target.is_file():
        content = _convert(model)
        cache.mkdir(parents=True, exist_ok=True)
        folder = model.adapters[-1] if model.adapters else model.folder
        _write(_folder_file(model_hash, cache), str(folder).encode())
        _write(target, content)
    return target


def folder_of(model_hash: str, cache: Path) -> str | None:
    """The folder of the model that was converted under a hash; None where none was."""
    try:
        return _folder_file(model_hash, cache).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _folder_file(model_hash: str, cache: Path) -> Path:
    return cache / f"{model_hash}.folder"


def _write(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".partial")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _convert(model: ModelFolder) -> bytes:
    config = encoder_config(model)
    weights = read_weights(model)
    tokenizer = load_tokenizer(model.tokenizer_file)
    if tokenizer.get_vocab_size() > len(weights[_WORDS]):
        raise ModelUnavailable(f"The tokenizer in {model.folder} does not belong to the weights: it knows more tokens.")
    tokenizer.enable_truncation(model.max_tokens)
    texts = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(calibration_texts()))]
    try:
        ranges = measure_ranges(build_encoder(weights, config), texts)
        content: bytes = build_encoder(weights, config, ranges).SerializeToString(deterministic=True)
        return content
    except KeyError as error:
        raise ModelUnavailable(
            f"The weights in {model.folder} have no {error.args[0]}: only encoders of BERT's layout can be used."
        ) from error


def encoder_config(model: ModelFolder) -> EncoderConfig:
    """What the graph has to know of the model beside its weights. Raises ModelUnavailable."""
    config = read_config(model.folder)
    activation = config.get("hidden_act")
    if activation != "gelu" or config.get("position_embedding_type", "absolute") != "absolute":
        raise ModelUnavailable(
            f"The model in {model.folder} is not supported: only encoders with absolute positions and gelu are."
        )
    return EncoderConfig(
        layers=int(config["num_hidden_layers"]),
        heads=int(config["num_attention_heads"]),
        epsilon=float(config["layer_norm_eps"]),
        first_position=model.first_position,
        max_tokens=model.max_tokens,
        pooling=model.pooling,
    )


def read_weights(model: ModelFolder) -> dict[str, Array]:
    """The encoder's weights in float32 with its adapters, under BERT's names. Raises ModelUnavailable."""
    import numpy as np
    from safetensors import SafetensorError, safe_open

    tensors: dict[str, Any] = {}
    for path in model.weight_files:
        try:
            with safe_open(str(path), framework="numpy") as file:
                tensors |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError, TypeError) as error:
            raise ModelUnavailable(f"{path} could not be read as weights: fetch the model again.") from error
    # A model saved with a head on top has its encoder under a name of its own ("bert.", "roberta.").
    prefix = next((name.removesuffix(_WORDS) for name in tensors if name.endswith(_WORDS)), None)
    if prefix is None:
        raise ModelUnavailable(
            f"The weights in {model.folder} have no {_WORDS}: only encoders of BERT's layout can be used."
        )
    weights = {
        name.removeprefix(prefix): np.asarray(value, np.float32)
        for name, value in tensors.items()
        if name.startswith(prefix) and np.issubdtype(value.dtype, np.floating)
    }
    for adapter in model.adapters:
        try:
            weights = merged_weights(adapter, weights)
        except AdapterUnusable as error:
            raise ModelUnavailable(f"The adapter in {adapter} can't be used: {error}") from error
    return weights
