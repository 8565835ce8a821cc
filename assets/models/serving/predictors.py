"""What a served model says of texts, by task. Texts are anonymized before they come here, as those that it learned from were.

What is said of a text depends on that text alone, whatever texts it comes with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assets.models.evaluation.calibration import scaled_log_odds
from assets.models.model import FoundSpan
from assets.models.serving.encoding import Floats, PredictorUnavailable
from assets.models.serving.served_folder import ServedFolder, read_served_folder
from assets.models.serving.tagging import read_tagging_head
from assets.models.tag_chain import Tagged
from assets.models.words import Words, shapes_of, spans_of, words_of

SIDES = ("resume", "opening")


class Classifier:
    """`job-category`. Below the probability `threshold` it abstains; 0 where nothing was calibrated."""

    def __init__(self, served: ServedFolder) -> None:
        self.classes = served.names("classes")
        self._encoder = served.encoder
        self._weight = served.matrix("weight", len(self.classes), None)
        self._bias = served.vector("bias", len(self.classes))
        self._temperature = _number(served, "temperature", 1.0)
        self.threshold = _number(served, "threshold", 0.0)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Shape (texts, classes), classes in the order of `classes`."""
        logits = np.empty((len(texts), len(self.classes)), np.float32)
        for row, means in enumerate(self._encoder.pooled(texts)):
            features = np.concatenate([means.mean(0), means.max(0)])
            logits[row] = self._weight @ features + self._bias
        return logits

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """The calibrated probability of each class, shape (texts, classes)."""
        return _softmax(self.logits(texts) / np.float32(self._temperature))


class Tagger:
    """`skills`."""

    def __init__(self, served: ServedFolder) -> None:
        self.kinds = served.names("kinds")
        self._encoder = served.encoder
        self._head = read_tagging_head(served, len(self.kinds))
        self._scale = _number(served, "log_odds_scale", 1.0)
        self._shift = _number(served, "log_odds_shift", 0.0, signed=True)

    def tag(self, texts: Sequence[str]) -> list[list[FoundSpan]]:
        """The spans of each text, in order, as probable as spans like them were right on the validation split."""
        return [
            [
                replace(span, probability=self._calibrated(span.probability))
                for span in spans_of(words, tagged, self.kinds)
            ]
            for words, tagged in self._judged(texts)
        ]

    def word_probabilities(self, texts: Sequence[str]) -> list[tuple[NDArray[np.int64], Floats]]:
        """For each text its words' offsets, shape (words, 2), and their tags' probabilities, (words, kinds, 3: O, B, I)."""
        return [
            (np.array([words.starts, words.ends], np.int64).T, tagged.probabilities)
            for words, tagged in self._judged(texts)
        ]

    def _judged(self, texts: Sequence[str]) -> Iterator[tuple[Words, Tagged]]:
        """For each text, in order, its words and what they are."""
        for text, (encoding, states) in zip(texts, self._encoder.token_states(texts), strict=True):
            words = words_of(encoding)
            yield words, self._head.tagged(states, words, shapes_of(text, words))

    def _calibrated(self, probability: float) -> float:
        return float(scaled_log_odds(np.array([probability]), self._scale, self._shift)[0])


class Matcher:
    """`match`: a resume fits an opening the better, the larger the dot product of their vectors is."""

    def __init__(self, served: ServedFolder) -> None:
        self._encoder = served.encoder
        self._weights = {side: served.matrix(f"{side}.weight", None, None) for side in SIDES}
        self.dimension = len(self._weights[SIDES[0]])

    def vectors(self, texts: Sequence[str], side: str) -> Floats:
        """Unit vectors, shape (texts, dimension), of texts that all are of one `side`: resume or opening."""
        weight = self._weights[side]
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, means in enumerate(self._encoder.pooled(texts)):
            vector = (means @ weight.T).mean(0)
            vectors[row] = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return vectors


Predictor = Classifier | Tagger | Matcher

_PREDICTORS: dict[str, type[Classifier] | type[Tagger] | type[Matcher]] = {
    "job-category": Classifier,
    "skills": Tagger,
    "match": Matcher,
}


def open_predictor(folder: Path) -> Predictor:
    """The model of a folder; cheap, for the encoder is loaded at its first use. Raises PredictorUnavailable, then too."""
    served = read_served_folder(folder)
    if served.task not in _PREDICTORS:
        raise PredictorUnavailable(f"The model is for a task that is not known here: {served.task[:80]}.")
    return _PREDICTORS[served.task](served)


def _number(served: ServedFolder, key: str, default: float, *, signed: bool = False) -> float:
    value = served.calibration.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or (not signed and value < 0) or (key == "temperature" and not value):
        raise PredictorUnavailable(f"calibration.json has no {key} that can be used: evaluate the model again.")
    return float(value)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)
