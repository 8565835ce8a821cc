"""`skills`: says of each word, for each kind, whether it begins, goes on with or is outside of a span. Kinds may overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.tasks.spans import Span, read_back
from assets.models.model import Example
from assets.models.tasks.task import TooLittleData
from assets.models.training.settings import TrainingSettings
from assets.models.windows import windows
from assets.models.words import TAGS, Words, shapes_of, spans_of, tags_of, words_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from assets.models.tag_chain import Tagged
    from assets.models.training.network import Network


@dataclass(frozen=True, slots=True)
class Item:
    """A text's token ids and words, and how those are written; `tags` by kind and word, in the order of `kinds`; `truth` are
    its spans.
    """

    ids: list[int]
    words: Words
    shapes: "NDArray[np.float32]"
    kinds: tuple[str, ...]
    tags: list[list[int]]
    truth: frozenset[Span]


class Skills:
    """A text and spans of kinds in it."""

    name = "skills"
    score = "f1"
    divisible = True
    settings = TrainingSettings(
        epochs=6,
        patience=6,
        batch=32,
        layers=3,
        learning_rate=1e-3,
        label_smoothing=0.0,
        windows=None,
        training_windows=None,
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
            found.append(Item(encoding.ids, words, shapes_of(example.text, words), kinds, tags, frozenset(spans)))
        return found

    def size(self, item: Item) -> int:
        return len(item.ids)

    def weight(self, item: Item) -> float:
        return float(len(item.words.starts) * len(item.kinds))

    def head(self, dimension: int, vocabulary: dict[str, list[str]]) -> "torch.nn.Module":
        from assets.models.tasks.tagging_head import TaggingHead

        return TaggingHead(dimension, len(vocabulary["kinds"]))

    def loss(
        self,
        network: "Network",
        head: Any,
        items: Sequence[Item],
        settings: TrainingSettings,
        draw: "np.random.Generator",
    ) -> "torch.Tensor":
        import torch

        items = [item for item in items if item.words.starts]
        if not items:
            return torch.zeros((), device=network.device, requires_grad=True)
        states = self._states(network, [item.ids for item in items])
        scores = head.scores(states, [item.words for item in items], [item.shapes for item in items], settings.dropout)
        return head.loss(scores, [item.tags for item in items])  # type: ignore[no-any-return]

    def validate(
        self, network: "Network", head: Any, items: Sequence[Item], settings: TrainingSettings
    ) -> dict[str, float]:
        right = found_count = wanted = 0
        ids, words, shapes = zip(*((item.ids, item.words, item.shapes) for item in items), strict=True)
        for item, tagged in zip(items, self.tagged(network, head, ids, words, shapes), strict=True):
            spans = spans_of(item.words, tagged, item.kinds)
            found = {Span(each.start, each.end, each.kind) for each in spans}
            right += len(found & item.truth)
            found_count += len(found)
            wanted += len(item.truth)
        precision, recall = right / max(1, found_count), right / max(1, wanted)
        return {"precision": precision, "recall": recall, "f1": 2 * right / max(1, found_count + wanted)}

    def tagged(
        self,
        network: "Network",
        head: Any,
        ids: Sequence[list[int]],
        words: Sequence[Words],
        shapes: "Sequence[NDArray[np.float32]]",
    ) -> "list[Tagged]":
        """What each text's words are."""
        import numpy as np

        chain = head.chain()
        found = [chain.tagged(np.zeros((0, head.kinds, len(TAGS)), np.float32))] * len(ids)
        some = sorted((place for place in range(len(ids)) if words[place].starts), key=lambda place: len(ids[place]))
        for start in range(0, len(some), 64):
            part = some[start : start + 64]
            states = self._states(network, [ids[place] for place in part])
            scores = head.scores(states, [words[place] for place in part], [shapes[place] for place in part], 0.0)
            for place, own in zip(part, scores.cpu().numpy(), strict=True):
                found[place] = chain.tagged(own[: len(words[place].starts)])
        return found

    def _states(self, network: "Network", ids: Sequence[list[int]]) -> "list[torch.Tensor]":
        """Of each text's tokens, shape (tokens, dimension)."""
        import torch

        begin = len(network.begin)
        cut = [windows(each, network.window_tokens, None) for each in ids]
        states = iter(network.states([window for parts in cut for window in parts]))
        return [torch.cat([next(states)[begin : begin + len(part)] for part in parts]) for parts in cut]
