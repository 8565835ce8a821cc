"""Vectors of words, headings and statements, kept in memory: questions come back to the same ones."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assets.index.embedding.base import Embedder


class Meanings:
    """Embeds texts and keeps the vectors of those asked for last (384 floats each: 40,000 take 60 MB)."""

    def __init__(self, embedder: Embedder, kept: int = 40_000) -> None:
        self._embedder = embedder
        self._kept = kept
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension)."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        fresh = dict(zip(missing, self._embedder.embed(missing), strict=True)) if missing else {}
        with self._lock:
            vectors = np.empty((len(texts), self._embedder.dimension), np.float32)
            for place, text in enumerate(texts):
                if text in self._vectors:
                    self._vectors.move_to_end(text)
                    vectors[place] = self._vectors[text]
                else:
                    vectors[place] = fresh[text] if text in fresh else self._embedder.embed([text])[0]
            for text, vector in fresh.items():
                self._vectors[text] = vector
            while len(self._vectors) > self._kept:
                self._vectors.popitem(last=False)
        return vectors
