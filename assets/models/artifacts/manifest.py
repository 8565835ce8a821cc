"""What names a model: a manifest of its files and of what it was made of, without time or run, so that the same files are the
same version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.storage.hashing import content_hash

FORMAT = 1
PACKAGING_VERSION = 1
"""Rises when the same candidate gives another card or bill of materials than before."""

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
MODEL_CARD, BILL_OF_MATERIALS = "model_card.md", "bill_of_materials.json"
SETTINGS, METRICS, SERVED = "settings.json", "metrics.json", "served/served.json"
ENCODER = "served/encoder.onnx"
NEEDED = (
    "adapter_config.json",
    "adapter_model.safetensors",
    "curves.json",
    "head.safetensors",
    METRICS,
    ENCODER,
    SERVED,
    SETTINGS,
    "tokenizer.json",
)
"""What training, serving and evaluation have left in a candidate's folder, with `/` between parts."""
POSSIBLE = "calibration.json"
PLOTS = "plots"


class CandidateIncomplete(Exception):
    """A candidate's folder lacks something, or parts of it do not belong together; the message says what."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A folder with everything that was made of one training. `files` are its names in order, `plots` those of pictures among
    them; `metrics` holds a list `gates`."""

    folder: Path
    task: str
    dataset_version: str
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    served: Mapping[str, Any]
    files: tuple[str, ...]

    @property
    def plots(self) -> tuple[str, ...]:
        return tuple(name for name in self.files if name.startswith(f"{PLOTS}/"))


def read_candidate(folder: Path) -> Candidate:
    """Raises CandidateIncomplete."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise _incomplete(f"{', '.join(missing)} is missing")
    settings, metrics, served = (_json(folder, name) for name in (SETTINGS, METRICS, SERVED))
    for name, content, wanted in (
        (SETTINGS, settings, ("task", "dataset_version", "base_model", "base_model_hash", "training")),
        (METRICS, metrics, ("gates",)),
        (SERVED, served, ("form", "parity", "sha256")),
    ):
        absent = [key for key in wanted if key not in content]
        if absent:
            raise _incomplete(f"{name} does not say {', '.join(absent)}")
    if content_hash((folder / ENCODER).read_bytes()) != served["sha256"]:
        raise _incomplete(f"{ENCODER} is not the one that {SERVED} was written for")
    possible = [POSSIBLE] if (folder / POSSIBLE).is_file() else []
    plots = [f"{PLOTS}/{path.name}" for path in (folder / PLOTS).glob("*.png")]
    files = tuple(sorted([*NEEDED, *possible, *plots]))
    return Candidate(folder, settings["task"], settings["dataset_version"], settings, metrics, served, files)


def manifest_of(candidate: Candidate) -> bytes:
    """The manifest's bytes; the files that it names are all there, card and bill of materials too."""
    from assets.models.training.settings import RECIPE_VERSION

    files = {}
    for name in sorted([*candidate.files, MODEL_CARD, BILL_OF_MATERIALS]):
        data = (candidate.folder / name).read_bytes()
        files[name] = {"sha256": content_hash(data), "size": len(data)}
    settings = candidate.settings
    content = {
        "format": FORMAT,
        "task": candidate.task,
        "dataset_version": candidate.dataset_version,
        "base_model": {"name": settings["base_model"], "sha256": settings["base_model_hash"]},
        "settings": settings["training"],
        "recipe": {"training": RECIPE_VERSION, "packaging": PACKAGING_VERSION},
        "files": files,
    }
    return canonical(content)


def canonical(value: object) -> bytes:
    """JSON in its one form: keys in order, no blanks, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _json(folder: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / name).read_bytes())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise _incomplete(f"{name} is no JSON object")
    return content


def _incomplete(what: str) -> CandidateIncomplete:
    return CandidateIncomplete(f"the candidate can't be packaged, because {what}: run its training again")
