"""What is found out about a dataset before anything of it is judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.grouping.shingles import THRESHOLD, shingles
from assets.labels.quality.classes import SPLITS
from assets.labels.quality.drift import Drift, compare
from assets.labels.quality.features import inputs
from assets.labels.quality.label_noise import NoiseReport, find_noise
from assets.labels.quality.near_duplicates import Search, crossing_pairs
from assets.labels.quality.personal_data import SURE_KINDS, Found, find_all
from assets.storage.hashing import content_hash

if TYPE_CHECKING:
    import pyarrow

    from assets.labels.tasks.task import Task

Columns = Mapping[str, Sequence[Any]]
"""The mart's rows, column by column."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. `places` are the rows of each different text (of a split) once, as `search` numbers them; `personal` is
    by text hash, and `searched` the same by the SHA-256 of the text to the letter.
    """

    places: Sequence[int]
    search: Search
    personal: Mapping[str, Found]
    searched: Mapping[str, Found]
    noise: NoiseReport
    drifts: Sequence[Drift]

    @property
    def withheld(self) -> list[str]:
        """The hashes of texts that hold something personal beyond doubt, ascending."""
        return [key for key, found in self.personal.items() if any(kind in SURE_KINDS for kind, _, _ in found)]


def find_out(
    columns: Columns,
    task: "Task",
    earlier: "pyarrow.Table | None",
    known_findings: Mapping[str, Found],
    heard: Callable[[str], None],
) -> Findings:
    """Everything about the rows; `earlier` is the last snapshot, `known_findings` what `searched` was before."""
    texts: dict[str, str] = {}
    for key, text in zip(columns["text_hash"], columns["text"], strict=True):
        texts[key] = min(text, texts.get(key, text))
    exact = {key: content_hash(text.encode()) for key, text in sorted(texts.items())}
    heard(f"searching {len(texts):,} texts for personal data that is left")
    searched = find_all({exact[key]: text for key, text in texts.items()}, known_findings)
    heard("searching for near-duplicates across splits")
    places = _places(columns)
    search = _search(columns, places)
    heard("looking for labels that do not fit their texts")
    return Findings(
        places,
        search,
        {key: searched[name] for key, name in exact.items()},
        searched,
        _noise(columns, task),
        _drifts(columns, earlier, task),
    )


def _places(columns: Columns) -> list[int]:
    """One row for each different text and split."""
    first: dict[tuple[str, str], int] = {}
    for row, key in enumerate(zip(columns["text_hash"], columns["split"], strict=True)):
        first.setdefault(key, row)
    return list(first.values())


def _search(columns: Columns, places: Sequence[int]) -> Search:
    """The search over the different texts, numbered by their places. A text of several splits is its own twin."""
    texts, splits = [], []
    for row in places:
        texts.append(shingles(columns["text"][row]))
        splits.append(SPLITS.index(columns["split"][row]) if columns["split"][row] in SPLITS else len(SPLITS))
    return crossing_pairs(texts, splits, THRESHOLD)


def _noise(columns: Columns, task: "Task") -> NoiseReport:
    # Labels of several classes are not one choice among them, which is what confident learning judges.
    if any(len(task.classes(label)) != 1 for label in set(columns["label"])):
        return NoiseReport(0, ())
    texts = inputs(columns["text"], columns["opening_text"])
    return find_noise(texts, columns["label"], columns["group_id"])


def _drifts(columns: Columns, earlier: "pyarrow.Table | None", task: "Task") -> list[Drift]:
    if earlier is None:
        return []
    return compare(
        earlier["text"].to_pylist(),
        (name for label in earlier["label"].to_pylist() for name in task.classes(label)),
        columns["text"],
        (name for label in columns["label"] for name in task.classes(label)),
    )
