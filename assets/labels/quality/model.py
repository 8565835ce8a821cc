"""What an examination of a dataset finds: an outcome a check, with what a person can look at."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

Record = Mapping[str, str | int | float]

CHECK_NAMES = {
    "rows_well_formed": "Each row is there once, has a label and a split, and each text is named by its own hash.",
    "groups_in_one_split": "No group of near-duplicates lies in two splits.",
    "no_near_duplicates_across_splits": "No two texts of different splits are near-duplicates: a search that misses none.",
    "class_minimums": "Every class can be learned, and there is something to measure with.",
    "residual_personal_data": "A second method, unlike the one that masked, finds next to nothing personal.",
    "label_noise": "Labels fit their texts: those that a model without them would not give are listed for review.",
    "drift": "Labels, lengths and words are distributed as in the last snapshot.",
}
"""The checks by name, with what each asserts."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check found. `told` says in sentences what is wrong and what to do; it holds no text of a resume.

    A check that did not pass but does not block is a warning. `records` is what a person may want to look at.
    """

    name: str
    passed: bool
    blocks: bool
    told: tuple[str, ...] = ()
    figures: Mapping[str, int | float] = field(default_factory=dict)
    records: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Examination:
    """Every check's outcome, in the order of CHECK_NAMES, on the dataset of that identity (see snapshots).

    `withheld` are the hashes of texts that hold something personal beyond doubt: they are left out of the snapshot.
    """

    dataset: str
    outcomes: tuple[CheckOutcome, ...]
    withheld: tuple[str, ...] = ()

    @property
    def failures(self) -> Sequence[CheckOutcome]:
        """Those for whose sake nothing may be published."""
        return [each for each in self.outcomes if each.blocks and not each.passed]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        outcomes = (
            CheckOutcome(**{**each, "told": tuple(each["told"]), "records": tuple(each["records"])})
            for each in values["outcomes"]
        )
        return cls(values["dataset"], tuple(outcomes), tuple(values["withheld"]))
