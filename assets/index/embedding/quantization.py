"""How matrix products go from float32 to int8: pure arithmetic on weights and on the measured ranges of their inputs.

An input has one scale that is fixed for good: a scale taken from the batch at hand would let one text change another's
vector. Channels of very different size share it badly. So each channel is first divided by a factor, which the weights
multiply back (SmoothQuant, https://arxiv.org/abs/2211.10438). Behind the activation, where that would be a step of its
own, the few largest channels are multiplied in float32 instead (LLM.int8(), https://arxiv.org/abs/2208.07339). Where it is
known how the channels go together, what rounding does to one weight is made up for by others (GPTQ,
https://arxiv.org/abs/2210.17323): closer by a fourth, at no cost to those who run it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SMOOTHING = 0.8
"""How much of a channel's size goes from the input to the weights: 0 none, 1 all. Measured, with a flat optimum."""

OUTLIERS = 32
"""Channels behind the activation that stay in float32. Twice as many gain nothing that can be measured."""

_DAMPING = 0.01
"""Of the mean second moment, added to each channel's, so that channels that hardly vary can't take everything on."""

_COLUMNS_AT_ONCE = 64
_INPUT_LEVELS = 255
_WEIGHT_LEVELS = 127
_SMALLEST = 1e-4


@dataclass(frozen=True, slots=True)
class InputRange:
    """The smallest and the largest value of each channel of an input, shape (channels,)."""

    low: Array
    high: Array


@dataclass(frozen=True, slots=True)
class InputScale:
    """Channel c of an input is stored as round(value / factors[c] / step) + zero, within 0 to 255."""

    factors: Array
    step: np.float32
    zero: int


def scale_input(measured: InputRange, weights: Sequence[Array]) -> InputScale:
    """The scale of an input that is multiplied with each of `weights`, shape (channels, columns)."""
    size = np.maximum(np.maximum(np.abs(measured.low), np.abs(measured.high)), _SMALLEST)
    weight_size = np.maximum(np.max([np.abs(weight).max(axis=1) for weight in weights], axis=0), _SMALLEST)
    factors = size**SMOOTHING / weight_size ** (1 - SMOOTHING)
    # Rounding hides the last bits in which processors differ, so that a conversion gives the same model anywhere.
    factors = _rounded(factors / np.exp(np.log(factors).mean()))
    return _scale_between(measured.low / factors, measured.high / factors, factors)


def split_input(measured: InputRange, count: int = OUTLIERS) -> tuple[Array, InputScale]:
    """The indices of the `count` largest channels, ascending, and a scale that is made for the others alone."""
    size = np.maximum(np.abs(measured.low), np.abs(measured.high))
    order = np.argsort(-size, kind="stable")
    outliers, others = np.sort(order[:count]), order[count:]
    return outliers, _scale_between(measured.low[others], measured.high[others], np.ones_like(size))


def quantize_weight(weight: Array) -> tuple[Array, Array]:
    """The int8 form of a weight (channels, columns), and the float32 scale of each column."""
    scales = np.maximum(np.abs(weight).max(axis=0), np.finfo(np.float32).tiny) / np.float32(_WEIGHT_LEVELS)
    return np.rint(weight / scales).astype(np.int8), scales.astype(np.float32)


def quantize_weight_for(weight: Array, moments: Array) -> tuple[Array, Array]:
    """The same for inputs whose channels have the second moments `moments`, shape (channels, channels).

    Channels without a weight take no part.
    """
    used = np.flatnonzero(weight.any(axis=1))
    _, scales = quantize_weight(weight)
    square = moments[np.ix_(used, used)].astype(np.float64)
    diagonal = np.diag_indices_from(square)
    square[diagonal] += _DAMPING * square[diagonal].mean() + np.finfo(np.float64).tiny
    # The strongest channels are rounded first, while the most others are left to make up for it.
    order = np.argsort(-square[diagonal], kind="stable")
    shares = np.linalg.cholesky(np.linalg.inv(square[np.ix_(order, order)])).T.astype(np.float32)
    left = (weight[used[order]] / scales).astype(np.float32)
    rounded = np.empty(left.shape, np.int8)
    for start in range(0, len(left), _COLUMNS_AT_ONCE):
        part = left[start : start + _COLUMNS_AT_ONCE]
        end = start + len(part)
        errors = np.empty_like(part)
        for row in range(len(part)):
            place = start + row
            rounded[place] = np.clip(np.rint(part[row]), -_WEIGHT_LEVELS, _WEIGHT_LEVELS)
            errors[row] = (part[row] - rounded[place]) / shares[place, place]
            part[row + 1 :] -= np.outer(shares[place, place + 1 : end], errors[row])
        left[end:] -= shares[start:end, end:].T @ errors
    matrix = np.zeros(weight.shape, np.int8)
    matrix[used[order]] = rounded
    return matrix, scales


def _scale_between(low: Array, high: Array, factors: Array) -> InputScale:
    lowest = min(0.0, float(low.min()))
    step = _rounded(np.array((float(high.max()) - lowest) / _INPUT_LEVELS))
    return InputScale(factors, np.float32(step), min(round(-lowest / float(step)), _INPUT_LEVELS))


def _rounded(values: Array) -> Array:
    """To three significant digits."""
    digits = 10.0 ** (2 - np.floor(np.log10(np.maximum(values, np.finfo(np.float32).tiny))))
    return np.asarray(np.round(values * digits) / digits, np.float32)
