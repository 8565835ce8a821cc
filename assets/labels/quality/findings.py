"""What is found out about a dataset before anything of it is judged."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assets.labels.grouping.shingles import THRESHOLD, shingles
from assets.labels.quality.classes import SPLITS
from assets.labels.quality.drift import Drift, compare
from assets.labels.quality.features import MOST_ROWS, inputs
from assets.labels.quality.label_noise import NoiseReport, find_noise
from assets.labels.quality.near_duplicates import Search
from assets.labels.quality.personal_data import SURE_KINDS, Found, find_all
from assets.labels.quality.proof import Proved, prove
from assets.storage.hashing import content_hash

if TYPE_CHECKING:
    import pyarrow

    from assets.labels.tasks.task import Task

Columns = Mapping[str, Sequence[Any]]
"""The mart's rows, column by column."""

_COMPARED = ("text_hash", "text", "label", "group_id", "opening_hash")


@dataclass(frozen=True, slots=True)
class Known:
    """What an examination leaves to the next one, so that only new texts cost anything: the findings of personal data by the
    SHA-256 of the text to the letter, and of which texts it is proved that no two are near-duplicates in different splits.
    """

    searched: Mapping[str, Found] = field(default_factory=dict)
    proved: Proved | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. `places` are the rows of each different text (of a split) once, as `search` numbers them; `personal` is
    by text hash.
    """

    places: Sequence[int]
    search: Search
    personal: Mapping[str, Found]
    noise: NoiseReport
    drifts: Sequence[Drift]
    known: Known

    @property
    def withheld(self) -> list[str]:
        """The hashes of texts that hold something personal beyond doubt, ascending."""
        return [key for key, found in self.personal.items() if any(kind in SURE_KINDS for kind, _, _ in found)]


def find_out(
    columns: Columns,
    task: "Task",
    earlier: "pyarrow.Table | None",
    known: Known,
    heard: Callable[[str], None],
) -> Findings:
    """Everything about the rows; `earlier` is the last snapshot, `known` what the last examination left."""
    texts: dict[str, str] = {}
    for key, text in zip(columns["text_hash"], columns["text"], strict=True):
        texts[key] = min(text, texts.get(key, text))
    exact = {key: content_hash(text.encode()) for key, text in sorted(texts.items())}
    heard(f"searching {len(texts):,} texts for personal data that is left")
    searched = find_all({exact[key]: text for key, text in texts.items()}, known.searched)
    heard("searching for near-duplicates across splits")
    places = _places(columns)
    search, proved = _search(columns, places, known.proved)
    heard("looking for labels that do not fit their texts")
    return Findings(
        places,
        search,
        {key: searched[name] for key, name in exact.items()},
        _noise(columns, earlier, task),
        _drifts(columns, earlier, task),
        Known(searched, proved),
    )


def _places(columns: Columns) -> list[int]:
    """One row for each different text and split."""
    first: dict[tuple[str, str], int] = {}
    for row, key in enumerate(zip(columns["text_hash"], columns["split"], strict=True)):
        first.setdefault(key, row)
    return list(first.values())


def _search(columns: Columns, places: Sequence[int], proved: Proved | None) -> tuple[Search, Proved | None]:
    """The search over the different texts, numbered by their places. A text of several splits is its own twin."""
    texts = [columns["text"][row] for row in places]
    splits = [columns["split"][row] for row in places]
    # By what the text is, not by what the row says that its hash is.
    names = [f"{content_hash(text.encode())} {split}" for text, split in zip(texts, splits, strict=True)]
    numbers = [SPLITS.index(split) if split in SPLITS else len(SPLITS) for split in splits]
    return prove(names, numbers, lambda place: shingles(texts[place]), THRESHOLD, proved)


def _noise(columns: Columns, earlier: "pyarrow.Table | None", task: "Task") -> NoiseReport:
    # Labels of several classes are not one choice among them, which is what confident learning judges.
    if any(len(task.classes(label)) != 1 for label in set(columns["label"])):
        return NoiseReport((), ())
    seen = set() if earlier is None else set(_judged(earlier["text_hash"], earlier["opening_hash"], earlier["label"]))
    rows = zip(columns["text_hash"], columns["opening_hash"], columns["label"], strict=True)
    texts = inputs(columns["text"], columns["opening_text"])
    return find_noise(texts, columns["label"], columns["group_id"], [row not in seen for row in rows])


def _judged(*columns: "pyarrow.ChunkedArray") -> "Iterator[tuple[str, str | None, str]]":
    return zip(*(column.to_pylist() for column in columns), strict=True)


def _drifts(columns: Columns, earlier: "pyarrow.Table | None", task: "Task") -> list[Drift]:
    if earlier is None:
        return []
    before = {name: earlier[name].to_pylist() for name in _COMPARED}
    then, here = _one_each(before), _one_each(columns)
    return compare(
        _some_texts(before, then),
        (name for row in then for name in task.classes(before["label"][row])),
        _some_texts(columns, here),
        (name for row in here for name in task.classes(columns["label"][row])),
    )


def _one_each(columns: Columns) -> list[int]:
    """Of the near-duplicates of a group, for each opening, the row whose text has the smallest hash: copies move nothing."""
    chosen: dict[tuple[str, str | None], int] = {}
    for row, key in enumerate(zip(columns["group_id"], columns["opening_hash"], strict=True)):
        known = chosen.setdefault(key, row)
        if columns["text_hash"][row] < columns["text_hash"][known]:
            chosen[key] = row
    return list(chosen.values())


def _some_texts(columns: Columns, rows: Sequence[int]) -> list[str]:
    """The rows' texts, or of very many those with the smallest hashes: mostly the same ones from one snapshot to the next."""
    some = heapq.nsmallest(MOST_ROWS, rows, key=columns["text_hash"].__getitem__)
    return [columns["text"][row] for row in sorted(some)]
