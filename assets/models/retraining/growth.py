"""Whether a dataset grew enough to train on: pure rules on its groups of near-duplicates and those that were trained on before.

A further copy of a resume teaches nothing. Everything here counts groups, and a group of which one text was there before is
no new one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from assets.labels.quality.classes import FEW_TO_LEARN
from assets.models.model import TRAIN


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a dataset, as its manifest's hash vouches for it: by hashes, without texts."""

    text_hash: str
    opening_hash: str | None
    group_id: str
    split: str
    label: str


@dataclass(frozen=True, slots=True)
class Content:
    """What growth is measured on: each group's texts, and the classes of which there are enough groups to be learned."""

    groups: tuple[frozenset[str], ...]
    learnable: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[Row], classes_of: Callable[[str], tuple[str, ...]]) -> Self:
        """That of a dataset's rows; `classes_of` says what a label counts for."""
        texts: defaultdict[str, set[str]] = defaultdict(set)
        taught: defaultdict[str, set[str]] = defaultdict(set)
        for row in rows:
            texts[row.group_id].add(row.text_hash)
            if row.split == TRAIN:
                for name in classes_of(row.label):
                    taught[name].add(row.group_id)
        learnable = frozenset(name for name, groups in taught.items() if len(groups) >= FEW_TO_LEARN)
        return cls(tuple(frozenset(texts[group]) for group in sorted(texts)), learnable)

    def new_groups(self, before: "Content") -> int:
        """How many groups have no text that was there before."""
        known = frozenset().union(*before.groups)
        return sum(known.isdisjoint(texts) for texts in self.groups)


@dataclass(frozen=True, slots=True)
class Before:
    """A dataset that was trained on before; `what` says of which model, in words that follow "since".

    `drifted` is what the checks of later datasets said of drift, in sentences; `relabelled`: a resume of it has another label
    now; `erased`: it held a person who was erased since, and the latest dataset did not.
    """

    what: str
    content: Content
    drifted: tuple[str, ...] = ()
    relabelled: bool = False
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as grown: so many new groups, or that share (above 0) of the groups that were trained on before."""

    groups: int
    share: float

    def needed(self, before: int) -> int:
        """How many new groups it takes after so many; at least one."""
        # Of the share as a person wrote it: 0.2 of 15 is 3, though the number nearest to 0.2 is a little more.
        share = Fraction(str(self.share)) * before
        return min(self.groups, max(1, -(-share.numerator // share.denominator)))


@dataclass(frozen=True, slots=True)
class Growth:
    """Whether to train, and in a few words why or why not."""

    is_due: bool
    reason: str


def judge(latest: Content, trained: Sequence[Before], limits: Limits) -> Growth:
    """Holds the latest dataset against each that stands in its way, such as the champion's and that of the candidate that was
    decided on last: there has to be a reason against every one. Without any, it is the first to train on.
    """
    if not trained:
        return Growth(True, "nothing was trained on these labels yet")
    reasons = []
    for before in trained:
        new, needed = latest.new_groups(before.content), limits.needed(len(before.content.groups))
        reason = f"{new:,} new groups of resumes" if new >= needed else _other_reason(latest, before, new)
        if reason is None:
            return Growth(False, f"{new:,} new groups of resumes since {before.what}, of {needed:,} that it takes")
        reasons.append(f"{reason} since {before.what}")
    return Growth(True, "; ".join(reasons))


def relabelled(latest: Iterable[Row], before: Iterable[Row]) -> bool:
    """Whether a resume (for an opening) that was there before has another label now."""
    labels = {(row.text_hash, row.opening_hash): row.label for row in before}
    return any(labels.get((row.text_hash, row.opening_hash), row.label) != row.label for row in latest)


def _other_reason(latest: Content, before: Before, new: int) -> str | None:
    if before.erased:
        return "a person was erased"
    if not new and not before.relabelled:
        # Copies alone can move every figure, and teach nothing.
        return None
    reached = sorted(latest.learnable - before.content.learnable)
    if reached:
        return f"enough resumes of {', '.join(reached)} for the first time"
    return f"drift ({'; '.join(before.drifted)})" if before.drifted else None
