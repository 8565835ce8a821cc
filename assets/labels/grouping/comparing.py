"""Exact similarity of many texts at once: of listed pairs, and of crowds, all of whose pairs count.

A crowd is what shares so much, or is so much alike, that listing its pairs would take quadratic time and memory: thousands
of resumes on one form, thousands of copies. Copies fall together after a few comparisons of one with all; for the rest,
matrices count what every two share, the dense part (what many have) and the sparse part (what few have) each by the
method that is quick for it.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from assets.labels.grouping.candidates import Numbers
from assets.labels.grouping.components import Components
from assets.labels.grouping.shingles import THRESHOLD, Shingles

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_PAIRS_AT_ONCE = 5_000
_ROWS_AT_ONCE = 256
_LEADERS = 8
"""How many texts of a crowd are compared with all others before the matrices are made."""
_DENSE_SHARE = 1 / 16
"""What more than this share of a crowd's texts have is counted in a dense matrix."""
_DENSE_COLUMNS = 4096
# A similarity of p/q or more, of sets of a and b members that share s: s/(a+b-s) >= p/q, that is (p+q) s >= p (a+b).
_OF_SHARED = THRESHOLD.numerator + THRESHOLD.denominator
_OF_SIZES = THRESHOLD.numerator


class Comparison:
    """The texts that have to be compared, as a sparse matrix: a row a text, a column a shingle that two or more have."""

    def __init__(self, numbers: Numbers, shingles: list[Shingles]) -> None:
        """`shingles` are those of the texts with these numbers, which are ascending."""
        from scipy.sparse import csr_array

        self._numbers = numbers
        self._sizes = np.array([len(each) for each in shingles], dtype=np.int64)
        values = np.concatenate(shingles) if shingles else np.zeros(0, dtype=np.uint64)
        _, columns, counts = np.unique(values, return_inverse=True, return_counts=True)
        shared = counts > 1
        renumbered = np.cumsum(shared) - 1
        kept = shared[columns]
        rows = np.repeat(np.arange(len(shingles)), self._sizes)[kept]
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(shingles)))])
        ones = np.ones(int(kept.sum()), dtype=np.float32)
        shape = (len(shingles), int(shared.sum()))
        self._matrix: csr_array = csr_array((ones, renumbered[columns[kept]], starts), shape=shape)

    def join_pairs(self, pairs: Numbers, components: Components) -> None:
        """Joins those of the pairs that are near-duplicates; those that are one group already are not compared."""
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            left, right = pairs[start : start + _PAIRS_AT_ONCE].T
            apart = ~components.joined(left, right)
            left, right = left[apart], right[apart]
            near = self._near(self._rows(left), self._rows(right))
            components.join(left[near], right[near])

    def join_crowd(self, members: Numbers, new: npt.NDArray[np.bool_], components: Components) -> None:
        """Joins all near-duplicates among the members of a crowd; `new` says which texts have not been compared yet."""
        fresh = members[new[members]]
        left, leaders = fresh, members
        for _ in range(_LEADERS):
            if not len(leaders) or not len(left):
                break
            leader, leaders = leaders[:1], leaders[1:]
            left = left[components.names[left] != components.names[leader]]
            same = np.repeat(leader, len(left))
            near = self._near(self._rows(same), self._rows(left))
            components.join(same[near], left[near])
            left = left[~near]
            # Whoever follows the leader would gather the same ones again.
            leaders = leaders[components.names[leaders] != components.names[leader]]
        if len(np.unique(components.names[members])) > 1:
            self._join_all(fresh, members, components)

    def _rows(self, numbers: Numbers) -> Numbers:
        return np.searchsorted(self._numbers, numbers)

    def _near(self, left: Numbers, right: Numbers) -> npt.NDArray[np.bool_]:
        near = np.zeros(len(left), dtype=bool)
        for start in range(0, len(left), _PAIRS_AT_ONCE):
            one, other = left[start : start + _PAIRS_AT_ONCE], right[start : start + _PAIRS_AT_ONCE]
            shared = self._matrix[one].multiply(self._matrix[other]).sum(axis=1)
            near[start : start + _PAIRS_AT_ONCE] = self._is_near(shared, self._sizes[one], self._sizes[other])
        return near

    @staticmethod
    def _is_near(shared: Any, one: Any, other: Any) -> Any:
        return _OF_SHARED * shared >= _OF_SIZES * (one + other)

    def _join_all(self, fresh: Numbers, members: Numbers, components: Components) -> None:
        rows = self._rows(members)
        sizes = self._sizes[rows].astype(np.float32)
        dense, sparse = _parted(self._matrix[rows])
        places = np.searchsorted(members, fresh)
        for start in range(0, len(fresh), _ROWS_AT_ONCE):
            part = places[start : start + _ROWS_AT_ONCE]
            names = components.names[members]
            shared = dense[part] @ dense.T + (sparse[part] @ sparse.T).toarray()
            near = self._is_near(shared, sizes[part, None], sizes[None, :]) & (names[part, None] != names[None, :])
            left, right = np.nonzero(near)
            components.join(members[part[left]], members[right])


def _parted(matrix: "csr_array") -> tuple[npt.NDArray[np.float32], "csr_array"]:
    """The columns that many rows have, dense, and the others, sparse."""
    counts = np.bincount(matrix.indices, minlength=matrix.shape[1])
    many = np.flatnonzero(counts > max(1.0, _DENSE_SHARE * matrix.shape[0]))
    many = many[np.argsort(-counts[many], kind="stable")][:_DENSE_COLUMNS]
    few = (counts > 1) & ~np.isin(np.arange(matrix.shape[1]), many)
    by_column = matrix.tocsc()
    return by_column[:, many].toarray(), by_column[:, np.flatnonzero(few)].tocsr()
