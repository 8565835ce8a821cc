"""The class of a resume by the labelled resumes nearest to it: retrieval, where nothing is trained.

A resume's vector is the mean of its windows' vectors, from the embedding model that the search index has too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assets.index.embedding.base import Embedder
from assets.models.evaluation.job_category import label_scores
from assets.models.model import Example
from assets.models.windows import windows

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from assets.platform import Platform

Floats = NDArray[np.float32]

MOST_WINDOWS = 6
"""As many as a trained classifier reads of a resume."""
CHOICES = (1, 3, 5, 7, 10, 15, 20, 30)
"""How many neighbours may be asked."""

_TEXTS_AT_ONCE = 256
"""Bounds memory: the windows are those of so many texts."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A labelled resume that is near to another one, by the hash of its text; `similarity` is the cosine of their vectors."""

    text_hash: str
    label: str
    similarity: float


class ResumeEmbedder:
    """Places resumes, of any length, among each other."""

    def __init__(self, embedder: Embedder, tokenizer: "Tokenizer") -> None:
        """`tokenizer` is the embedding model's own, without truncation."""
        self._embedder = embedder
        self._tokenizer = tokenizer
        self.dimension = embedder.dimension

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Unit vectors, shape (texts, dimension). No text's vector depends on the others."""
        found = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            parts = [self._parts(text) for text in texts[start : start + _TEXTS_AT_ONCE]]
            of_parts = iter(self._embedder.embed([part for each in parts for part in each]))
            for row, each in enumerate(parts, start):
                mean = np.mean([next(of_parts) for _ in each], axis=0)
                found[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return found

    def _parts(self, text: str) -> list[str]:
        """What each window reads of a text."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        cut = windows(range(len(offsets)), self._embedder.max_tokens, MOST_WINDOWS)
        return [text[offsets[part[0]][0] : offsets[part[-1]][1]] if part else text for part in cut]


def open_resume_embedder(platform: "Platform") -> ResumeEmbedder:
    """On the platform's embedding model. Raises ModelUnavailable."""
    from assets.index.embedding.tokens import load_tokenizer
    from assets.index.embedding.weights import find_model

    return ResumeEmbedder(platform.embedder, load_tokenizer(find_model(platform.settings.model).tokenizer_file))


class Neighbours:
    """Labelled resumes to be found by their vectors; what is added or removed counts from the next question on."""

    def __init__(self, dimension: int) -> None:
        self._hashes: list[str] = []
        self._labels: list[str] = []
        self._vectors = np.empty((0, dimension), np.float32)

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, rows: Sequence[Example], vectors: Floats) -> None:
        """Adds labelled resumes, with a unit vector each."""
        self._hashes += [row.text_hash for row in rows]
        self._labels += [row.label for row in rows]
        self._vectors = np.concatenate([self._vectors, vectors])

    def remove(self, text_hash: str) -> None:
        """Forgets a resume."""
        kept = [place for place, each in enumerate(self._hashes) if each != text_hash]
        self._hashes = [self._hashes[place] for place in kept]
        self._labels = [self._labels[place] for place in kept]
        self._vectors = self._vectors[kept]

    def nearest(self, vector: Floats, most: int) -> list[Neighbour]:
        """The resumes nearest to a vector, the nearest first."""
        similarities = self._vectors @ vector
        order = np.argsort(-similarities, kind="stable")[:most]
        return [Neighbour(self._hashes[place], self._labels[place], float(similarities[place])) for place in order]


def vote(nearest: Sequence[Neighbour]) -> str:
    """The class that neighbours, the nearest first, have most of; each counts by its similarity."""
    weights: dict[str, float] = {}
    for each in nearest:
        weights[each.label] = weights.get(each.label, 0.0) + max(each.similarity, 0.0)
    # Of equals the first, which is that of the nearest one.
    return max(weights, key=weights.__getitem__)


def choose_number(neighbours: Neighbours, rows: Sequence[Example], vectors: Floats) -> int:
    """How many neighbours to ask: what gives (validation) rows the best macro-F1, the fewest of equals."""
    found = [neighbours.nearest(vector, CHOICES[-1]) for vector in vectors]

    def score(number: int) -> float:
        return label_scores(rows, [vote(nearest[:number]) for nearest in found])["macro_f1"].value

    return max(CHOICES, key=score)
