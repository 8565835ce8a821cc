"""What an embedding model does, whatever runs it."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """`model_hash` names all that a vector depends on: weights, tokenizer, pooling, precision, runtime recipe."""

    model_hash: str
    dimension: int
    max_tokens: int
    """Longest input, special tokens included."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, one row a text, shape (len(texts), dimension). No text's vector depends on its neighbours."""
        ...
