"""Trains a candidate: from a published dataset to a folder with adapter, head, tokenizer, settings and curves."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.index.embedding.weights import find_model, model_hash
from assets.labels.snapshots.reading import open_snapshot
from assets.models.model import TEST, TRAIN, VALIDATION, examples
from assets.models.tasks import model_task
from assets.models.tasks.task import TooLittleData
from assets.models.training import checkpoints
from assets.models.training.settings import TrainingSettings, candidate_key

if TYPE_CHECKING:
    from assets.labels.snapshots.reading import Snapshot
    from assets.models.training.loop import Progress
    from assets.platform import Platform

ADAPTER, ADAPTER_SETTINGS = "adapter_model.safetensors", "adapter_config.json"
HEAD, TOKENIZER, SETTINGS, CURVES = "head.safetensors", "tokenizer.json", "settings.json", "curves.json"
FORMAT = 1


class LeakingDataset(Exception):
    """Groups of the evaluation splits stand in the training split too; nothing is trained on such a dataset."""

    def __init__(self, version: str, groups: int) -> None:
        super().__init__(
            f"the dataset {version[:12]} leaks: {groups:,} groups of near-duplicates lie in training and in evaluation at"
            " once; build it again with hrdp dataset build"
        )


def candidate_keys(platform: "Platform", task_name: str) -> Callable[[str], str]:
    """Gives the key of a dataset version's candidate under the present settings and base model. Raises ModelUnavailable."""
    base = model_hash(find_model(platform.settings.training_model), "")
    settings = settings_of(platform, task_name)
    return lambda version: candidate_key(version, base, task_name, settings)


def candidate_folder(platform: "Platform", task_name: str, dataset_version: str) -> Path:
    """Where the candidate of a task and dataset lies under the present settings, whether it was trained or not.

    Raises ModelUnavailable.
    """
    return platform.home / "training" / task_name / candidate_keys(platform, task_name)(dataset_version)[:16]


def settings_of(platform: "Platform", task_name: str) -> TrainingSettings:
    """The task's own settings, with what the platform's say otherwise."""
    own = model_task(task_name).settings
    epochs = platform.settings.training_epochs
    return replace(own, epochs=epochs) if epochs else own


def train(
    platform: "Platform", task_name: str, dataset_version: str, heard: Callable[[str], None] = lambda _: None
) -> Path:
    """Trains the candidate of a task and dataset, and returns its folder; one that is there already is left as it is.

    A training that was killed goes on from its last checkpoint. Raises LeakingDataset, TooLittleData, ModelUnavailable,
    NoDataset, SnapshotDamaged and StorageError.
    """
    snapshot = open_snapshot(platform, dataset_version)
    folder = candidate_folder(platform, task_name, snapshot.version)
    if (folder / SETTINGS).is_file():
        heard(f"the candidate {folder.name} is trained already")
        return folder
    check_splits(snapshot)
    folder.mkdir(parents=True, exist_ok=True)
    _train(platform.settings.training_model, task_name, settings_of(platform, task_name), snapshot, folder, heard)
    return folder


def check_splits(snapshot: "Snapshot") -> None:
    """Raises LeakingDataset where a group or a text lies on both sides, TooLittleData where a side is empty."""
    sides: dict[str, tuple[set[str], set[str]]] = {}
    for split in (TRAIN, VALIDATION, TEST):
        rows = examples(snapshot, split)
        if not rows:
            raise TooLittleData(
                f"the dataset {snapshot.version[:12]} has nothing in its {split} split: add more labels, and build it again"
            )
        sides[split] = {row.group_id for row in rows}, {row.text_hash for row in rows}
    evaluation = [sides[VALIDATION][part] | sides[TEST][part] for part in (0, 1)]
    shared = sides[TRAIN][0] & evaluation[0]
    if shared or sides[TRAIN][1] & evaluation[1]:
        raise LeakingDataset(snapshot.version, max(1, len(shared)))


def _train(
    base_model: str,
    task_name: str,
    settings: TrainingSettings,
    snapshot: "Snapshot",
    folder: Path,
    heard: Callable[[str], None],
) -> None:
    # Threads that wait for each other by spinning take from what others would do on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from assets.models.training.loop import Training, cores
    from assets.models.training.network import new_network

    task = model_task(task_name)
    model = find_model(base_model)
    training, validation = examples(snapshot, TRAIN), examples(snapshot, VALIDATION)
    vocabulary = task.vocabulary(training)
    torch.set_num_threads(cores())
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(settings.seed)
    network = new_network(model, settings)
    head = task.head(network.dimension, vocabulary).to(network.device)
    heard(f"training on {len(training):,} rows, validating on {len(validation):,}, for up to {settings.epochs} epochs")
    progress = Training(task, network, head, settings, folder, heard).run(
        task.items(network, training, vocabulary), task.items(network, validation, vocabulary)
    )
    write_adapter(folder, network.encoder)
    _write_head(folder, head, model.tokenizer_file)
    write_curves(folder, progress)
    described: dict[str, Any] = {
        "format": FORMAT,
        "task": task_name,
        "dataset_version": snapshot.version,
        "base_model": base_model,
        "base_model_hash": model_hash(model, ""),
        **vocabulary,
        "window_tokens": network.window_tokens,
        "windows": settings.windows,
        "training": asdict(settings),
    }
    # Its presence says that the candidate is whole.
    checkpoints.write_whole(folder / SETTINGS, json.dumps(described, ensure_ascii=False, indent=2).encode())
    checkpoints.remove(folder)


def write_adapter(folder: Path, encoder: Any) -> None:
    """Writes a trained encoder's adapter as files that are the same on every machine."""
    unfinished = folder / "adapter.partial"
    encoder.save_pretrained(str(unfinished), safe_serialization=True)
    for name in (ADAPTER, ADAPTER_SETTINGS):
        (unfinished / name).replace(folder / name)
    shutil.rmtree(unfinished)
    described = json.loads((folder / ADAPTER_SETTINGS).read_text())
    # The base model's folder is this machine's; the model's settings name the model.
    described["base_model_name_or_path"] = None
    # A set, whose order is another in every process.
    described["target_modules"] = sorted(described["target_modules"])
    (folder / ADAPTER_SETTINGS).write_text(json.dumps(described, indent=2, sort_keys=True))


def write_curves(folder: Path, progress: "Progress") -> None:
    """Writes the losses by step and the figures by epoch."""
    epochs = [{"epoch": number + 1, "validation": each} for number, each in enumerate(progress.validations)]
    curves = {"losses": progress.losses, "epochs": epochs, "best_epoch": progress.best + 1}
    checkpoints.write_whole(folder / CURVES, json.dumps(curves).encode())


def _write_head(folder: Path, head: Any, tokenizer: Path) -> None:
    from safetensors.torch import save

    weights = {name: each.detach().cpu().contiguous() for name, each in head.named_parameters()}
    checkpoints.write_whole(folder / HEAD, save(weights))
    checkpoints.write_whole(folder / TOKENIZER, tokenizer.read_bytes())
