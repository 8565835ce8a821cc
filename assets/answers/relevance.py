"""Ranks statements by how well they answer a question.

First all that were found, by what costs no time: how much of the question's telling words a statement, its headings and its
section hold, whether it gives the kind of thing that is asked for, whose rule it is, whether it is for the number of employees
that is named, and whether it says anything at all. Then the best of them, by that and by their meaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.answers.meaning import Meanings
from assets.answers.model import Piece
from assets.answers.question import asked_for, gives, leaning, telling_words
from assets.answers.saying import announces, asks, shouts
from assets.answers.sharing import Shared, shared_words, weight_of
from assets.answers.sizes import fits
from assets.index.keywords import Statistics

EMBEDDED = 24
"""How many statements of a question are embedded, those that are best without that: it bounds the time of an answer."""

FIRST_WEIGHTS = {
    "words": 1.3,
    "words with headings": 8.0,
    "words with section": 2.2,
    "amount": 2.9,
    "duration": 2.2,
    "rule": 1.65,
    "whose rule": 1.1,
    "shouts": -7.6,
    "asks": -1.4,
    "announces": -6.1,
    "size": 6.0,
    "passage": 6.5,
}
WEIGHTS = {
    "cosine": 19.15,
    "cosine of headings": 0.28,
    "neighbours": -1.2,
    "words": 0.88,
    "words with headings": 4.31,
    "words with section": 3.9,
    "amount": 1.56,
    "duration": 1.05,
    "rule": 0.94,
    "whose rule": 0.24,
    "length": 0.99,
    "shouts": -9.78,
    "asks": -4.5,
    "announces": -6.05,
    "size": 6.43,
}
"""Fitted as a softmax over the statements of each question, squared weights penalized: the first on one half of the bundled
questions, halved by the hash of their text, and on twenty-six about the D.C. Code and a public agency's handbook; the second on
those and 452 more about these two. The README says what they are worth on others."""

_READ = 320
"""How many characters of a statement are embedded: its beginning says what it is about, and long ones cost most."""

_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Relevance:
    """How a statement fits: its score (higher is better, without unit) and the cosine of its meaning to the question's."""

    score: float
    cosine: float


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


def rank(question: Asked, pieces: Sequence[Piece], meanings: Meanings) -> list[tuple[Relevance, Piece]]:
    """The best pieces with their relevance, best first; at most EMBEDDED of them."""
    if not pieces:
        return []
    shared = shared_words(question.words, question.weights, pieces, meanings)
    plain = _plain_features(question.text, pieces, shared)
    order = np.argsort(-_weighed(plain, FIRST_WEIGHTS), kind="stable")[:EMBEDDED]
    chosen = [pieces[place] for place in order]
    features = {name: column[order] for name, column in plain.items()} | _meanings(question, chosen, meanings)
    scores = _weighed(features, WEIGHTS)
    found = [
        (Relevance(float(scores[place]), float(features["cosine"][place])), piece) for place, piece in enumerate(chosen)
    ]
    return sorted(found, key=lambda each: (-each[0].score, each[1].document_id, each[1].core))


def _weighed(features: dict[str, NDArray[np.float64]], weights: dict[str, float]) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum([weight * features[name] for name, weight in weights.items()], axis=0)
    return total


def _plain_features(question: str, pieces: Sequence[Piece], shared: Shared) -> dict[str, NDArray[np.float64]]:
    """What needs no embedding of statements, each of shape (pieces,)."""
    wanted, lean = asked_for(question), leaning(question)
    given = [gives(piece.text) for piece in pieces]
    said = [piece.text[-(piece.core[1] - piece.core[0]) :] for piece in pieces]
    columns: dict[str, list[float]] = {
        "amount": [wanted.amount and each.amount for each in given],
        "duration": [wanted.duration and each.duration for each in given],
        "rule": [wanted.rule and each.rule for each in given],
        "whose rule": [lean if piece.kind == "regulation" else -lean for piece in pieces],
        "length": [float(np.log(max(len(piece.text.split()), 1))) / 3 for piece in pieces],
        "shouts": [shouts(text) for text in said],
        "asks": [asks(text) for text in said],
        "announces": [announces(text) for text in said],
        "size": fits(question, [piece.text for piece in pieces]),
        "passage": [piece.score for piece in pieces],
    }
    return {
        "words": shared.share(shared.alone),
        "words with headings": shared.share(shared.held),
        "words with section": shared.share(shared.sections),
        **{name: np.array(values, np.float64) for name, values in columns.items()},
    }


def _meanings(question: Asked, pieces: Sequence[Piece], meanings: Meanings) -> dict[str, NDArray[np.float64]]:
    """What the embeddings of statements and headings give, each of shape (pieces,)."""

    def cosines(texts: list[str]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = (meanings.of(texts) @ question.vector).astype(np.float64)
        return found

    statements = cosines([f"{piece.place}\n{piece.text[:_READ]}" for piece in pieces])
    return {
        "cosine": statements,
        "cosine of headings": cosines([piece.place for piece in pieces]),
        "neighbours": _neighbours(pieces, statements),
    }


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
