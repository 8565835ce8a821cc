"""Merges a LoRA adapter into the weights of the encoder that it was trained on: plain arithmetic, no torch."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from assets.index.embedding.quantization import Array
from assets.index.embedding.weights import ADAPTER_CONFIG, ADAPTER_WEIGHTS

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
_UNMERGED = ("use_dora", "rank_pattern", "alpha_pattern", "modules_to_save", "fan_in_fan_out", "layer_replication")


class AdapterUnusable(Exception):
    """An adapter that can't be read, or that can't be merged into the encoder; the message says what to do."""


def merged_weights(folder: Path, base: Mapping[str, Array]) -> dict[str, Array]:
    """The base weights with the adapter of `folder` added to them: W + B @ A * scale, in float32.

    Raises AdapterUnusable.
    """
    scale = _scale(folder)
    tensors = read_tensors(folder / ADAPTER_WEIGHTS)
    merged = dict(base)
    for name, down in tensors.items():
        if name.endswith(_UP):
            continue
        up = tensors.get(name.removesuffix(_DOWN) + _UP)
        if not name.endswith(_DOWN) or up is None:
            raise AdapterUnusable(f"The adapter holds {name}, which is no part of LoRA: train with LoRA alone.")
        target = _target(name.removesuffix(_DOWN), merged)
        # In double precision the sum's order doesn't show in the result, so that processors agree on it.
        change = up.astype(np.float64) @ down.astype(np.float64) * scale
        if change.shape != merged[target].shape:
            raise AdapterUnusable(
                f"The adapter does not fit the weights of {target}: name the model it was trained on."
            )
        merged[target] = (merged[target] + change).astype(np.float32)
    return merged


def read_tensors(path: Path) -> dict[str, Array]:
    """The arrays of a safetensors file, by name. Raises AdapterUnusable."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors: dict[str, Array] = load_file(path)
    except (SafetensorError, OSError, TypeError, KeyError) as problem:
        raise AdapterUnusable(f"{path.name} is missing or damaged: train the model again.") from problem
    return tensors


def _scale(folder: Path) -> float:
    try:
        config: dict[str, Any] = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        rank, alpha = int(config["r"]), float(config["lora_alpha"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise AdapterUnusable(f"{ADAPTER_CONFIG} is missing or damaged: train the model again.") from problem
    unmerged = sorted(name for name in _UNMERGED if config.get(name))
    if unmerged or config.get("bias", "none") != "none" or rank < 1:
        raise AdapterUnusable(
            f"An adapter with {', '.join(unmerged) or 'biases of its own'} can't be served: train with plain LoRA."
        )
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _target(module: str, weights: Mapping[str, Array]) -> str:
    """The weight that a module of the trained model stands for, whatever the model was wrapped in."""
    parts = module.split(".")
    for start in range(len(parts)):
        name = ".".join([*parts[start:], "weight"])
        if name in weights:
            return name
    raise AdapterUnusable(f"The base model has no {module}: name the model that the adapter was trained on.")
