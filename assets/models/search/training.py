"""Trains an adapter for an embedding model: the same bytes for the same pairs and settings on the same machine."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assets.index.embedding.weights import ADAPTER_CONFIG, ADAPTER_SETTINGS, find_model, model_hash
from assets.models.search.learning import FromQuestions
from assets.models.search.pairs import Pair, content_hash
from assets.models.tasks.task import TooLittleData
from assets.models.training import checkpoints
from assets.models.training.settings import TrainingSettings

TASK = "search"


def train(
    base_model: str,
    training: Sequence[Pair],
    validation: Sequence[Pair],
    folder: Path,
    heard: Callable[[str], None],
    settings: TrainingSettings,
    *,
    strength: float = 1.0,
) -> Path:
    """Leaves adapter, settings and curves in `folder`, which then is a model that `find_model` finds.

    `strength` is the share of the change that is kept: with less than all of it, less is lost of what the model could before (M.
    Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). One that is whole is left as it is; one whose training was
    killed goes on from its last checkpoint. Raises ModelUnavailable, TooLittleData.
    """
    if (folder / ADAPTER_SETTINGS).is_file():
        return folder
    if not training or not validation:
        raise TooLittleData("there are too few questions to train on: give some hundreds, about many documents")
    # Threads that wait for each other by spinning take from what others would do on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from assets.models.training.loop import Training, cores
    from assets.models.training.network import new_network
    from assets.models.training.training import write_adapter, write_curves

    folder.mkdir(parents=True, exist_ok=True)
    model = find_model(base_model)
    task = FromQuestions(model.pooling)
    torch.set_num_threads(cores())
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(settings.seed)
    network = new_network(model, settings)
    heard(
        f"training on {len(training):,} questions, validating on {len(validation):,}, for up to {settings.epochs} epochs"
    )
    loop = Training(task, network, torch.nn.Identity(), settings, folder, heard)
    progress = loop.run(task.items(network, training), task.items(network, validation))
    write_adapter(folder, network.encoder)
    _weaken(folder / ADAPTER_CONFIG, strength)
    write_curves(folder, progress)
    described: dict[str, Any] = {
        "task": TASK,
        "base_model": base_model,
        "base_model_hash": model_hash(model, ""),
        "pairs": {"training": content_hash(training), "validation": content_hash(validation)},
        "training": asdict(settings),
        "strength": strength,
    }
    # Its presence says that the adapter is whole.
    checkpoints.write_whole(folder / ADAPTER_SETTINGS, json.dumps(described, indent=2, sort_keys=True).encode())
    checkpoints.remove(folder)
    return folder


def _weaken(file: Path, strength: float) -> None:
    config = json.loads(file.read_text(encoding="utf-8"))
    config["lora_alpha"] *= strength
    file.write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")
