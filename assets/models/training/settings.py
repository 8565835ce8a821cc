"""How a model is trained: what is the same for all tasks, and the key that a candidate's folder is named by."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

RECIPE_VERSION = 2
"""Rises when the same settings train another model than before."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """The settings of one training; a task says what differs from these.

    `layers` is of how many layers the states are read, the last one and others at even distances below it. `rank` and `scale`
    are LoRA's r and alpha, on all linear layers of the encoder; `dropout` is that before the head.
    Learning rates are the peaks of one cycle that warms up over a share `warm_up` of all steps and then falls to zero.
    `batch` counts examples. An epoch reads `training_windows` windows of a text, drawn anew each time, and serving its first
    `windows` (None: all). Training ends after `patience` epochs that the validation split did not get better in.
    """

    epochs: int = 5
    patience: int = 2
    batch: int = 16
    layers: int = 1
    rank: int = 16
    scale: int = 32
    dropout: float = 0.1
    learning_rate: float = 8e-4
    head_learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warm_up: float = 0.1
    label_smoothing: float = 0.1
    largest_gradient: float = 1.0
    windows: int | None = 6
    training_windows: int | None = 4
    seed: int = 20_240_601


def candidate_key(dataset_version: str, base_model_hash: str, task: str, settings: TrainingSettings) -> str:
    """Names what a training gives before it is run: SHA-256, hexadecimal, of all that it depends on."""
    parts: dict[str, Any] = {
        "recipe": RECIPE_VERSION,
        "task": task,
        "dataset": dataset_version,
        "base_model": base_model_hash,
        "settings": asdict(settings),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
