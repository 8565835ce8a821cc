"""What a training that was killed goes on from: one file, written whole or not at all, with all that the next step depends on."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_NAME = "checkpoint.safetensors"


def save(folder: Path, tensors: "Mapping[str, torch.Tensor]", state: Mapping[str, Any]) -> None:
    """Writes a checkpoint in place of the one before it."""
    from safetensors.torch import save as encoded

    data = encoded({name: tensor.contiguous() for name, tensor in tensors.items()}, {"state": json.dumps(state)})
    write_whole(folder / _NAME, data)


def load(folder: Path) -> "tuple[dict[str, torch.Tensor], dict[str, Any]] | None":
    """The last checkpoint; None where there is none or it can't be read: training then begins anew."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(folder / _NAME), framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return tensors, json.loads(file.metadata()["state"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError):
        return None


def remove(folder: Path) -> None:
    """Removes the checkpoint of a training that has ended."""
    (folder / _NAME).unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file that appears whole or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
