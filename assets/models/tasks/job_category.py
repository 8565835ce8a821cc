"""`job-category`: mean and maximum of a text's window vectors, and one linear layer that tells the classes apart."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.models.model import Example
from assets.models.tasks.task import TooLittleData
from assets.models.training.settings import TrainingSettings
from assets.models.windows import SPECIAL_TOKENS, windows

if TYPE_CHECKING:
    import numpy as np
    import torch

    from assets.models.training.network import Network


_LONGEST = 1024
"""Texts of more tokens are told apart by nothing when batches are made: no more of them is read."""


@dataclass(frozen=True, slots=True)
class Item:
    """A text's token ids, its class by number (-1: one that training did not see), and how much it weighs in the loss."""

    ids: list[int]
    label: int
    weight: float


class JobCategory:
    """A resume and one class."""

    name = "job-category"
    score = "macro_f1"
    divisible = True
    settings = TrainingSettings(epochs=7, layers=3)

    def vocabulary(self, training: Sequence[Example]) -> dict[str, list[str]]:
        classes = sorted({example.label for example in training})
        if len(classes) < 2:
            raise TooLittleData(
                "the dataset's training split has one class at most: add labelled resumes of others, and build it again"
            )
        return {"classes": classes}

    def items(self, network: "Network", examples: Sequence[Example], vocabulary: dict[str, list[str]]) -> list[Item]:
        numbers = {name: number for number, name in enumerate(vocabulary["classes"])}
        counts = Counter(example.label for example in examples)
        # Rare classes weigh more, by the square root: by the whole they would drown the others.
        mean = sum(count**-0.5 for count in counts.values()) / max(1, len(counts))
        ids = network.ids([example.text for example in examples])
        return [
            Item(each, numbers.get(example.label, -1), counts[example.label] ** -0.5 / mean)
            for each, example in zip(ids, examples, strict=True)
        ]

    def size(self, item: Item) -> int:
        return min(len(item.ids), _LONGEST)

    def weight(self, item: Item) -> float:
        return item.weight

    def head(self, dimension: int, vocabulary: dict[str, list[str]]) -> "torch.nn.Module":
        import torch

        return torch.nn.Linear(2 * dimension, len(vocabulary["classes"]))

    def loss(
        self,
        network: "Network",
        head: Any,
        items: Sequence[Item],
        settings: TrainingSettings,
        draw: "np.random.Generator",
    ) -> "torch.Tensor":
        import torch

        parts = [drawn_windows(item.ids, network.window_tokens, settings, draw) for item in items]
        features = torch.nn.functional.dropout(pooled(network, parts), settings.dropout)
        labels = torch.tensor([item.label for item in items], device=network.device)
        weights = torch.tensor([item.weight for item in items], device=network.device)
        losses = torch.nn.functional.cross_entropy(
            head(features), labels, label_smoothing=settings.label_smoothing, reduction="none"
        )
        return (losses * weights).sum()

    def validate(
        self, network: "Network", head: Any, items: Sequence[Item], settings: TrainingSettings
    ) -> dict[str, float]:
        from sklearn.metrics import f1_score

        judged = self.logits(network, head, [item.ids for item in items], settings.windows).argmax(1)
        truth = [item.label for item in items]
        return {
            "accuracy": sum(int(a == b) for a, b in zip(judged.tolist(), truth, strict=True)) / len(truth),
            "macro_f1": float(f1_score(truth, judged, average="macro", zero_division=0)),
        }

    def logits(self, network: "Network", head: Any, ids: Sequence[list[int]], most: int | None) -> Any:
        """Shape (texts, classes), as a NumPy array."""
        import numpy as np

        found = [np.zeros((0, head.out_features), np.float32)]
        for start in range(0, len(ids), 16):
            parts = [windows(each, network.window_tokens, most) for each in ids[start : start + 16]]
            found.append(head(pooled(network, parts)).float().cpu().numpy())
        return np.concatenate(found)


def pooled(network: "Network", parts: Sequence[list[list[int]]]) -> "torch.Tensor":
    """Mean and maximum over each text's window vectors, shape (texts, 2 * dimension), in float32."""
    import torch

    states = iter(network.states([window for windows_of in parts for window in windows_of]))
    rows = []
    for windows_of in parts:
        vectors = torch.stack([next(states).float().mean(0) for _ in windows_of])
        rows.append(torch.cat([vectors.mean(0), vectors.max(0).values]))
    return torch.stack(rows)


def drawn_windows(
    ids: list[int], window_tokens: int, settings: TrainingSettings, draw: "np.random.Generator"
) -> list[list[int]]:
    """The windows of one reading of a text: as many as training reads, of those that serving reads."""
    parts = windows(ids, window_tokens, settings.windows)
    if settings.training_windows is None or len(parts) <= settings.training_windows:
        return parts
    # Where the cuts lie should not matter either.
    shift = int(draw.integers(0, (window_tokens - SPECIAL_TOKENS) // 2))
    parts = windows(ids[shift:], window_tokens, settings.windows)
    chosen = sorted(draw.permutation(len(parts))[: settings.training_windows].tolist())
    return [parts[place] for place in chosen]
