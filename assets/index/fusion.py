"""How the keyword side and the dense side become one ranking. Pure, and the same whichever engine found the candidates."""

import numpy as np
from numpy.typing import NDArray

DENSE_WEIGHT = 0.45
"""The share of the dense side in a fused score."""


def fuse(
    keyword: NDArray[np.float64], dense: NDArray[np.float64], dense_weight: float = DENSE_WEIGHT
) -> NDArray[np.float64]:
    """One score from 0 to 1 a candidate, from its keyword score and its cosine, both of shape (candidates,).

    Each side is divided by its own best score, so that the scales need not agree and the number of candidates does not
    matter; a side that found nothing gives nothing. Negative scores count as 0.
    """
    return (1 - dense_weight) * _relative(keyword) + dense_weight * _relative(dense)


def _relative(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    best = scores.max(initial=0.0)
    return np.clip(scores / best, 0.0, 1.0) if best > 0 else np.zeros_like(scores)


def at_least_the_kth(scores: NDArray[np.float64], k: int) -> list[int]:
    """The positions of the `k` highest scores and of those that equal the last of them, so that a tie can be decided by what
    the rows are called."""
    if len(scores) <= k:
        return list(range(len(scores)))
    return [int(position) for position in np.flatnonzero(scores >= np.partition(scores, -k)[-k])] if k > 0 else []
