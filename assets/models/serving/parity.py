"""Whether a served form says what the adapter says that it was made of: the same labels, on the same texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assets.labels.tasks.spans import Span
from assets.models.model import Example, FoundSpan
from assets.models.serving.predictors import SIDES, Classifier, Matcher, Predictor, Tagger
from assets.models.words import Words, tags_of

if TYPE_CHECKING:
    from assets.models.serving.encoding import Floats

NEEDED_AGREEMENT = 0.995
"""The least share of equal labels."""

_COMPARED = 512
"""Texts, or openings, of a validation split that are compared: those of larger ones are spread over all of it."""


class Reference(Protocol):
    """The adapter in torch: of these methods, the one of its task."""

    def logits(self, texts: Sequence[str]) -> "Floats":
        """Shape (texts, classes)."""

    def tag(self, texts: Sequence[str]) -> list[list[FoundSpan]]:
        """The spans of each text."""

    def vectors(self, texts: Sequence[str], side: str) -> "Floats":
        """Unit vectors, shape (texts, dimension)."""


@dataclass(frozen=True, slots=True)
class Parity:
    """`agreement` is the share of equal labels among `labels`: classes of texts, tags of words, orders of two openings that fit
    a resume differently well. `difference` is the largest difference of a logit or of a score, or the share of spans that only
    one of both has.
    """

    agreement: float
    labels: int
    difference: float

    @property
    def is_reached(self) -> bool:
        return self.agreement >= NEEDED_AGREEMENT


class Expected:
    """What the adapter says of a validation split, asked once and held against any number of served forms."""

    def __init__(self, reference: Reference, validation: Sequence[Example]) -> None:
        self._reference = reference
        self._texts = _some([example.text for example in validation])
        self._openings = _some([example.opening_text for example in validation if example.opening_text])
        self._grades = {(example.text, example.opening_text): example.label for example in validation}
        self._said: Any = None

    def compare(self, predictor: Predictor) -> Parity:
        """The parity of a served form of the same task. Without a text, all agree."""
        match predictor:
            case Classifier():
                return self._classes(predictor)
            case Tagger():
                return self._tags(predictor)
            case Matcher():
                return self._rankings(predictor)

    def _classes(self, predictor: Classifier) -> Parity:
        if self._said is None:
            self._said = self._reference.logits(self._texts)
        logits = predictor.logits(self._texts)
        same = logits.argmax(1) == self._said.argmax(1)
        return _parity(int(same.sum()), len(same), float(np.abs(logits - self._said).max(initial=0)))

    def _tags(self, predictor: Tagger) -> Parity:
        if self._said is None:
            self._said = self._reference.tag(self._texts)
        same = words = shared = found = 0
        offsets = [offsets for offsets, _ in predictor.word_probabilities(self._texts)]
        for cut, one, other in zip(offsets, self._said, predictor.tag(self._texts), strict=True):
            equal = _tags(cut, one, predictor.kinds) == _tags(cut, other, predictor.kinds)
            same += int(equal.sum())
            words += equal.size
            left, right = ({(span.start, span.end, span.kind) for span in spans} for spans in (one, other))
            shared += 2 * len(left & right)
            found += len(left) + len(right)
        return _parity(same, words, 1 - shared / found if found else 0.0)

    def _rankings(self, predictor: Matcher) -> Parity:
        if self._said is None:
            self._said = self._scores(self._reference)
        scores = self._scores(predictor)
        same = orders = 0
        for text, one, other in zip(self._texts, self._said, scores, strict=True):
            first, second = self._graded_apart(text)
            same += int(((one[first] > one[second]) == (other[first] > other[second])).sum())
            orders += len(first)
        return _parity(same, orders, float(np.abs(scores - self._said).max(initial=0)))

    def _graded_apart(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The numbers of each two openings that a resume was graded for differently: of the others no order is right."""
        grades = [self._grades.get((text, opening)) for opening in self._openings]
        graded = [number for number, grade in enumerate(grades) if grade is not None]
        apart = [(one, other) for one, other in combinations(graded, 2) if grades[one] != grades[other]]
        pairs = np.array(apart, np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _scores(self, model: Reference | Matcher) -> NDArray[Any]:
        resumes, openings = (
            model.vectors(texts, side) for texts, side in zip((self._texts, self._openings), SIDES, strict=True)
        )
        return np.asarray(resumes @ openings.T)


def _tags(words: NDArray[np.int64], spans: Sequence[FoundSpan], kinds: Sequence[str]) -> NDArray[np.int64]:
    """Shape (kinds, words)."""
    cut = Words([], words[:, 0].tolist(), words[:, 1].tolist())
    return np.array(
        [tags_of(cut, [Span(span.start, span.end, span.kind) for span in spans if span.kind == kind]) for kind in kinds]
    ).reshape(len(kinds), len(words))


def _parity(same: int, labels: int, difference: float) -> Parity:
    return Parity(same / labels if labels else 1.0, labels, difference)


def _some(texts: Iterable[str]) -> list[str]:
    different = list(dict.fromkeys(texts))
    step = max(1, -(-len(different) // _COMPARED))
    return different[::step]
