"""One task done both ways, on the same frozen test split: by the nearest labelled resumes, and by a trained classifier.

What is compared is what a choice between the two hangs on: quality, latency, what an update costs, what is left of a person
who is erased, and what an answer can be explained by.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assets.models.evaluation.bootstrap import Difference, Interval, difference, interval
from assets.models.evaluation.job_category import label_scores
from assets.models.evaluation.model import Flags, Numbers, Parts, Score
from assets.models.evaluation.neighbours import Neighbour, Neighbours, ResumeEmbedder, choose_number, vote
from assets.models.model import Example

if TYPE_CHECKING:
    from assets.models.serving.predictors import Classifier

DECISIVE = "macro_f1"
_TIMED = 50
"""Resumes that are timed alone, one after the other."""


@dataclass(frozen=True, slots=True)
class Way:
    """What one way is worth. `scores` are accuracy and macro_f1, with intervals; `median` and `slow` (the 95th percentile) are
    seconds from the text of a single resume to its class.

    `sure_right` and `sure_wrong` are how sure it is on average where it is right and where it is not (None: nowhere): the
    classifier by its probability, the neighbours by the share of them that have the class.
    """

    scores: dict[str, Interval]
    median: float
    slow: float
    sure_right: float | None
    sure_wrong: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both ways, on `judged` resumes of the test split, with `labelled` ones to learn from or to look among.

    `number` of neighbours are asked. `ahead` is by how much the classifier's macro-F1 is above the neighbours', `behind` the same
    the other way round. Seconds: `filling` is that of embedding all labelled resumes, `adding` of embedding one more and adding
    it, `removing` of taking one out. `example` are the neighbours that one answer is explained by.
    """

    labelled: int
    judged: int
    number: int
    neighbours: Way
    classifier: Way
    ahead: Difference
    behind: Difference
    filling: float
    adding: float
    removing: float
    example: tuple[Neighbour, ...]

    @property
    def told(self) -> str:
        """Which way is better, in a sentence."""
        for found, better, other in (
            (self.ahead, "the trained classifier", "the nearest neighbours"),
            (self.behind, "the nearest neighbours", "the trained classifier"),
        ):
            if found.lower_end > 0:
                return (
                    f"macro-F1 of {better} is {found.value:.3f} above that of {other}, with 95 % certainty at least"
                    f" {found.lower_end:.3f} ({found.groups} groups)"
                )
        return (
            f"macro-F1 of the trained classifier is {self.ahead.value:+.3f} from that of the nearest neighbours, which the choice"
            f" of the {self.ahead.groups} groups may explain: neither is better for sure"
        )


def compare(
    classifier: "Classifier", resumes: ResumeEmbedder, parts: Parts, heard: Callable[[str], None] = lambda _: None
) -> Comparison:
    """Measures both ways on the dataset that the classifier was trained on. `heard` is told in a sentence what is being done."""
    heard(f"embedding the {len(parts.train):,} labelled resumes of the training split")
    neighbours = Neighbours(resumes.dimension)
    started = time.perf_counter()
    neighbours.add(parts.train, resumes.vectors([row.text for row in parts.train]))
    filling = time.perf_counter() - started
    heard("choosing on the validation split how many neighbours to ask")
    number = choose_number(neighbours, parts.validation, resumes.vectors([row.text for row in parts.validation]))
    heard("asking both about the test split")
    texts = [row.text for row in parts.test]
    found = [neighbours.nearest(vector, number) for vector in resumes.vectors(texts)]
    voted = [vote(nearest) for nearest in found]
    shares = [np.mean([each.label == label for each in nearest]) for nearest, label in zip(found, voted, strict=True)]
    probabilities = classifier.probabilities(texts)
    told = [classifier.classes[column] for column in probabilities.argmax(axis=1)]
    retrieved, trained = label_scores(parts.test, voted), label_scores(parts.test, told)
    heard("timing both, a resume at a time")
    times = _timed(classifier, resumes, neighbours, number, parts.test)
    return Comparison(
        labelled=len(parts.train),
        judged=len(parts.test),
        number=number,
        neighbours=_way(retrieved, times.neighbours, _right(parts.test, voted), np.array(shares)),
        classifier=_way(trained, times.classifier, _right(parts.test, told), np.asarray(probabilities.max(axis=1))),
        ahead=difference(trained[DECISIVE], retrieved[DECISIVE]),
        behind=difference(retrieved[DECISIVE], trained[DECISIVE]),
        filling=filling,
        adding=float(np.median(times.adding)),
        removing=float(np.median(times.removing)),
        example=tuple(found[0]),
    )


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds, one a resume."""

    neighbours: list[float]
    classifier: list[float]
    adding: list[float]
    removing: list[float]


def _timed(
    classifier: "Classifier",
    resumes: ResumeEmbedder,
    neighbours: Neighbours,
    number: int,
    rows: Sequence[Example],
) -> _Times:
    """Each resume both ways in turn, so that what else the machine does weighs on both alike."""
    times = _Times([], [], [], [])
    # By their hashes, which have nothing to do with how long they are.
    for row in sorted(rows, key=lambda row: row.text_hash)[:_TIMED]:
        clock = [time.perf_counter()]
        vector = resumes.vectors([row.text])
        clock.append(time.perf_counter())
        vote(neighbours.nearest(vector[0], number))
        clock.append(time.perf_counter())
        neighbours.add([row], vector)
        clock.append(time.perf_counter())
        neighbours.remove(row.text_hash)
        clock.append(time.perf_counter())
        classifier.probabilities([row.text])
        clock.append(time.perf_counter())
        embedding, searching, adding, removing, classifying = np.diff(clock).tolist()
        times.neighbours.append(embedding + searching)
        times.adding.append(embedding + adding)
        times.removing.append(removing)
        times.classifier.append(classifying)
    return times


def _way(scores: dict[str, Score], seconds: Sequence[float], right: Flags, sure: Numbers) -> Way:
    return Way(
        {name: interval(score) for name, score in scores.items()},
        float(np.median(seconds)),
        float(np.quantile(seconds, 0.95)),
        float(sure[right].mean()) if right.any() else None,
        float(sure[~right].mean()) if not right.all() else None,
    )


def _right(rows: Sequence[Example], labels: Sequence[str]) -> Flags:
    return np.array([row.label == label for row, label in zip(rows, labels, strict=True)], dtype=np.bool_)
