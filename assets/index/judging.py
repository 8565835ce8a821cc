"""Whether an index that was built beside the served one may be served: not where it finds less of what questions ask for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.index.embedding.base import Embedder
from assets.index.evaluation import holds, paired_test
from assets.index.generation import Served
from assets.index.retrieval_evaluation import Question, read_questions
from assets.index.store import Hit, IndexStore, SearchFilter
from assets.lineage.moments import now
from assets.platform import Platform

DEPTH = 10
"""How many passages of each index are looked at."""

CERTAIN = 0.05
"""A difference is taken for chance where the paired test gives it a probability above this."""

_HELD = 0.8
"""Which share of a quote's words a passage has to hold to be the one that was asked for."""


class WorseIndex(Exception):
    """The new index finds less than the served one. It was not served; the served one stays."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Mean reciprocal ranks of the served and the new index on the same `n` questions, and how probable a difference as large
    is between two that are alike."""

    n: int
    served: float
    new: float
    probability: float

    def is_worse(self, tolerance: float) -> bool:
        """Whether the new one is worse by more than `tolerance`, and not by chance."""
        return self.served - self.new > tolerance and self.probability <= CERTAIN


def judge_of(platform: Platform) -> Callable[[Served, IndexStore, int], None]:
    """What has to be called with the served index and a new one, filled with a generation, before that is served.

    It raises WorseIndex, and, for the file of questions, BadQuestions. Without such a file it does nothing, nor where the model
    that the served index was built with is gone, so that nobody can ask it any more.
    """

    def judge(before: Served, index: IndexStore, generation: int) -> None:
        file = platform.settings.retrieval_questions
        if not file or not platform.indexes.exists(before.index_version):
            return
        questions = read_questions(Path(file))
        # Each index is asked with the model that it was built with.
        asked_with = platform.embedder_of(before.model)
        if asked_with is None:
            return
        served_index = platform.indexes.open(before.index_version)
        judgement = judged(
            _ranks(asked_with, questions, served_index, before.generation),
            _ranks(platform.embedder, questions, index, generation),
        )
        tolerance = platform.settings.retrieval_tolerance
        if judgement.is_worse(tolerance):
            raise WorseIndex(
                f"the new index finds worse what {Path(file).name} asks for (mean reciprocal rank {judgement.new:.3f}, served"
                f" {judgement.served:.3f}, {judgement.n} questions, tolerance {tolerance:g}); it was not served. Set back"
                " what was changed, or set HRDP_RETRIEVAL_TOLERANCE higher"
            )

    return judge


def judged(served: Sequence[float], new: Sequence[float]) -> Judgement:
    """The judgement on the reciprocal ranks of two indexes, question by question."""
    count = len(served)
    return Judgement(count, sum(served) / count, sum(new) / count, paired_test(served, new))


def reciprocal_rank(question: Question, hits: Sequence[Hit]) -> float:
    """One over the place of the first passage that answers a question; 0 where none does."""
    for place, hit in enumerate(hits, 1):
        if any(
            hit.document_id == document_id and (not quote or holds(quote, hit.body) >= _HELD)
            for document_id, quote in question.relevant
        ):
            return 1 / place
    return 0.0


def _ranks(embedder: Embedder, questions: Sequence[Question], index: IndexStore, generation: int) -> list[float]:
    vectors = embedder.embed([question.text for question in questions])
    at = now()
    return [
        reciprocal_rank(
            question,
            index.search(
                question.text,
                vector,
                DEPTH,
                SearchFilter(generation, at if question.as_of is None else question.as_of),
            ),
        )
        for question, vector in zip(questions, vectors, strict=True)
    ]
