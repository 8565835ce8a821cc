"""Predictions for the texts of a file, as they are read: some hundreds in memory, in the file's order, refusals between them."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TypeVar

import numpy as np

from assets.labels.anonymizing.model import Masked
from assets.labels.model import Rejected
from assets.models.model import FoundSpan
from assets.models.serving.encoding import Floats
from assets.models.serving.predictors import Classifier, Matcher, Tagger
from assets.models.serving.unlabelled import UnlabelledText

_AT_ONCE = 128
_FIRST = 8
"""The first answers come before a large file is read."""

Prediction = TypeVar("Prediction")


class NothingToMatch(Exception):
    """A file that holds no opening that can be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Classified:
    """The best class of a resume and its calibrated probability; `abstained`: that is below the model's threshold."""

    of: UnlabelledText
    label: str
    probability: float
    abstained: bool


@dataclass(frozen=True, slots=True)
class Tagged:
    """The skills of a resume, in order; they count in the text as it came in."""

    of: UnlabelledText
    skills: tuple[FoundSpan, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Ids of openings and their scores (cosines), the one that fits the resume best first."""

    of: UnlabelledText
    ranking: tuple[tuple[str, float], ...]


def classify(model: Classifier, texts: Iterable[UnlabelledText | Rejected]) -> Iterator[Classified | Rejected]:
    """The class of each resume."""

    def some(resumes: Sequence[UnlabelledText]) -> Iterator[Classified]:
        probabilities = model.probabilities([resume.text for resume in resumes])
        for resume, row in zip(resumes, probabilities, strict=True):
            best = int(row.argmax())
            probability = float(row[best])
            yield Classified(resume, model.classes[best], probability, probability < model.threshold)

    return _in_packs(texts, some)


def tag(model: Tagger, texts: Iterable[UnlabelledText | Rejected]) -> Iterator[Tagged | Rejected]:
    """The skills of each resume."""

    def some(resumes: Sequence[UnlabelledText]) -> Iterator[Tagged]:
        for resume, spans in zip(resumes, model.tag([resume.text for resume in resumes]), strict=True):
            yield Tagged(resume, tuple(moved_back(spans, resume.masked)))

    return _in_packs(texts, some)


class Openings:
    """Openings that resumes are ranked against; of equal ids the last counts."""

    def __init__(self, model: Matcher, texts: Iterable[UnlabelledText | Rejected]) -> None:
        """Raises NothingToMatch. `rejected` are those that could not be read."""
        self._model = model
        self.rejected: list[Rejected] = []
        found: dict[str, Floats] = {}
        for pack in _packs(texts):
            openings = [each for each in pack if isinstance(each, UnlabelledText)]
            self.rejected += [each for each in pack if isinstance(each, Rejected)]
            vectors = model.vectors([opening.text for opening in openings], "opening")
            found |= {opening.id: vector for opening, vector in zip(openings, vectors, strict=True)}
        if not found:
            why = f" ({self.rejected[0].advice.rstrip('.')})" if self.rejected else ""
            raise NothingToMatch(f"the file of openings holds none that can be read{why}: give one with ids and texts")
        self.ids = list(found)
        self._vectors = np.stack(list(found.values()))

    def rank(self, texts: Iterable[UnlabelledText | Rejected]) -> Iterator[Ranked | Rejected]:
        """All openings for each resume."""

        def some(resumes: Sequence[UnlabelledText]) -> Iterator[Ranked]:
            vectors = self._model.vectors([resume.text for resume in resumes], "resume")
            for resume, vector in zip(resumes, vectors, strict=True):
                scores = self._vectors @ vector
                order = np.argsort(-scores, kind="stable")
                yield Ranked(resume, tuple((self.ids[place], float(scores[place])) for place in order))

        return _in_packs(texts, some)


def moved_back(spans: Sequence[FoundSpan], masked: Sequence[Masked]) -> list[FoundSpan]:
    """Spans of an anonymized text in the text that was anonymized; without those that touch a placeholder."""
    starts: list[int] = []
    ends: list[int] = []
    shrunk = [0]
    for item in masked:
        placeholder = len(f"[{item.kind}]")
        starts.append(item.start - shrunk[-1])
        ends.append(starts[-1] + placeholder)
        shrunk.append(shrunk[-1] + (item.end - item.start) - placeholder)
    kept: list[FoundSpan] = []
    for span in spans:
        before = bisect_right(starts, span.start)
        follows = before == 0 or ends[before - 1] <= span.start
        precedes = before == len(starts) or starts[before] >= span.end
        if follows and precedes:
            moved = shrunk[before]
            kept.append(FoundSpan(span.start + moved, span.end + moved, span.kind, span.probability))
    return kept


def _in_packs(
    texts: Iterable[UnlabelledText | Rejected],
    predict: Callable[[Sequence[UnlabelledText]], Iterator[Prediction]],
) -> Iterator[Prediction | Rejected]:
    for pack in _packs(texts):
        predictions = predict([each for each in pack if isinstance(each, UnlabelledText)])
        for each in pack:
            yield each if isinstance(each, Rejected) else next(predictions)


def _packs(texts: Iterable[UnlabelledText | Rejected]) -> Iterator[list[UnlabelledText | Rejected]]:
    waiting = iter(texts)
    for size in chain([_FIRST], iter(lambda: _AT_ONCE, 0)):
        if not (pack := list(islice(waiting, size))):
            return
        yield pack
