"""Makes the form of a trained candidate that is served: one ONNX graph, as coarse as still gives the adapter's labels."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.index.embedding.calibration import calibration_texts, measure_ranges
from assets.index.embedding.convert import encoder_config, read_weights
from assets.index.embedding.graph import EncoderConfig, EncoderForm, build_encoder
from assets.index.embedding.quantization import OUTLIERS, Array, InputRange
from assets.index.embedding.tokens import load_tokenizer
from assets.index.embedding.weights import find_model
from assets.models.model import Example
from assets.models.serving.merging import merged_weights
from assets.models.serving.parity import NEEDED_AGREEMENT, Expected, Parity, Reference
from assets.models.serving.predictors import open_predictor
from assets.models.serving.served_folder import ENCODER, SERVED, SETTINGS, TOKENIZER
from assets.models.windows import windows

if TYPE_CHECKING:
    import onnx

_MEASURED_WINDOWS = 128
"""Extremes hardly move with more, and each takes some hundredths of a second."""

_FLOAT32 = "float32"
_FORMS: dict[str, EncoderForm] = {
    "int8": EncoderForm(states=True, outliers=OUTLIERS),
    "int8 with more outliers": EncoderForm(states=True, outliers=4 * OUTLIERS),
    "int8 with float32 outputs": EncoderForm(states=True, outliers=None),
    _FLOAT32: EncoderForm(states=True, measuring=False),
}
"""From the fastest to the finest."""


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

    Of the training texts only the extremes of what the encoder's products see are kept. Where no form reaches parity, the
    finest is written and says so. The same candidate and texts give the same bytes on the same machine. Takes seconds a
    form, and what the predictions take. Raises AdapterUnusable, ModelUnavailable.
    """
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    base = find_model(settings["base_model"])
    config = encoder_config(base)
    weights = merged_weights(folder, read_weights(base))
    ranges = _ranges(folder, weights, config, training_texts, int(settings["window_tokens"]))
    expected = Expected(reference, validation)
    tried: dict[str, Parity] = {}
    for name, form in _FORMS.items():
        graph = build_encoder(weights, config, None if name == _FLOAT32 else ranges, form)
        content = graph.SerializeToString(deterministic=True)
        sha256 = hashlib.sha256(content).hexdigest()
        _write(folder / ENCODER, content)
        # What is not yet proven has to be opened to be proven: the same way that it is served later.
        _write(folder / SERVED, _dump({"form": name, "sha256": sha256}))
        tried[name] = expected.compare(open_predictor(folder))
        if tried[name].is_reached or name == _FLOAT32:
            break
    served = Served(name, sha256, len(content), tried[name], tried)
    _write(folder / SERVED, _dump(_described(served)))
    return served


def _ranges(
    folder: Path, weights: Mapping[str, Array], config: EncoderConfig, texts: Sequence[str], window_tokens: int
) -> dict[str, InputRange]:
    tokenizer = load_tokenizer(folder / TOKENIZER)
    first, last = tokenizer.encode("").ids
    # Of many texts some, from one end to the other; short ones of all kinds come with the embedder's own.
    step = max(1, len(texts) // _MEASURED_WINDOWS)
    chosen: list[list[int]] = []
    for encoding in tokenizer.encode_batch_fast(list(texts[::step]), add_special_tokens=False):
        parts = windows(encoding.ids, window_tokens, None)
        chosen.append(parts[len(chosen) % len(parts)])
    own = tokenizer.encode_batch_fast(list(calibration_texts()), add_special_tokens=False)
    chosen = chosen[:_MEASURED_WINDOWS] + [windows(encoding.ids, window_tokens, 1)[0] for encoding in own]
    measuring: onnx.ModelProto = build_encoder(weights, config, form=EncoderForm(states=True))
    return measure_ranges(measuring, [[first, *part, last] for part in chosen])


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
