"""`skills`: one linear layer over token states that says, for each kind, whether a word begins, goes on with or is outside of a
span. Kinds may overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.tasks.spans import Span, read_back
from assets.models.model import Example
from assets.models.tasks.task import TooLittleData
from assets.models.training.settings import TrainingSettings
from assets.models.windows import windows
from assets.models.words import TAGS, Words, spans_of, tags_of, words_of

if TYPE_CHECKING:
    import numpy as np
    import torch

    from assets.models.training.network import Network

_IGNORED = -100


@dataclass(frozen=True, slots=True)
class Item:
    """A text's token ids and words; `tags` by kind and word, in the order of `kinds`; `truth` are its spans."""

    ids: list[int]
    words: Words
    kinds: tuple[str, ...]
    tags: list[list[int]]
    truth: frozenset[Span]


class Skills:
    """A text and spans of kinds in it."""

    name = "skills"
    score = "f1"
    divisible = True
    settings = TrainingSettings(
        epochs=8, batch=32, learning_rate=1e-3, label_smoothing=0.0, windows=None, training_windows=None
    )

    def vocabulary(self, training: Sequence[Example]) -> dict[str, list[str]]:
        kinds = sorted({span.kind for example in training for span in read_back(example.label)})
        if not kinds:
            raise TooLittleData(
                "no text of the dataset's training split has a span: add texts in which skills are marked, and build it again"
            )
        return {"kinds": kinds}

    def items(self, network: "Network", examples: Sequence[Example], vocabulary: dict[str, list[str]]) -> list[Item]:
        kinds = tuple(vocabulary["kinds"])
        # The fast way would leave out where words stand.
        encodings = network.tokenizer.encode_batch([each.text for each in examples], add_special_tokens=False)
        found = []
        for example, encoding in zip(examples, encodings, strict=True):
            words, spans = words_of(encoding), read_back(example.label)
            tags = [tags_of(words, [span for span in spans if span.kind == kind]) for kind in kinds]
            found.append(Item(encoding.ids, words, kinds, tags, frozenset(spans)))
        return found

    def size(self, item: Item) -> int:
        return len(item.ids)

    def weight(self, item: Item) -> float:
        return float(len(item.words.starts) * len(item.kinds))

    def head(self, dimension: int, vocabulary: dict[str, list[str]]) -> "torch.nn.Module":
        import torch

        return torch.nn.Linear(dimension, len(TAGS) * len(vocabulary["kinds"]))

    def loss(
        self,
        network: "Network",
        head: Any,
        items: Sequence[Item],
        settings: TrainingSettings,
        draw: "np.random.Generator",
    ) -> "torch.Tensor":
        import torch

        logits = self._logits(network, head, [item.ids for item in items], settings.dropout)
        wanted = torch.full((sum(len(item.ids) for item in items), logits.shape[1]), _IGNORED)
        start = 0
        for item in items:
            firsts = torch.tensor(item.words.first_tokens, dtype=torch.long)
            for kind, tags in enumerate(item.tags):
                wanted[start + firsts, kind] = torch.tensor(tags, dtype=torch.long)
            start += len(item.ids)
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, 1),
            wanted.to(network.device).flatten(),
            ignore_index=_IGNORED,
            label_smoothing=settings.label_smoothing,
            reduction="sum",
        )

    def validate(
        self, network: "Network", head: Any, items: Sequence[Item], settings: TrainingSettings
    ) -> dict[str, float]:
        right = found_count = wanted = 0
        firsts = [item.words.first_tokens for item in items]
        judged = self.word_probabilities(network, head, [item.ids for item in items], firsts)
        for item, probabilities in zip(items, judged, strict=True):
            spans = spans_of(item.words, probabilities, item.kinds)
            found = {Span(each.start, each.end, each.kind) for each in spans}
            right += len(found & item.truth)
            found_count += len(found)
            wanted += len(item.truth)
        precision, recall = right / max(1, found_count), right / max(1, wanted)
        return {"precision": precision, "recall": recall, "f1": 2 * right / max(1, found_count + wanted)}

    def word_probabilities(
        self, network: "Network", head: Any, ids: Sequence[list[int]], first_tokens: Sequence[list[int]]
    ) -> list[Any]:
        """For each text the probabilities of its words' tags, shape (words, kinds, tags), as a NumPy array."""
        found = []
        for start in range(0, len(ids), 64):
            part = ids[start : start + 64]
            probabilities = self._logits(network, head, part, 0.0).softmax(-1).cpu().numpy()
            place = 0
            for each, firsts in zip(part, first_tokens[start : start + 64], strict=True):
                found.append(probabilities[place : place + len(each)][firsts])
                place += len(each)
        return found

    def _logits(self, network: "Network", head: Any, ids: Sequence[list[int]], dropout: float) -> "torch.Tensor":
        """Of all tokens of all texts, one after another: shape (tokens, kinds, tags)."""
        import torch

        begin = len(network.begin)
        parts = [window for each in ids for window in windows(each, network.window_tokens, None)]
        states = network.states(parts)
        own = torch.cat([each[begin : begin + len(part)] for each, part in zip(states, parts, strict=True)])
        if dropout:
            own = torch.nn.functional.dropout(own, dropout)
        return head(own).float().unflatten(-1, (-1, len(TAGS)))  # type: ignore[no-any-return]
