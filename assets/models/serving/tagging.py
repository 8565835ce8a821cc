"""The head of `skills` in NumPy, from the tensors that training left: token states in, words' tags out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.models.serving.encoding import Floats
from assets.models.serving.served_folder import ServedFolder
from assets.models.tag_chain import TagChain, Tagged
from assets.models.words import TAGS, Words

_EPSILON = 1e-5


@dataclass(frozen=True, slots=True)
class TaggingHead:
    """As `assets.models.tasks.tagging_head` in torch, for one text at a time."""

    kinds: int
    normalize: tuple[Floats, Floats]
    neighbours: tuple[Floats, Floats]
    tag: tuple[Floats, Floats]
    chain: TagChain

    def tagged(self, states: Floats, words: Words, shapes: Floats) -> Tagged:
        """What a text's words are, from its token states, shape (tokens, dimension)."""
        if not words.starts:
            return self.chain.tagged(np.zeros((0, self.kinds, len(TAGS)), np.float32))
        counts = np.diff([*words.first_tokens, len(states)])
        means = np.add.reduceat(states, np.array(words.first_tokens), axis=0) / counts[:, None].astype(np.float32)
        own = self._normalized(np.concatenate([means, shapes], -1))
        edge = np.zeros((1, own.shape[1]), np.float32)
        weight, bias = self.neighbours
        before, behind = np.concatenate([edge, own[:-1]]), np.concatenate([own[1:], edge])
        beside = _gelu(np.concatenate([before, own, behind], -1) @ weight + bias)
        weight, bias = self.tag
        scores = np.concatenate([own, beside], -1) @ weight.T + bias
        return self.chain.tagged(scores.reshape(len(own), self.kinds, len(TAGS)))

    def _normalized(self, values: Floats) -> Floats:
        gain, shift = self.normalize
        centred = values - values.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + _EPSILON)
        return np.asarray(centred / spread * gain + shift, np.float32)


def read_tagging_head(served: ServedFolder, kinds: int) -> TaggingHead:
    """Checks the tensors' shapes. Raises PredictorUnavailable."""
    gain = served.tensor("normalize.weight", (None,))
    width = len(served.tensor("neighbours.bias", (None,)))
    return TaggingHead(
        kinds,
        (gain, served.vector("normalize.bias", len(gain))),
        # The word before, the word, the word behind it, one after another.
        (
            _rows(served.tensor("neighbours.weight", (width, len(gain), 3))),
            served.vector("neighbours.bias", width),
        ),
        (
            served.matrix("tag.weight", kinds * len(TAGS), len(gain) + width),
            served.vector("tag.bias", kinds * len(TAGS)),
        ),
        TagChain(
            served.tensor("transitions", (kinds, len(TAGS), len(TAGS))),
            served.matrix("first", kinds, len(TAGS)),
            served.matrix("last", kinds, len(TAGS)),
        ),
    )


def _gelu(values: Floats) -> Floats:
    """As torch approximates it by the hyperbolic tangent."""
    inner = np.float32(np.sqrt(2 / np.pi)) * (values + np.float32(0.044715) * values**3)
    return np.asarray(0.5 * values * (1 + np.tanh(inner)), np.float32)


def _rows(weight: NDArray[np.float32]) -> Floats:
    """Of a convolution, shape (out, in, places): one product's, shape (places x in, out)."""
    return np.ascontiguousarray(weight.transpose(2, 1, 0).reshape(-1, len(weight)))
