"""The files of a folder from which a model is served, read and checked: settings, head, calibration, the encoder's proof."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.models.serving.encoding import Floats, PredictorUnavailable, TextEncoder, Windowing

SETTINGS, HEAD, TOKENIZER, CALIBRATION = "settings.json", "head.safetensors", "tokenizer.json", "calibration.json"
ENCODER, SERVED = "served/encoder.onnx", "served/served.json"

_ADVICE = "fetch the model again, or train it again"


@dataclass(frozen=True, slots=True)
class ServedFolder:
    """What a predictor is made of. `calibration` is empty where nothing was calibrated."""

    task: str
    settings: Mapping[str, Any]
    head: Mapping[str, Floats]
    calibration: Mapping[str, Any]
    encoder: TextEncoder

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names in the settings. Raises PredictorUnavailable."""
        names = self.settings.get(key)
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise PredictorUnavailable(f"{SETTINGS} names no {key}: {_ADVICE}.")
        return tuple(names)

    def matrix(self, name: str, rows: int | None, columns: int | None) -> Floats:
        """A matrix of the head, whose shape is checked where it is given. Raises PredictorUnavailable."""
        return self.tensor(name, (rows, columns))

    def vector(self, name: str, length: int) -> Floats:
        """A vector of the head. Raises PredictorUnavailable."""
        return self.tensor(name, (length,))

    def tensor(self, name: str, shape: tuple[int | None, ...]) -> Floats:
        """A tensor of the head; None is any length. Raises PredictorUnavailable."""
        value = self.head.get(name)
        if value is None or len(value.shape) != len(shape):
            raise PredictorUnavailable(f"{HEAD} has no {name} of the right form: {_ADVICE}.")
        if any(wanted not in (None, found) for wanted, found in zip(shape, value.shape, strict=True)):
            raise PredictorUnavailable(f"{HEAD} and {SETTINGS} do not belong together ({name}): {_ADVICE}.")
        return value


def read_served_folder(folder: Path) -> ServedFolder:
    """Reads what is small; the encoder is loaded, and its hash compared, at its first use. Raises PredictorUnavailable."""
    settings = _object(folder / SETTINGS)
    served = _object(folder / SERVED)
    calibration = _object(folder / CALIBRATION) if (folder / CALIBRATION).is_file() else {}
    try:
        task, sha256 = str(settings["task"]), str(served["sha256"])
        # Skills are looked for in the whole text.
        most = None if task == "skills" else settings.get("windows")
        windowing = Windowing(int(settings["window_tokens"]), None if most is None else int(most))
    except (KeyError, TypeError, ValueError):
        raise PredictorUnavailable(f"{SETTINGS} or {SERVED} does not say all that is needed: {_ADVICE}.") from None
    encoder = TextEncoder(folder / TOKENIZER, folder / ENCODER, sha256, windowing)
    return ServedFolder(task, settings, _head(folder / HEAD), calibration, encoder)


def _head(path: Path) -> dict[str, Floats]:
    import numpy as np
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: np.ascontiguousarray(value, np.float32) for name, value in load_file(path).items()}
    except (SafetensorError, OSError, TypeError, KeyError):
        raise PredictorUnavailable(f"{path.name} is missing or damaged: {_ADVICE}.") from None


def _object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise PredictorUnavailable(f"{path.name} is missing or damaged: {_ADVICE}.")
    return content
