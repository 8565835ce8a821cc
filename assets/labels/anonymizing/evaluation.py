"""How well personal items are found: recall and precision by kind against marked truth, and what else was lost."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from assets.labels.anonymizing.model import Anonymized, Masked


class Marked(Protocol):
    """A span of the truth."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def kind(self) -> str: ...


class MarkedResume(Protocol):
    """A resume with its truth: personal spans, and spans of what has to stay."""

    @property
    def text(self) -> str: ...
    @property
    def personal(self) -> Sequence[Marked]: ...
    @property
    def kept(self) -> Sequence[Marked]: ...


@dataclass(frozen=True, slots=True)
class KindReport:
    """`recall`: the share of `items` whose every letter and digit was masked, as whatever kind. `precision`: the share of
    `masked` spans of that kind that overlap something personal. Both are 1 where there was nothing.
    """

    kind: str
    items: int
    found: int
    masked: int
    right: int

    @property
    def recall(self) -> float:
        """From 0 to 1."""
        return self.found / self.items if self.items else 1.0

    @property
    def precision(self) -> float:
        """From 0 to 1."""
        return self.right / self.masked if self.masked else 1.0


@dataclass(frozen=True, slots=True)
class AnonymizingReport:
    """By kind, together, and the share of skills, employers, titles, dates and so on of which a character was masked.

    `character_precision` is the share of masked letters and digits that are personal.
    """

    resumes: int
    kinds: tuple[KindReport, ...]
    character_precision: float
    lost: dict[str, float]

    def of(self, kind: str) -> KindReport:
        """The report on a kind. Raises KeyError."""
        return {report.kind: report for report in self.kinds}[kind]

    @property
    def recall(self) -> float:
        """Of personal items of all kinds."""
        return sum(kind.found for kind in self.kinds) / max(1, sum(kind.items for kind in self.kinds))

    @property
    def precision(self) -> float:
        """Of masked spans of all kinds."""
        return sum(kind.right for kind in self.kinds) / max(1, sum(kind.masked for kind in self.kinds))


def evaluate_anonymizing(resumes: Iterable[MarkedResume], anonymize: Callable[[str], Anonymized]) -> AnonymizingReport:
    """Anonymizes resumes and compares with their truth."""
    counts: dict[str, list[int]] = {}
    kept: dict[str, list[int]] = {}
    resume_count = masked_characters = right_characters = 0
    for resume in resumes:
        resume_count += 1
        masked = anonymize(resume.text).masked
        covered, personal = _characters(resume.text, masked), _characters(resume.text, resume.personal)
        masked_characters += len(covered)
        right_characters += len(covered & personal)
        for item in resume.personal:
            count = counts.setdefault(item.kind, [0, 0, 0, 0])
            count[0] += 1
            count[1] += _characters(resume.text, [item]) <= covered
        for span in masked:
            count = counts.setdefault(span.kind, [0, 0, 0, 0])
            count[2] += 1
            count[3] += not personal.isdisjoint(range(span.start, span.end))
        for item in resume.kept:
            count = kept.setdefault(item.kind, [0, 0])
            count[0] += 1
            count[1] += not covered.isdisjoint(range(item.start, item.end))
    return AnonymizingReport(
        resumes=resume_count,
        kinds=tuple(KindReport(kind, *counts[kind]) for kind in sorted(counts)),
        character_precision=right_characters / masked_characters if masked_characters else 1.0,
        lost={kind: touched / total for kind, (total, touched) in sorted(kept.items())},
    )


def _characters(text: str, spans: Iterable[Marked | Masked]) -> set[int]:
    """The places of the letters and digits in spans."""
    return {place for span in spans for place in range(span.start, span.end) if text[place].isalnum()}
