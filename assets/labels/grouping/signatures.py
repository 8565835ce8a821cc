"""A text in short: its MinHash signature, by which near-duplicates are found, and its seat, by which it is put into a split.

Both are functions of the text alone (and the seat of the task), and are the same on every machine.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from assets.labels.grouping.shingles import WORDS_A_SHINGLE, Hashes, runs, scrambled, word_hashes

ROWS_A_BAND = 4
BANDS = 70
"""Two texts are compared where they agree on one whole band.

At a similarity of 0.6 all 70 bands of 4 differ with a probability of (1 - 0.6^4)^70, less than 7 in 100,000.
"""
HASHES = BANDS * ROWS_A_BAND

Signature = npt.NDArray[np.uint32]
"""The smallest hash of a text's shingles under each of `HASHES` permutations."""

_WORDS_OF_A_SEAT = 12
_SIGNATURE_KEY = "near-duplicates of labelled resumes"


@dataclass(frozen=True, slots=True)
class Summary:
    """What is kept of a text: how many shingles it has, their signature, and the seat from 0 up to 1."""

    shingles: int
    signature: Signature
    seat: float


def summary(text: str, task: str) -> Summary:
    """Sums a text up for a task."""
    words = word_hashes(text)
    found = np.unique(runs(words, WORDS_A_SHINGLE))
    smallest = np.multiply.outer(_factors(), found).min(axis=1)
    return Summary(len(found), (smallest >> np.uint64(32)).astype(np.uint32), _seat(words, task))


def _seat(words: Hashes, task: str) -> float:
    """From the text's smallest long run of words under one permutation, so that near-duplicates mostly have the same seat.

    Twelve words, since a short run that many resumes share (a heading, a phrase of a form) would seat up to a fifth of
    them together, and with that bend the shares of the splits; of runs of twelve it is 2 % at most.
    """
    key = _key(f"seats of {task}")
    smallest = scrambled(runs(words, _WORDS_OF_A_SEAT) ^ key).min(keepdims=True)
    [hashed] = scrambled(smallest + key)
    # 53 bits are what a float holds exactly.
    return float(hashed >> np.uint64(11)) / 2.0**53


@cache
def _factors() -> Hashes:
    """One odd factor a permutation: multiplying hashes that are spread well, modulo 2^64, spreads them anew."""
    counted = np.arange(HASHES, dtype=np.uint64) + _key(_SIGNATURE_KEY)
    return scrambled(counted) | np.uint64(1)


def _key(name: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little"))
