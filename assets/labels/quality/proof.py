"""What was proved of texts before, so that only new ones are compared: with one another, and with each that was there.

A search over all pairs that finds none in two splits holds for the same texts in the same splits for ever. What is new is
compared with what is proved by counting all shared elements, without any filter: every pair that shares one is met.
"""

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from assets.labels.quality.near_duplicates import SHOWN, WORK_A_BLOCK, Crossing, Search, crossing_pairs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LARGEST_NEW_SHARE = 0.25
"""Where more than this is new, the search over all is as quick."""


@dataclass(frozen=True, slots=True)
class Proved:
    """Texts of which no two in different splits are near-duplicates. `names` say which text in which split each is;
    `elements[bounds[i] : bounds[i + 1]]` are the shingles of the i-th."""

    names: list[str]
    bounds: "NDArray[np.int64]"
    elements: "NDArray[np.uint64]"

    def write(self, path: Path, rules: str) -> None:
        """Keeps it, with the rules by which it was found."""
        import numpy as np

        buffer = io.BytesIO()
        np.savez(buffer, rules=np.array(rules), names=np.array(self.names), bounds=self.bounds, elements=self.elements)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.write_bytes(buffer.getbuffer())
        unfinished.replace(path)

    @classmethod
    def read(cls, path: Path, rules: str) -> "Proved | None":
        """What was kept under the same rules; None where there is none that can be read."""
        import zipfile

        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as kept:
                if str(kept["rules"]) != rules:
                    return None
                return cls(kept["names"].tolist(), kept["bounds"], kept["elements"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            # It is proved again.
            return None


def prove(
    names: Sequence[str],
    splits: Sequence[int],
    shingles_of: "Callable[[int], NDArray[np.uint64]]",
    threshold: Fraction,
    proved: Proved | None,
) -> tuple[Search, Proved | None]:
    """Every pair of near-duplicates in different splits, and what is proved now: all of it, if there is no such pair.

    `names` say which text in which split each place holds; `shingles_of` gives the shingles of a place.
    """
    import numpy as np

    known = {name: number for number, name in enumerate(proved.names)} if proved else {}
    new = [place for place, name in enumerate(names) if name not in known]
    if proved is None or len(new) > _LARGEST_NEW_SHARE * len(names):
        sets = [shingles_of(place) for place in range(len(names))]
        search = crossing_pairs(sets, splits, threshold)
        return search, proved if search.found else Proved(list(names), *_joined(sets))
    places = np.array([place for place, name in enumerate(names) if name in known], dtype=np.int64)
    bounds, elements = _chosen(proved, np.array([known[names[place]] for place in places.tolist()], dtype=np.int64))
    sets = [shingles_of(place) for place in new]
    among = crossing_pairs(sets, [splits[place] for place in new], threshold)
    fresh_bounds, fresh = _joined(sets)
    numbers, split_of = np.array(new, dtype=np.int64), np.asarray(splits, dtype=np.int64)
    beside = _beside((fresh_bounds, fresh, numbers), (bounds, elements, places), split_of, threshold)
    inner = (Crossing(new[each.first], new[each.second], each.similarity) for each in among.crossings)
    search = Search(
        among.found + beside.found,
        tuple(sorted([*inner, *beside.crossings], key=lambda each: (each.first, each.second))),
        among.compared + beside.compared,
    )
    if search.found:
        return search, proved
    all_bounds = np.concatenate([bounds, bounds[-1] + fresh_bounds[1:]])
    all_names = [names[place] for place in [*places.tolist(), *new]]
    return search, Proved(all_names, all_bounds, np.concatenate([elements, fresh]))


def _beside(
    fresh: "tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]",
    old: "tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]",
    split_of: "NDArray[np.int64]",
    threshold: Fraction,
) -> Search:
    """The pairs of a new and an old text; each side is bounds, elements and places."""
    import numpy as np
    from scipy.sparse import csr_matrix

    values = np.unique(fresh[1])
    if not len(values) or not len(old[1]):
        return Search(0, (), 0)

    def matrix(side: "tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int64]]") -> csr_matrix:
        bounds, elements, places = side
        columns = np.minimum(np.searchsorted(values, elements), len(values) - 1)
        met = np.flatnonzero(values[columns] == elements)
        rows = np.searchsorted(bounds, met, side="right") - 1
        return csr_matrix((np.ones(len(met), dtype=np.int32), (rows, columns[met])), shape=(len(places), len(values)))

    ours, theirs = matrix(fresh), matrix(old)
    sizes, other_sizes = np.diff(fresh[0]), np.diff(old[0])
    work = np.cumsum(ours @ np.asarray(theirs.sum(axis=0)).ravel())
    theirs = theirs.T.tocsr()
    found = compared = start = 0
    shown: list[Crossing] = []
    while start < len(sizes):
        done = work[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(work, done + WORK_A_BLOCK, side="right")))
        met = (ours[start:end] @ theirs).tocoo()
        left, right, shared = met.row + start, met.col, met.data.astype(np.int64)
        first, second = fresh[2][left], old[2][right]
        union = sizes[left] + other_sizes[right] - shared
        near = shared * threshold.denominator >= union * threshold.numerator
        hits = np.flatnonzero(near & (split_of[first] != split_of[second]))
        compared += len(shared)
        found += len(hits)
        for hit in hits[: SHOWN - len(shown)]:
            pair = sorted((int(first[hit]), int(second[hit])))
            shown.append(Crossing(pair[0], pair[1], float(shared[hit] / union[hit])))
        start = end
    return Search(found, tuple(shown), compared)


def _joined(sets: "Sequence[NDArray[np.uint64]]") -> "tuple[NDArray[np.int64], NDArray[np.uint64]]":
    import numpy as np

    bounds = np.concatenate([[0], np.cumsum([len(each) for each in sets])]).astype(np.int64)
    return bounds, np.concatenate([*sets, np.empty(0, dtype=np.uint64)]).astype(np.uint64, copy=False)


def _chosen(proved: Proved, which: "NDArray[np.int64]") -> "tuple[NDArray[np.int64], NDArray[np.uint64]]":
    """The shingles of some of the proved texts, in that order."""
    import numpy as np

    sizes = np.diff(proved.bounds)[which]
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    if np.array_equal(which, np.arange(len(proved.names))):
        return bounds, proved.elements
    within = np.arange(bounds[-1]) - np.repeat(bounds[:-1], sizes)
    return bounds, proved.elements[np.repeat(proved.bounds[which], sizes) + within]
