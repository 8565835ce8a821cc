"""Which tags a text's words have, and how likely each is, where a tag depends on the one before it: a linear-chain conditional
random field (J. Lafferty, A. McCallum and F. Pereira, "Conditional Random Fields", ICML 2001). The same in training and serving.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.models.words import GOES_ON, OUTSIDE, TAGS

_NEVER = -1e4


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text's words: the tags that are likeliest together, shape (words, kinds), and how likely each word's tags are by
    themselves, shape (words, kinds, tags).
    """

    tags: NDArray[np.int64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TagChain:
    """Scores of one tag behind another, shape (kinds, tags, tags), and of the first and the last word's tag, (kinds, tags)."""

    transitions: NDArray[Any]
    first: NDArray[Any]
    last: NDArray[Any]

    def tagged(self, scores: NDArray[Any]) -> Tagged:
        """What a text's words are, by the scores of their own tags, shape (words, kinds, tags)."""
        return Tagged(self._likeliest(scores), self.probabilities(scores))

    def _likeliest(self, scores: NDArray[Any]) -> NDArray[np.int64]:
        """The best way to tag the whole text (A. Viterbi, 1967), shape (words, kinds)."""
        count, kinds = scores.shape[:2]
        tags = np.zeros((count, kinds), np.int64)
        if not count:
            return tags
        follows = self.transitions + forbidden_transitions()
        before = np.zeros(scores.shape, np.int64)
        best = scores[0] + self.first + forbidden_first()
        for word in range(1, count):
            ways = best[:, :, None] + follows
            before[word] = ways.argmax(1)
            best = ways.max(1) + scores[word]
        every = np.arange(kinds)
        tags[-1] = (best + self.last).argmax(-1)
        for word in range(count - 1, 0, -1):
            tags[word - 1] = before[word, every, tags[word]]
        return tags

    def probabilities(self, scores: NDArray[Any]) -> NDArray[np.float32]:
        """What each word's tags are likely to be, given the whole text: from scores to probabilities, both of shape
        (words, kinds, tags).
        """
        count = len(scores)
        if not count:
            return np.zeros(scores.shape, np.float32)
        own = np.exp(scores.astype(np.float64) - scores.max(-1, keepdims=True))
        follows = np.exp(self.transitions.astype(np.float64) + forbidden_transitions())
        forward = np.empty_like(own)
        backward = np.empty_like(own)
        # Scaled at every word: what is left out is the same for all tags of a word and kind.
        forward[0] = _scaled(own[0] * np.exp(self.first.astype(np.float64) + forbidden_first()))
        for word in range(1, count):
            forward[word] = _scaled((forward[word - 1][:, None] @ follows)[:, 0] * own[word])
        backward[-1] = np.exp(self.last.astype(np.float64))
        for word in range(count - 1, 0, -1):
            backward[word - 1] = _scaled((follows @ (backward[word] * own[word])[..., None])[..., 0])
        return _scaled(forward * backward).astype(np.float32)


def forbidden_transitions() -> NDArray[np.float64]:
    """What is added to transitions, shape (tags, tags): nothing goes on that did not begin."""
    scores = np.zeros((len(TAGS), len(TAGS)))
    scores[OUTSIDE, GOES_ON] = _NEVER
    return scores


def forbidden_first() -> NDArray[np.float64]:
    """What is added to the first word's tags, shape (tags,)."""
    scores = np.zeros(len(TAGS))
    scores[GOES_ON] = _NEVER
    return scores


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values / values.sum(-1, keepdims=True))
