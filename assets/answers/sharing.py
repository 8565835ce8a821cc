"""How much of a question's telling words statements hold, each word by the word of theirs that means most nearly the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assets.answers.meaning import Meanings
from assets.answers.model import Piece
from assets.answers.question import content_words
from assets.answers.vocabulary import alike
from assets.index.keywords import Statistics
from assets.index.terms import terms

_NEAR = 0.4
_IN_ONE_GROUP = 0.8


def weight_of(word: str, statistics: Statistics) -> float:
    """How much a word tells: as much as the rarest of its terms."""
    return max((statistics.weight(term) for term in stems(word)), default=0.0)


@lru_cache(maxsize=65_536)
def stems(word: str) -> tuple[str, ...]:
    return tuple(terms(word))


@dataclass(frozen=True, slots=True)
class Shared:
    """How well each telling word is held, shape (pieces, words): by each piece itself, with its headings, and by all pieces
    under the same headings of the same document together."""

    alone: NDArray[np.float64]
    held: NDArray[np.float64]
    sections: NDArray[np.float64]
    weights: NDArray[np.float64]

    def share(self, held: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weighed share of the words, 0 to 1, shape (pieces,)."""
        weighted: NDArray[np.float64] = held @ self.weights / max(float(self.weights.sum()), 1e-9)
        return weighted


def shared_words(
    words: Sequence[str], weights: NDArray[np.float64], pieces: Sequence[Piece], meanings: Meanings
) -> Shared:
    """What the pieces hold of these words, of which each has a weight."""
    bodies = [content_words(piece.text) for piece in pieces]
    places = [content_words(piece.place) for piece in pieces]
    known = list(dict.fromkeys(word for own in (*bodies, *places) for word in own))
    codes = {word: code for code, word in enumerate(known)}
    nearness = _nearness(words, known, meanings)

    def best(own: list[str]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = nearness[:, [codes[word] for word in own]].max(axis=1, initial=0.0)
        return found

    alone = np.stack([best(words) for words in bodies])
    by_place = {
        place: best(words) for place, words in {piece.place: places[n] for n, piece in enumerate(pieces)}.items()
    }
    held = np.maximum(alone, np.stack([by_place[piece.place] for piece in pieces]))
    sections = _joined(held, [(piece.document_id, piece.version, piece.headings) for piece in pieces])
    return Shared(alone, held, sections, weights)


def _joined(held: NDArray[np.float64], keys: Sequence[tuple[object, ...]]) -> NDArray[np.float64]:
    """Of each row the best, word by word, among the rows with the same key."""
    rows: dict[tuple[object, ...], list[int]] = {}
    for place, key in enumerate(keys):
        rows.setdefault(key, []).append(place)
    joined = np.empty_like(held)
    for places in rows.values():
        joined[places] = held[places].max(axis=0)
    return joined


def _nearness(asked_words: Sequence[str], words: Sequence[str], meanings: Meanings) -> NDArray[np.float64]:
    """How nearly words mean the same, 0 to 1, shape (asked words, words)."""
    cosines = meanings.of(asked_words) @ meanings.of(words).T if words else np.empty((len(asked_words), 0), np.float32)
    near = np.clip((cosines.astype(np.float64) - _NEAR) / (1 - _NEAR), 0.0, 1.0)
    columns: dict[str, list[int]] = {}
    for column, other in enumerate(words):
        for stem in stems(other):
            columns.setdefault(stem, []).append(column)
    for row, word in enumerate(asked_words):
        for stem in alike(stems(word)).intersection(columns):
            near[row, columns[stem]] = np.maximum(near[row, columns[stem]], _IN_ONE_GROUP)
        for stem in set(stems(word)).intersection(columns):
            near[row, columns[stem]] = 1.0
    return near
