"""Makes the form of a trained candidate that is served: one ONNX graph, as coarse as still gives the adapter's labels."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from assets.index.embedding.calibration import calibration_texts, measure_moments, measure_ranges
from assets.index.embedding.convert import encoder_config, read_weights
from assets.index.embedding.graph import EncoderConfig, EncoderForm, build_encoder
from assets.index.embedding.merging import merged_weights
from assets.index.embedding.quantization import Array, InputRange
from assets.index.embedding.tokens import load_tokenizer
from assets.index.embedding.weights import find_model
from assets.models.model import Example
from assets.models.serving.parity import NEEDED_AGREEMENT, Expected, Parity, Reference
from assets.models.serving.predictors import open_predictor
from assets.models.serving.served_folder import ENCODER, SERVED, SETTINGS, TOKENIZER
from assets.models.windows import read_layers, windows

_MEASURED_WINDOWS = 128
"""Extremes hardly move with more, and each takes some hundredths of a second."""

_INT8, _ROUNDED, _FLOAT32_OUTPUTS, _FLOAT32 = (
    "int8",
    "int8, weights rounded for the training texts",
    "int8, weights rounded for the training texts, feed-forward outputs in float32",
    "float32",
)
_FORMS: dict[str, EncoderForm] = {
    _INT8: EncoderForm(),
    _ROUNDED: EncoderForm(),
    _FLOAT32_OUTPUTS: EncoderForm(outliers=None),
    _FLOAT32: EncoderForm(measuring=False),
}
"""From the one that is made and run the fastest to the finest."""


@dataclass(frozen=True, slots=True)
class Served:
    """The form that was chosen, its file's SHA-256 and bytes, and its parity; `tried` are those of all forms, coarse first."""

    form: str
    sha256: str
    bytes: int
    parity: Parity
    tried: Mapping[str, Parity]


def export(folder: Path, training_texts: Sequence[str], validation: Sequence[Example], reference: Reference) -> Served:
    """Writes `served/` into a candidate's folder: the fastest form whose labels are those of `reference`, the adapter.

    Of the training texts the model keeps nothing but what follows from the extremes, and for finer forms from the second
    moments, of what the encoder's products see. Where no form reaches parity, the finest is written and says so. The same
    candidate and texts give the same bytes on the same machine. Takes seconds a form, and what the predictions take.
    Raises AdapterUnusable, ModelUnavailable, PredictorUnavailable.
    """
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    base = find_model(settings["base_model"])
    config = encoder_config(base)
    weights = merged_weights(folder, read_weights(base))
    layers = read_layers(config.layers, int(settings["training"]["layers"]))
    inputs = _inputs(folder, training_texts, int(settings["window_tokens"]))
    measured = _Measured(weights, config, EncoderForm(states=layers), inputs)
    expected = Expected(reference, validation)
    tried: dict[str, Parity] = {}
    for name, plain in _FORMS.items():
        form = replace(plain, states=layers)
        ranges = None if name == _FLOAT32 else measured.ranges
        moments = measured.moments if name in (_ROUNDED, _FLOAT32_OUTPUTS) else None
        content = build_encoder(weights, config, ranges, form, moments).SerializeToString(deterministic=True)
        sha256 = hashlib.sha256(content).hexdigest()
        _write(folder / ENCODER, content)
        # What is not yet proven has to be opened to be proven: the same way that it is served later.
        _write(folder / SERVED, _dump({"form": name, "sha256": sha256}))
        tried[name] = expected.compare(open_predictor(folder))
        if tried[name].is_reached:
            break
    served = Served(name, sha256, len(content), tried[name], tried)
    _write(folder / SERVED, _dump(_described(served)))
    return served


class _Measured:
    """What the products of the float32 encoder see on some inputs; each is measured when it is first asked for."""

    def __init__(
        self, weights: Mapping[str, Array], config: EncoderConfig, form: EncoderForm, inputs: Sequence[Sequence[int]]
    ) -> None:
        self._encoder = build_encoder(weights, config, form=form)
        self._inputs = inputs

    @cached_property
    def ranges(self) -> dict[str, InputRange]:
        return measure_ranges(self._encoder, self._inputs)

    @cached_property
    def moments(self) -> dict[str, Array]:
        return measure_moments(self._encoder, self._inputs)


def _inputs(folder: Path, texts: Sequence[str], window_tokens: int) -> list[list[int]]:
    """Windows of texts spread over all that there are, and short texts of all kinds, which are the embedder's own."""
    tokenizer = load_tokenizer(folder / TOKENIZER)
    first, last = tokenizer.encode("").ids
    step = max(1, len(texts) // _MEASURED_WINDOWS)
    chosen: list[list[int]] = []
    for encoding in tokenizer.encode_batch_fast(list(texts[::step]), add_special_tokens=False)[:_MEASURED_WINDOWS]:
        parts = windows(encoding.ids, window_tokens, None)
        chosen.append(parts[len(chosen) % len(parts)])
    own = tokenizer.encode_batch_fast(list(calibration_texts()), add_special_tokens=False)
    chosen += [windows(encoding.ids, window_tokens, 1)[0] for encoding in own]
    return [[first, *part, last] for part in chosen]


def _described(served: Served) -> dict[str, Any]:
    return {
        "format": 1,
        "form": served.form,
        "sha256": served.sha256,
        "bytes": served.bytes,
        "parity": {
            **asdict(served.parity),
            "needed": NEEDED_AGREEMENT,
            "reached": served.parity.is_reached,
        },
        "tried": {name: asdict(parity) for name, parity in served.tried.items()},
    }


def _dump(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)
