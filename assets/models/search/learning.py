"""How an embedding model learns from questions: near to each the text that answers it, further off what stands beside that, and
what answers the other questions of the batch (the loss is that of A. van den Oord et al., "Representation learning with
contrastive predictive coding", 2018)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.models.search.pairs import Pair
from assets.models.training.settings import TrainingSettings

if TYPE_CHECKING:
    import numpy as np
    import torch

    from assets.models.training.network import Network

_TEMPERATURE = 0.05
_DISTRACTORS = 4
"""Drawn anew for a question in each epoch."""

_QUESTION_TOKENS, _TEXT_TOKENS = 64, 126
_TEXTS_A_RUN = 256


@dataclass(frozen=True, slots=True)
class Item:
    """A pair as token ids; texts are told apart by their ids."""

    question: tuple[int, ...]
    answers: tuple[tuple[int, ...], ...]
    distractors: tuple[tuple[int, ...], ...]


SETTINGS = TrainingSettings(epochs=3, patience=2, batch=16, rank=8, scale=16, learning_rate=5e-4)


class FromQuestions:
    """What the training loop needs to know; nothing stands on the encoder. `pooling` is the model's, "mean" or "cls"."""

    score = "mrr"
    divisible = False

    def __init__(self, pooling: str) -> None:
        self._pooling = pooling

    def items(self, network: "Network", pairs: Sequence[Pair]) -> list[Item]:
        """The pairs as token ids."""
        texts = list(dict.fromkeys(text for pair in pairs for text in (*pair.answers, *pair.distractors)))
        ids = {text: tuple(own[:_TEXT_TOKENS]) for text, own in zip(texts, network.ids(texts), strict=True)}
        questions = network.ids([pair.question for pair in pairs])
        return [
            Item(
                tuple(question[:_QUESTION_TOKENS]),
                tuple(ids[text] for text in pair.answers),
                tuple(ids[text] for text in pair.distractors),
            )
            for pair, question in zip(pairs, questions, strict=True)
        ]

    def size(self, item: Item) -> int:
        return len(item.question) + sum(map(len, item.answers[:1] + item.distractors[:_DISTRACTORS]))

    def weight(self, item: Item) -> float:
        return 1.0

    def loss(
        self,
        network: "Network",
        head: Any,
        items: Sequence[Item],
        settings: TrainingSettings,
        draw: "np.random.Generator",
    ) -> "torch.Tensor":
        import torch

        places: dict[tuple[int, ...], int] = {}
        wanted = []
        for item in items:
            answer = item.answers[int(draw.integers(len(item.answers)))]
            wanted.append(places.setdefault(answer, len(places)))
            count = min(_DISTRACTORS, len(item.distractors))
            for chosen in draw.choice(len(item.distractors), count, replace=False) if count else ():
                places.setdefault(item.distractors[int(chosen)], len(places))
        questions = self.vectors(network, [item.question for item in items])
        logits = questions @ self.vectors(network, list(places)).T / _TEMPERATURE
        # What else answers a question is no example of what does not.
        also = torch.zeros_like(logits, dtype=torch.bool)
        for row, item in enumerate(items):
            for answer in item.answers:
                if answer in places and places[answer] != wanted[row]:
                    also[row, places[answer]] = True
        targets = torch.tensor(wanted, device=logits.device)
        return torch.nn.functional.cross_entropy(logits.masked_fill(also, -1e4), targets, reduction="sum")

    def validate(
        self, network: "Network", head: Any, items: Sequence[Item], settings: TrainingSettings
    ) -> dict[str, float]:
        """The mean reciprocal rank of the best answer among all that stands with it."""
        import numpy as np

        texts = list(dict.fromkeys(text for item in items for text in (*item.answers, *item.distractors)))
        place = {text: row for row, text in enumerate(texts)}
        vectors = self._all_vectors(network, texts)
        ranks = []
        for item, question in zip(items, self._all_vectors(network, [item.question for item in items]), strict=True):
            right = vectors[[place[text] for text in item.answers]] @ question
            others = vectors[[place[text] for text in item.distractors]] @ question
            ranks.append(1 + int(np.sum(others >= right.max())))
        return {"mrr": float(np.mean([1 / rank for rank in ranks]))}

    def vectors(self, network: "Network", ids: Sequence[Sequence[int]]) -> "torch.Tensor":
        """Unit vectors, shape (len(ids), dimension), in float32."""
        import torch

        states = network.states(ids)
        pooled = [each[0].float() if self._pooling == "cls" else each.float().mean(0) for each in states]
        return torch.nn.functional.normalize(torch.stack(pooled), dim=1)

    def _all_vectors(self, network: "Network", ids: Sequence[Sequence[int]]) -> Any:
        import numpy as np

        # Those of one length together: little is padded.
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        found = np.empty((len(ids), network.dimension), np.float32)
        for start in range(0, len(order), _TEXTS_A_RUN):
            rows = order[start : start + _TEXTS_A_RUN]
            found[rows] = self.vectors(network, [ids[row] for row in rows]).cpu().numpy()
        return found
