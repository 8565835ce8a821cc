"""What a task has to say about learning; the loop treats all tasks alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from assets.models.model import Example
from assets.models.training.settings import TrainingSettings

if TYPE_CHECKING:
    import numpy as np
    import torch

    from assets.models.training.network import Network


class TooLittleData(Exception):
    """A dataset that nothing can be learned from; the message says what is missing."""


class Learning(Protocol):
    """What the training loop needs to know of what it trains. Items are what a training holds of an example, cut into tokens
    once."""

    @property
    def score(self) -> str:
        """Which figure of `validate` decides which epoch was the best; more is better."""

    @property
    def divisible(self) -> bool:
        """Whether the loss of a batch is the sum of its items' losses, so that a batch can be learned in parts."""

    def size(self, item: Any) -> int:
        """About how many tokens an item costs."""

    def weight(self, item: Any) -> float:
        """How much an item weighs in the loss of its batch."""

    def loss(
        self,
        network: "Network",
        head: Any,
        items: Sequence[Any],
        settings: TrainingSettings,
        draw: "np.random.Generator",
    ) -> "torch.Tensor":
        """The sum of the items' weighted losses; what is random about it follows `draw`."""

    def validate(
        self, network: "Network", head: Any, items: Sequence[Any], settings: TrainingSettings
    ) -> dict[str, float]:
        """Figures over the validation split, `score` among them."""


class ModelTask(Learning, Protocol):
    """One task whose examples are labelled."""

    @property
    def name(self) -> str:
        """As in commands, partitions and files' names."""

    @property
    def settings(self) -> TrainingSettings:
        """How this task is trained."""

    def vocabulary(self, training: Sequence[Example]) -> dict[str, list[str]]:
        """What the head tells apart, as it stands in the model's settings: classes or kinds. Raises TooLittleData."""

    def items(self, network: "Network", examples: Sequence[Example], vocabulary: dict[str, list[str]]) -> list[Any]:
        """The examples as the task learns them."""

    def head(self, dimension: int, vocabulary: dict[str, list[str]]) -> "torch.nn.Module":
        """What stands on the encoder. Its state becomes the head's file as it is."""
