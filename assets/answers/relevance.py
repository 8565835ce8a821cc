"""Ranks statements by how well they answer a question.

What is looked at: the cosine of question and statement (under its headings), of question and headings, how much of the
question's telling words the statement and its headings hold, each word by the word of theirs that means most nearly the same,
whether it gives the kind of thing that is asked for, and whose rule it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assets.answers.meaning import Meanings
from assets.answers.model import Piece
from assets.answers.question import asked_for, content_words, gives, leaning, telling_words
from assets.answers.vocabulary import alike
from assets.index.keywords import Statistics
from assets.index.terms import terms

EMBEDDED = 24
"""How many statements of a question are embedded, those that share most words with it: it bounds the time of an answer."""

FEATURES = (
    "cosine",
    "cosine of headings",
    "words",
    "words with headings",
    "neighbours",
    "amount",
    "duration",
    "rule",
    "whose rule",
    "length",
)
WEIGHTS = np.array([11.3, 3.1, 4.5, 4.7, 1.0, 1.9, 2.2, 0.6, 1.5, 0.4])
"""Fitted on the bundled questions: a softmax over the ranked statements of each question, squared weights penalized. In five
folds by question the right statement came first for 74 in 100 and among the first three for 88."""

_READ = 320
"""How many characters of a statement are embedded: its beginning says what it is about, and long ones cost most."""

_NEAR = 0.4
_IN_ONE_GROUP = 0.8
_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Relevance:
    """How a statement fits: its score (higher is better, without unit), the cosine, and how much of the question's telling words
    it and its headings hold (0 to 1)."""

    score: float
    cosine: float
    covered: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what ranking needs: its vector, telling words, and the weight of each."""

    text: str
    vector: NDArray[np.float32]
    words: tuple[str, ...]
    weights: NDArray[np.float64]


def asked(question: str, meanings: Meanings, statistics: Statistics) -> Asked:
    """A question made ready. Of a very long one, the words that tell most count."""
    words = telling_words(question)
    weights = np.array([weight_of(word, statistics) for word in words])
    if len(words) > _MOST_WORDS:
        kept = np.sort(np.argsort(-weights, kind="stable")[:_MOST_WORDS])
        words, weights = [words[place] for place in kept], weights[kept]
    return Asked(question, meanings.of([question])[0], tuple(words), weights)


def weight_of(word: str, statistics: Statistics) -> float:
    """How much a word tells: as much as the rarest of its terms."""
    return max((statistics.weight(term) for term in stems(word)), default=0.0)


@lru_cache(maxsize=65_536)
def stems(word: str) -> tuple[str, ...]:
    return tuple(terms(word))


def rank(question: Asked, pieces: Sequence[Piece], meanings: Meanings) -> list[tuple[Relevance, Piece]]:
    """The best pieces with their relevance, best first; at most EMBEDDED of them."""
    if not pieces:
        return []
    shared = _shared_words(question, pieces, meanings)
    order = np.argsort(-(shared.total + np.array([piece.score for piece in pieces])), kind="stable")[:EMBEDDED]
    chosen = [pieces[place] for place in order]
    features = _features(question, chosen, shared.of(order), meanings)
    scores = features @ WEIGHTS
    found = [
        (Relevance(float(scores[place]), float(features[place, 0]), float(shared.total[order[place]])), piece)
        for place, piece in enumerate(chosen)
    ]
    return sorted(found, key=lambda each: (-each[0].score, each[1].document_id, each[1].core))


@dataclass(frozen=True, slots=True)
class _Shared:
    """How well each piece holds each telling word, shape (pieces, words): by itself, and with its headings."""

    alone: NDArray[np.float64]
    held: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def total(self) -> NDArray[np.float64]:
        weighted: NDArray[np.float64] = self.held @ self.weights / max(float(self.weights.sum()), 1e-9)
        return weighted

    def of(self, order: NDArray[np.int64]) -> "_Shared":
        return _Shared(self.alone[order], self.held[order], self.weights)


def _shared_words(question: Asked, pieces: Sequence[Piece], meanings: Meanings) -> _Shared:
    bodies = [content_words(piece.text) for piece in pieces]
    places = [content_words(piece.place) for piece in pieces]
    known = list(dict.fromkeys(word for words in (*bodies, *places) for word in words))
    codes = {word: code for code, word in enumerate(known)}
    nearness = _nearness(question.words, known, meanings)

    def best(words: list[str]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = nearness[:, [codes[word] for word in words]].max(axis=1, initial=0.0)
        return found

    alone = np.stack([best(words) for words in bodies])
    by_place = {
        place: best(words) for place, words in {piece.place: places[n] for n, piece in enumerate(pieces)}.items()
    }
    held = np.maximum(alone, np.stack([by_place[piece.place] for piece in pieces]))
    return _Shared(alone, held, question.weights)


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


def _features(question: Asked, pieces: Sequence[Piece], shared: _Shared, meanings: Meanings) -> NDArray[np.float64]:
    """Shape (pieces, FEATURES)."""
    headed = [f"{piece.place}\n{piece.text[:_READ]}" for piece in pieces]
    cosines = (meanings.of(headed) @ question.vector).astype(np.float64)
    headings = (meanings.of([piece.place for piece in pieces]) @ question.vector).astype(np.float64)
    whole = max(float(question.weights.sum()), 1e-9)
    wanted, lean = asked_for(question.text), leaning(question.text)
    given = [gives(piece.text) for piece in pieces]
    lengths = np.array([len(piece.text.split()) for piece in pieces], np.float64)
    whose = np.array([lean if piece.kind == "regulation" else -lean for piece in pieces], np.float64)
    return np.stack(
        [
            cosines,
            headings,
            shared.alone @ question.weights / whole,
            shared.held @ question.weights / whole,
            _neighbours(pieces, cosines),
            *(
                np.array([getattr(wanted, name) and getattr(each, name) for each in given], np.float64)
                for name in ("amount", "duration", "rule")
            ),
            whose,
            np.log(np.maximum(lengths, 1.0)) / 3,
        ],
        axis=1,
    )


def _neighbours(pieces: Sequence[Piece], cosines: NDArray[np.float64]) -> NDArray[np.float64]:
    """The best cosine among the two statements before and the two behind in the same document, of those that are ranked."""
    best = np.zeros(len(pieces))
    by_version: dict[tuple[str, str], list[int]] = {}
    for place, piece in enumerate(pieces):
        by_version.setdefault((piece.document_id, piece.version), []).append(place)
    for places in by_version.values():
        places.sort(key=lambda place: pieces[place].core)
        for position, place in enumerate(places):
            around = [*places[max(0, position - 2) : position], *places[position + 1 : position + 3]]
            best[place] = max((cosines[other] for other in around), default=0.0)
    return best
