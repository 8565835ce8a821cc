"""In which order examples are learned: drawn anew each epoch, those of about one length together."""

from collections.abc import Sequence

_BATCHES_A_POOL = 8


def batches(sizes: Sequence[int], batch: int, seed: int, epoch: int) -> list[list[int]]:
    """Indices in batches. The same sizes, seed and epoch give the same ones.

    Within a pool of some batches examples are sorted by size, so that a batch holds about as many tokens in each of its
    examples; the batches of all pools are then shuffled.
    """
    import numpy as np

    generator = np.random.default_rng([seed, epoch])
    order = generator.permutation(len(sizes)).tolist()
    pool = batch * _BATCHES_A_POOL
    found: list[list[int]] = []
    for start in range(0, len(order), pool):
        part = sorted(order[start : start + pool], key=lambda index: (sizes[index], index))
        found += [part[place : place + batch] for place in range(0, len(part), batch)]
    return [found[place] for place in generator.permutation(len(found)).tolist()]


def rate_at(step: int, steps: int, warm_up: float) -> float:
    """The share of the peak learning rate at a step: linear up over `warm_up` of all steps, then half a cosine down to zero."""
    import math

    warm = max(1, round(steps * warm_up))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
