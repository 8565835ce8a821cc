"""An exact search for near-duplicates in different splits: it finds every pair, and shows none that is not one.

The method is prefix filtering: S. Chaudhuri, V. Ganti, R. Kaushik, "A primitive operator for similarity joins in data
cleaning" (ICDE 2006), in the form for sets of R. Bayardo, Y. Ma, R. Srikant (WWW 2007) and C. Xiao, W. Wang, X. Lin, J. Yu,
"Efficient similarity joins for near duplicate detection" (WWW 2008, PPJoin). Why no pair is missed, for sets x and y whose
Jaccard similarity is at least t:

1. They share at least a = ⌈t/(1+t) · (|x|+|y|)⌉ elements, since |x∩y| ≥ t·|x∪y| = t·(|x|+|y|-|x∩y|); and a ≥ ⌈t·|x|⌉, since
   |x∩y| ≥ t·|x∪y| ≥ t·|x|; the same holds for y.
2. All elements are put in one order. The prefix of x is its first |x|-⌈t·|x|⌉+1 elements. Take the elements that both share,
   at least ⌈t·|x|⌉ of them: fewer than that lie behind the prefix of x, so that the first shared one, w, lies in it. By the
   same count w lies in the prefix of y. Hence every pair shares an element of both prefixes, and looking only at pairs that
   do loses none. Rare elements come first in the order, so that such pairs are few.
3. Let c be how many elements the two prefixes share, and let the last element of x's prefix come no later than that of y's.
   An element of x's prefix that is in y is then in y's prefix as well, since this holds all of y up to a later element. So at
   most c + |x| - |prefix of x| are shared in all; pairs for which that is below a are left out, and none of them is similar.
4. What remains is counted exactly. All comparisons are of whole numbers: t is a fraction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shingles = NDArray[np.uint64]

WORK_A_BLOCK = 20_000_000
"""Products of one sparse multiplication, which bound its memory to some hundred megabytes."""
SHOWN = 100
"""Of the pairs that were found, how many are told."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two texts, by their place in what was searched, in different splits, and their Jaccard similarity."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Search:
    """`found`: how many pairs there are; `crossings`: the first hundred of them; `compared`: how many were counted exactly."""

    found: int
    crossings: tuple[Crossing, ...]
    compared: int


def crossing_pairs(shingles: "Sequence[Shingles]", splits: Sequence[int], threshold: Fraction) -> Search:
    """Every pair of texts of different splits whose sets of shingles have at least that Jaccard similarity (above 0, up to 1).

    `shingles` are each text's different shingle hashes, in any order; `splits` numbers each one's split. A text without
    shingles is like no other. Memory is about 60 bytes a shingle. Raises ValueError for a threshold that is none.
    """
    import numpy as np

    if not 0 < threshold <= 1:
        raise ValueError("The threshold of a similarity is above 0 and at most 1.")
    sets = _RankedSets(shingles, threshold)
    split_of = np.asarray(splits, dtype=np.int64)
    compared = found = 0
    shown: list[Crossing] = []
    members = {int(split): np.flatnonzero((split_of == split) & (sets.sizes > 0)) for split in np.unique(split_of)}
    # Each two splits are met once: every split with all those that are larger than it, or as large and behind it.
    order = sorted(members, key=lambda split: (len(members[split]), split))
    for place, split in enumerate(order):
        others = [members[each] for each in order[place + 1 :]]
        if not others or not len(members[split]):
            continue
        for left, right in _candidates(sets, members[split], np.concatenate(others), threshold):
            compared += len(left)
            shared = sets.shared(left, right)
            union = sets.sizes[left] + sets.sizes[right] - shared
            hits = np.flatnonzero(shared * threshold.denominator >= union * threshold.numerator)
            found += len(hits)
            for hit in hits[: SHOWN - len(shown)]:
                first, second = sorted((int(left[hit]), int(right[hit])))
                shown.append(Crossing(first, second, float(shared[hit] / union[hit])))
    return Search(found, tuple(sorted(shown, key=lambda each: (each.first, each.second))), compared)


class _RankedSets:
    """The sets with their elements as ranks in the common order, ascending: `elements[bounds[i] : bounds[i + 1]]` is set i."""

    def __init__(self, shingles: "Sequence[Shingles]", threshold: Fraction) -> None:
        import numpy as np

        self.sizes = np.fromiter((len(each) for each in shingles), dtype=np.int64, count=len(shingles))
        self.bounds = np.concatenate([[0], np.cumsum(self.sizes)])
        together = np.concatenate([*shingles, np.empty(0, dtype=np.uint64)]).astype(np.uint64, copy=False)
        values, inverse, counts = np.unique(together, return_inverse=True, return_counts=True)
        del together
        rank = np.empty(len(values), dtype=np.int64)
        rank[np.argsort(counts, kind="stable")] = np.arange(len(values))
        self.kinds = len(values)
        self.alone = int(np.count_nonzero(counts == 1))
        del values, counts
        owner = np.repeat(np.arange(len(shingles), dtype=np.int64), self.sizes)
        # One sort orders every set, because a set's number is the higher half of the key.
        keys = (owner << 32) | rank[inverse]
        del owner, inverse, rank
        keys.sort()
        self.elements = (keys & 0xFFFFFFFF).astype(np.int32)
        del keys
        needed = -(-threshold.numerator * self.sizes // threshold.denominator)
        self.prefixes = np.where(self.sizes > 0, self.sizes - needed + 1, 0)

    def last_of_prefix(self, which: "NDArray[np.int64]") -> Any:
        return self.elements[self.bounds[which] + self.prefixes[which] - 1]

    def prefix_matrix(self, which: "NDArray[np.int64]") -> Any:
        """Sets by elements, sparse, 1 where the element is in the set's prefix and in some other set at all."""
        import numpy as np
        from scipy.sparse import csr_matrix

        rows = np.repeat(np.arange(len(which)), self.prefixes[which])
        begins = np.repeat(self.bounds[which], self.prefixes[which])
        within = np.arange(len(rows)) - np.repeat(
            np.cumsum(self.prefixes[which]) - self.prefixes[which], self.prefixes[which]
        )
        elements = self.elements[begins + within]
        # The rarest ranks are those of elements that one set alone has.
        common = elements >= self.alone
        return csr_matrix(
            (
                np.ones(int(common.sum()), dtype=np.int32),
                (rows[common], elements[common] - self.alone),
            ),
            shape=(len(which), self.kinds - self.alone),
        )

    def shared(self, left: "NDArray[np.int64]", right: "NDArray[np.int64]") -> Any:
        """How many elements each pair of sets shares; pairs with the same left set stand together."""
        import numpy as np

        counts = np.zeros(len(left), dtype=np.int64)
        present = np.zeros(self.kinds, dtype=bool)
        edges = [*np.flatnonzero(np.diff(left, prepend=-1)).tolist(), len(left)]
        for start, end in pairwise(edges):
            mine = self.elements[self.bounds[left[start]] : self.bounds[left[start] + 1]]
            present[mine] = True
            for pair in range(start, end):
                other = right[pair]
                counts[pair] = np.count_nonzero(present[self.elements[self.bounds[other] : self.bounds[other + 1]]])
            present[mine] = False
        return counts


def _candidates(
    sets: _RankedSets, left: "NDArray[np.int64]", right: "NDArray[np.int64]", threshold: Fraction
) -> Iterator[tuple[Any, Any]]:
    """Pairs of a left and a right set that may be similar, block by block, ordered by the left one."""
    import numpy as np

    ours, theirs = sets.prefix_matrix(left), sets.prefix_matrix(right)
    # What a left set costs is how often the elements of its prefix stand in the prefixes of the right ones.
    work = np.cumsum(ours @ np.asarray(theirs.sum(axis=0)).ravel())
    theirs = theirs.T.tocsr()
    start = 0
    while start < len(left):
        done = work[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(work, done + WORK_A_BLOCK, side="right")))
        met = (ours[start:end] @ theirs).tocoo()
        first, second = left[met.row + start], right[met.col]
        size_first, size_second = sets.sizes[first], sets.sizes[second]
        needed = -(-threshold.numerator * (size_first + size_second) // (threshold.numerator + threshold.denominator))
        behind = np.where(
            sets.last_of_prefix(first) <= sets.last_of_prefix(second),
            size_first - sets.prefixes[first],
            size_second - sets.prefixes[second],
        )
        possible = np.minimum(np.minimum(size_first, size_second), met.data + behind) >= needed
        chosen = np.flatnonzero(possible)
        chosen = chosen[np.argsort(met.row[chosen], kind="stable")]
        yield first[chosen], second[chosen]
        start = end
