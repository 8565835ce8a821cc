"""The training loop: the same for every task, and the same bytes for the same items and settings on the same machine."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.models.tasks.task import Learning
from assets.models.training import checkpoints
from assets.models.training.order import batches, rate_at
from assets.models.training.settings import TrainingSettings

if TYPE_CHECKING:
    import torch

    from assets.models.training.network import Network

_TOKENS_A_PART = 4096
"""Holds what a part keeps for its way back to about half a gigabyte. Larger parts are not faster on a processor."""

_SECONDS_BETWEEN_CHECKPOINTS = 60.0


@dataclass(slots=True)
class Progress:
    """How far a training is. `losses` are by step, `validations` by epoch; `best` counts epochs from zero."""

    step: int = 0
    losses: list[float] = field(default_factory=list)
    validations: list[dict[str, float]] = field(default_factory=list)
    best: int = -1


class Training:
    """One training of one network and head, that goes on from where a killed one was."""

    def __init__(
        self,
        task: Learning,
        network: "Network",
        head: "torch.nn.Module",
        settings: TrainingSettings,
        folder: Path,
        heard: Callable[[str], None],
    ) -> None:
        import torch

        self._task, self._network, self._head = task, network, head
        self._settings, self._folder, self._heard = settings, folder, heard
        adapter = {f"adapter.{name}": each for name, each in network.encoder.named_parameters() if each.requires_grad}
        own = {f"head.{name}": each for name, each in head.named_parameters()}
        self._parameters = adapter | own
        rates = ((adapter, settings.learning_rate), (own, settings.head_learning_rate))
        groups = [{"params": list(part.values()), "lr": rate, "peak": rate} for part, rate in rates]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        self._best: dict[str, torch.Tensor] = {}

    def run(self, training: Sequence[Any], validation: Sequence[Any]) -> Progress:
        """Trains, and leaves network and head as they were after the best epoch."""
        settings = self._settings
        progress = self._restored()
        sizes = [self._task.size(item) for item in training]
        steps_an_epoch = len(batches(sizes, settings.batch, settings.seed, 0))
        steps = steps_an_epoch * settings.epochs
        saved = time.monotonic()
        for epoch in range(progress.step // steps_an_epoch, settings.epochs):
            if epoch - 1 - progress.best >= settings.patience and progress.validations:
                break
            order = batches(sizes, settings.batch, settings.seed, epoch)
            for place in range(progress.step % steps_an_epoch, steps_an_epoch):
                loss = self._learn([training[index] for index in order[place]], progress.step, steps)
                progress.losses.append(loss)
                progress.step += 1
                if time.monotonic() - saved >= _SECONDS_BETWEEN_CHECKPOINTS and place + 1 < steps_an_epoch:
                    self._save(progress)
                    saved = time.monotonic()
                    self._heard(f"step {progress.step:,} of {steps:,}, loss {loss:.3f}")
            self._validate(progress, validation)
            self._save(progress)
            saved = time.monotonic()
        self._take(self._best)
        return progress

    def _learn(self, items: Sequence[Any], step: int, steps: int) -> float:
        import numpy as np
        import torch

        settings = self._settings
        # Each step draws from a seed of its own, so that a training that goes on draws what it would have drawn.
        torch.manual_seed(settings.seed + step)
        draw = np.random.default_rng([settings.seed, step])
        self._network.encoder.train()
        self._head.train()
        whole = sum(self._task.weight(item) for item in items)
        total = 0.0
        for part in self._parts(items):
            with torch.autocast(self._network.device.type, dtype=torch.bfloat16):
                loss = self._task.loss(self._network, self._head, part, settings, draw) / whole
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), settings.largest_gradient)
        for group in self._optimizer.param_groups:
            group["lr"] = group["peak"] * rate_at(step, steps, settings.warm_up)
        self._optimizer.step()
        self._optimizer.zero_grad()
        return round(total, 6)

    def _parts(self, items: Sequence[Any]) -> Iterator[Sequence[Any]]:
        """A batch in parts whose way back through the encoder stays small; gradients add up."""
        if not self._task.divisible:
            yield items
            return
        start, tokens = 0, 0
        for place, item in enumerate(items):
            size = self._task.size(item)
            if place > start and tokens + size > _TOKENS_A_PART:
                yield items[start:place]
                start, tokens = place, 0
            tokens += size
        yield items[start:]

    def _validate(self, progress: Progress, validation: Sequence[Any]) -> None:
        import torch

        self._network.encoder.eval()
        self._head.eval()
        with torch.no_grad(), torch.autocast(self._network.device.type, dtype=torch.bfloat16):
            figures = self._task.validate(self._network, self._head, validation, self._settings)
        progress.validations.append({name: round(value, 6) for name, value in figures.items()})
        epoch = len(progress.validations) - 1
        score = [each[self._task.score] for each in progress.validations]
        told = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
        self._heard(f"epoch {epoch + 1} of {self._settings.epochs}: {told}")
        if progress.best < 0 or score[epoch] > score[progress.best]:
            progress.best = epoch
            self._best = {name: each.detach().clone() for name, each in self._parameters.items()}

    def _save(self, progress: Progress) -> None:
        tensors = {f"now.{name}": each.detach().clone() for name, each in self._parameters.items()}
        tensors |= {f"best.{name}": each for name, each in self._best.items()}
        for name, each in self._parameters.items():
            tensors |= {f"{key}.{name}": value for key, value in self._optimizer.state[each].items()}
        state = {
            "step": progress.step,
            "losses": progress.losses,
            "validations": progress.validations,
            "best": progress.best,
        }
        checkpoints.save(self._folder, tensors, state)

    def _restored(self) -> Progress:
        found = checkpoints.load(self._folder)
        if found is None:
            return Progress()
        tensors, state = found
        self._take({name: tensors[f"now.{name}"] for name in self._parameters})
        self._best = {name: tensors[f"best.{name}"] for name in self._parameters if f"best.{name}" in tensors}
        for name, each in self._parameters.items():
            self._optimizer.state[each] = {key: tensors[f"{key}.{name}"] for key in ("step", "exp_avg", "exp_avg_sq")}
        self._heard(f"going on from step {state['step']:,}")
        return Progress(**state)

    def _take(self, values: "dict[str, torch.Tensor]") -> None:
        import torch

        with torch.no_grad():
            for name, each in self._parameters.items():
                each.copy_(values[name])


def cores() -> int:
    """Of this process's share of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
