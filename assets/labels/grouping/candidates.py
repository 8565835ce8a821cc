"""Which texts to compare: those whose signatures agree on a band, found without looking at every pair."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assets.labels.grouping.shingles import THRESHOLD, Hashes, scrambled
from assets.labels.grouping.signatures import BANDS, ROWS_A_BAND

Numbers = npt.NDArray[np.int64]
Signatures = npt.NDArray[np.uint32]

LARGEST_FAMILY = 100
"""From more texts than this in one bucket no pairs are made: they are a crowd, which is compared as a whole."""
_TOLERANCE = 0.12
"""How far below the threshold a pair's signatures may agree: less happens to 3 in 100,000 pairs at the threshold."""
_PAIRS_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """Texts by their numbers: pairs (two columns, the smaller first, ascending) and crowds."""

    pairs: Numbers
    crowds: list[Numbers]


def find_candidates(signatures: Signatures, new: npt.NDArray[np.bool_]) -> Candidates:
    """What to compare because of the new texts: pairs and crowds with at least one of them."""
    count = len(signatures)
    codes: list[Numbers] = []
    crowds: dict[bytes, Numbers] = {}
    known = np.zeros(0, dtype=np.int64)
    for band in range(BANDS):
        for bucket in _buckets(_band_keys(signatures, band), new):
            if bucket.shape[1] > LARGEST_FAMILY:
                for members in bucket:
                    crowds.setdefault(members.tobytes(), members)
            else:
                codes.append(_codes(bucket, new, count))
        if codes:
            found = np.setdiff1d(np.concatenate(codes), known)
            known = np.union1d(known, found[_agree(signatures, found)])
            codes = []
    return Candidates(np.stack(np.divmod(known, max(count, 1)), axis=1), list(crowds.values()))


def _band_keys(signatures: Signatures, band: int) -> Hashes:
    rows = signatures[:, band * ROWS_A_BAND : (band + 1) * ROWS_A_BAND].astype(np.uint64)
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for row in rows.T:
        mixed = scrambled(mixed + row)
    return mixed


def _buckets(keys: Hashes, new: npt.NDArray[np.bool_]) -> Iterator[Numbers]:
    """The texts with the same key, at least one of them new: a table for each size of bucket, a line a bucket."""
    touched = np.flatnonzero(np.isin(keys, keys[new]))
    order = touched[np.argsort(keys[touched], kind="stable")]
    starts = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]))
    sizes = np.diff(starts, append=len(order))
    for size in np.unique(sizes[sizes > 1]):
        yield order[starts[sizes == size][:, None] + np.arange(size)]


def _codes(buckets: Numbers, new: npt.NDArray[np.bool_], count: int) -> Numbers:
    """A number for each pair within the buckets, of which one at least is new."""
    left, right = np.triu_indices(buckets.shape[1], k=1)
    first, second = buckets[:, left].ravel(), buckets[:, right].ravel()
    wanted = new[first] | new[second]
    # Within a bucket the texts are ascending, since the sort that made it keeps their order.
    return np.unique(first[wanted] * count + second[wanted])


def _agree(signatures: Signatures, codes: Numbers) -> npt.NDArray[np.bool_]:
    """Whether signatures agree so far that the texts may be near-duplicates."""
    least = (float(THRESHOLD) - _TOLERANCE) * signatures.shape[1]
    agreed = np.zeros(len(codes), dtype=bool)
    for start in range(0, len(codes), _PAIRS_AT_ONCE):
        first, second = np.divmod(codes[start : start + _PAIRS_AT_ONCE], len(signatures))
        agreed[start : start + _PAIRS_AT_ONCE] = (signatures[first] == signatures[second]).sum(axis=1) >= least
    return agreed
