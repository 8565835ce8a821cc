"""Measures the range of every matrix product's input on a fixed set of texts, so that the int8 scales are fixed."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assets.index.embedding.graph import RESULTS
from assets.index.embedding.quantization import Array, InputRange

if TYPE_CHECKING:
    import onnx

_TEXTS = Path(__file__).with_name("calibration.txt")


@cache
def calibration_texts() -> tuple[str, ...]:
    """Rules, handbook and resume passages, questions and headings, from one word to the longest that a model takes."""
    paragraphs = [text for text in _TEXTS.read_text(encoding="utf-8").splitlines() if text]
    longer = [" ".join(paragraphs[start : start + 6]) for start in range(0, len(paragraphs), 6)]
    return (*paragraphs, *longer)


def calibration_hash() -> str:
    """SHA-256, hexadecimal, over the texts in their order."""
    return hashlib.sha256("\n".join(calibration_texts()).encode()).hexdigest()


def measure_ranges(encoder: "onnx.ModelProto", inputs: Sequence[Sequence[int]]) -> dict[str, InputRange]:
    """Runs the float32 graph over token ids, a text at a time, and keeps the extremes of each channel."""
    ranges: dict[str, InputRange] = {}
    for name, values in _seen(encoder, inputs):
        low, high = values.min(axis=(0, 1)), values.max(axis=(0, 1))
        if name in ranges:
            low, high = np.minimum(low, ranges[name].low), np.maximum(high, ranges[name].high)
        ranges[name] = InputRange(low, high)
    return ranges


def measure_moments(encoder: "onnx.ModelProto", inputs: Sequence[Sequence[int]]) -> dict[str, Array]:
    """Runs it in the same way, and keeps the mean product of each two channels over all tokens, (channels, channels)."""
    sums: dict[str, Array] = {}
    for name, values in _seen(encoder, inputs):
        product = values[0].T @ values[0]
        sums[name] = sums[name] + product if name in sums else product
    tokens = sum(map(len, inputs))
    return {name: total / np.float32(tokens) for name, total in sums.items()}


def _seen(encoder: "onnx.ModelProto", inputs: Sequence[Sequence[int]]) -> Iterator[tuple[str, Array]]:
    """What goes into each product, text by text, shape (1, tokens, channels)."""
    from onnxruntime import InferenceSession

    session = InferenceSession(encoder.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs() if output.name not in RESULTS]
    for ids in inputs:
        yield from zip(names, session.run(names, {"ids": np.array([ids], np.int64)}), strict=True)
