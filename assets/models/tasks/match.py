"""`match`: two towers on one encoder, one for resumes and one for openings, whose vectors are near where a resume fits.

In a batch every resume is compared with every opening. What was graded is the target, by its gain; the rest are negatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assets.models.grades import gains
from assets.models.model import Example
from assets.models.tasks.task import TooLittleData
from assets.models.training.settings import TrainingSettings
from assets.models.windows import windows

if TYPE_CHECKING:
    import numpy as np
    import torch

    from assets.models.training.network import Network

_TEMPERATURE = 0.05
"""Of the softmax over cosines in a batch: A. Radford et al., "Learning transferable visual models" (2021)."""


@dataclass(slots=True)
class Item:
    """A resume's token ids and the openings that it was graded for; gains by opening hash, and the openings' token ids."""

    ids: list[int]
    graded: dict[str, float] = field(default_factory=dict)
    openings: dict[str, list[int]] = field(default_factory=dict)


class Match:
    """A resume, an opening, and how well they fit."""

    name = "match"
    score = "ndcg"
    divisible = False
    settings = TrainingSettings(
        epochs=3, batch=16, learning_rate=5e-4, head_learning_rate=5e-4, windows=4, training_windows=4
    )

    def vocabulary(self, training: Sequence[Example]) -> dict[str, list[str]]:
        found = gains({example.label for example in training})
        if len(set(found.values())) < 2:
            raise TooLittleData(
                "all pairs of the dataset's training split have the same grade: add pairs of other grades, and build it again"
            )
        return {"grades": sorted(found, key=lambda name: (found[name], name))}

    def items(self, network: "Network", examples: Sequence[Example], vocabulary: dict[str, list[str]]) -> list[Item]:
        gain_of = gains({example.label for example in examples} | set(vocabulary["grades"]))
        texts = {example.text_hash: example.text for example in examples}
        openings = {str(example.opening_hash): str(example.opening_text) for example in examples}
        ids = dict(zip(openings, network.ids(list(openings.values())), strict=True))
        found = dict(zip(texts, map(Item, network.ids(list(texts.values()))), strict=True))
        for example in examples:
            item, opening = found[example.text_hash], str(example.opening_hash)
            item.graded[opening] = gain_of[example.label]
            item.openings[opening] = ids[opening]
        return list(found.values())

    def size(self, item: Item) -> int:
        return min(len(item.ids), 1024)

    def weight(self, item: Item) -> float:
        return 1.0

    def head(self, dimension: int, vocabulary: dict[str, list[str]]) -> "torch.nn.Module":
        import torch

        towers = {side: torch.nn.Linear(dimension, dimension, bias=False) for side in ("resume", "opening")}
        for each in towers.values():
            # Both begin as the encoder's own vectors, which are near for texts that say alike.
            torch.nn.init.eye_(each.weight)
        return torch.nn.ModuleDict(towers)

    def loss(
        self,
        network: "Network",
        head: Any,
        items: Sequence[Item],
        settings: TrainingSettings,
        draw: "np.random.Generator",
    ) -> "torch.Tensor":
        import torch

        openings: dict[str, list[int]] = {}
        for item in items:
            # The better an opening fits, the likelier it is the one that this resume brings into the batch.
            known = sorted(item.graded)
            weights = [item.graded[each] + 1e-6 for each in known]
            chosen = known[int(draw.choice(len(known), p=[each / sum(weights) for each in weights]))]
            openings[chosen] = item.openings[chosen]
        wanted = torch.tensor([[item.graded.get(each, 0.0) for each in openings] for item in items])
        resumes = self.vectors(network, head, "resume", [item.ids for item in items], settings.training_windows)
        there = self.vectors(network, head, "opening", list(openings.values()), settings.training_windows)
        logits = resumes @ there.T / _TEMPERATURE
        wanted = wanted.to(logits.device)
        return (_divergence(logits, wanted) + _divergence(logits.T, wanted.T)) * len(items)

    def validate(
        self, network: "Network", head: Any, items: Sequence[Item], settings: TrainingSettings
    ) -> dict[str, float]:
        import numpy as np
        from sklearn.metrics import ndcg_score

        openings = {each: ids for item in items for each, ids in item.openings.items()}
        there = self.all_vectors(network, head, "opening", list(openings.values()), settings.windows)
        place = {name: row for row, name in enumerate(openings)}
        resumes = self.all_vectors(network, head, "resume", [item.ids for item in items], settings.windows)
        scores = []
        for item, vector in zip(items, resumes, strict=True):
            known = sorted(item.graded)
            truth = [item.graded[each] for each in known]
            if len(known) > 1 and max(truth) > 0:
                found = there[[place[each] for each in known]] @ vector
                scores.append(float(ndcg_score(np.array([truth]), np.array([found]), k=10)))
        return {"ndcg": sum(scores) / len(scores) if scores else 0.0}

    def all_vectors(self, network: "Network", head: Any, side: str, ids: Sequence[list[int]], most: int | None) -> Any:
        """Unit vectors of many texts, shape (texts, dimension), as a NumPy array."""
        import numpy as np

        found = [np.zeros((0, network.dimension), np.float32)]
        for start in range(0, len(ids), 16):
            found.append(self.vectors(network, head, side, ids[start : start + 16], most).cpu().numpy())
        return np.concatenate(found)

    def vectors(
        self, network: "Network", head: Any, side: str, ids: Sequence[list[int]], most: int | None
    ) -> "torch.Tensor":
        """Unit vectors of texts, shape (texts, dimension), in float32; `side` is resume or opening."""
        import torch

        parts = [windows(each, network.window_tokens, most) for each in ids]
        states = iter(network.states([window for windows_of in parts for window in windows_of]))
        means = [torch.stack([next(states).float().mean(0) for _ in windows_of]).mean(0) for windows_of in parts]
        return torch.nn.functional.normalize(head[side](torch.stack(means)).float(), dim=1)


def _divergence(logits: "torch.Tensor", wanted: "torch.Tensor") -> "torch.Tensor":
    """Cross-entropy between each row's gains as shares and its softmax; rows in which nothing fits teach nothing."""
    import torch

    sums = wanted.sum(1, keepdim=True)
    shares = wanted / sums.clamp(min=1e-9)
    rows = -(shares * torch.log_softmax(logits, 1)).sum(1)
    fits = (sums[:, 0] > 0).float()
    return (rows * fits).sum() / fits.sum().clamp(min=1)
