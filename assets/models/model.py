"""What a model is between the parts of this room: the examples it learns from, what promotion weighs, what it predicts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assets.labels.snapshots.reading import Snapshot

TRAIN, VALIDATION, TEST = "train", "validation", "test"


class NothingToTrain(Exception):
    """A step that builds on one that has not run; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Example:
    """A row of a dataset: an anonymized text and its label in the task's canonical form; `match` has an opening beside it.

    Rows of one `group_id` are near-duplicates of each other: they count as one in every interval.
    """

    text_hash: str
    group_id: str
    text: str
    label: str
    opening_hash: str | None = None
    opening_text: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition of a promotion: what was measured, the limit it is held against, and in a sentence what that means.

    `value` and `limit` are None where there is nothing to measure, as with a first champion's predecessor.
    """

    name: str
    passed: bool
    value: float | None
    limit: float | None
    told: str


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """Characters `start` to `end` (exclusive) of a text that show a skill of a kind, and how probable that is."""

    start: int
    end: int
    kind: str
    probability: float


def examples(snapshot: "Snapshot", split: str) -> list[Example]:
    """The rows of a split, in the snapshot's order."""
    return list(_rows(snapshot, split))


def _rows(snapshot: "Snapshot", split: str) -> Iterator[Example]:
    for row in snapshot.rows.to_pylist():
        if row["split"] == split:
            yield Example(
                row["text_hash"],
                row["group_id"],
                row["text"],
                row["label"],
                row["opening_hash"],
                row["opening_text"],
            )
