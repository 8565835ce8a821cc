"""Whether a model is as often right as it says, and what makes it so.

Temperature scaling divides the logits by one number, fitted on validation (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On
calibration of modern neural networks", ICML 2017). For found spans, whose probability is a mean over words, the log-odds are
scaled and shifted instead (J. Platt, 1999): being exactly right about a span is rarer than each of its words suggests.

The expected calibration error sums the distances between confidence and accuracy over bins of equally many rows. That sum is
never 0, even for a perfectly calibrated model: in a bin of 30 rows the accuracy is off by some 0.06 through chance alone, so
that at 150 test rows a raw error of 0.05 is mostly noise (J. Bröcker and L. Smith, "Increasing the reliability of reliability
diagrams", Weather and Forecasting 22, 2007; J. Vaicenavicius and others, "Evaluating model calibration in classification",
AISTATS 2019). What a perfectly calibrated model would show is therefore simulated from the same confidences and taken off; the
raw error, the simulated one and the corrected one are all reported, and the corrected one is held against the limit. For an
error that is no larger than the noise the corrected figure is an estimate from below.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.models.evaluation.model import Flags, Numbers
from assets.models.model import Gate

LIMIT = 0.05
_ROWS_A_BIN = 30
_FEWEST_BINS, _MOST_BINS = 5, 15
_SIMULATIONS = 2000
_CELLS_A_BLOCK = 4_000_000
_SEED = 20_240_601
_LARGEST_TEMPERATURE = 20.0
_SURE = 1e-6


@dataclass(frozen=True, slots=True)
class Bin:
    """So many rows with their mean confidence and the share of them that is right."""

    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class CalibrationError:
    """`raw`: the expected calibration error. `by_chance`: its mean for a perfectly calibrated model with these confidences;
    `by_chance_high`: what only 5 % of such models exceed. `corrected`: what is left of it, at least 0."""

    raw: float
    by_chance: float
    by_chance_high: float
    corrected: float
    bins: tuple[Bin, ...]

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return {name: value for name, value in asdict(self).items() if name != "bins"}


def softmax(logits: NDArray[Any], temperature: float = 1.0) -> Numbers:
    """Probabilities, each row's summing to 1."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    powers = np.exp(scaled)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def fit_temperature(logits: NDArray[Any], truth: NDArray[np.int64]) -> float:
    """The temperature under which the true classes (column numbers; below 0: none of them) are likeliest; 1 without any."""
    from scipy.optimize import minimize_scalar

    known = truth >= 0
    if not known.any():
        return 1.0
    chosen, columns = np.asarray(logits, dtype=np.float64)[known], truth[known]
    rows = np.arange(len(columns))

    def loss(logarithm: float) -> float:
        likely = softmax(chosen, float(np.exp(logarithm)))[rows, columns]
        return float(-np.log(np.maximum(likely, 1e-300)).mean())

    edge = float(np.log(_LARGEST_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=(-edge, edge), method="bounded").x))


def fit_log_odds(probabilities: Numbers, right: Flags) -> tuple[float, float]:
    """Scale and shift of the log-odds under which what was right is likeliest; (1, 0) where all or nothing was right."""
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():
        return 1.0, 0.0
    fitted = LogisticRegression(C=1e4).fit(log_odds(probabilities)[:, None], right)
    scale = float(fitted.coef_[0, 0])
    # A model whose surer finds were right less often still has to keep their order: only its mean can be put right.
    if scale <= 0:
        return 0.0, float(log_odds(np.array([right.mean()]))[0])
    return scale, float(fitted.intercept_[0])


def scaled_log_odds(probabilities: Numbers, scale: float, shift: float) -> Numbers:
    """Probabilities whose log-odds are multiplied by `scale` and moved by `shift`."""
    return np.asarray(1 / (1 + np.exp(-(scale * log_odds(probabilities) + shift))), dtype=np.float64)


def log_odds(probabilities: Numbers) -> Numbers:
    """Of probabilities that are kept a millionth away from 0 and 1."""
    inside = np.clip(np.asarray(probabilities, dtype=np.float64), _SURE, 1 - _SURE)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)


def calibration_error(confidence: Numbers, right: Flags, together: Sequence[str] | None = None) -> CalibrationError:
    """Of predictions with their confidences; those with the same name in `together` are taken to be right together."""
    count = len(confidence)
    if not count:
        return CalibrationError(0.0, 0.0, 0.0, 0.0, ())
    order = np.argsort(confidence, kind="stable")
    sure, hits = np.asarray(confidence, dtype=np.float64)[order], np.asarray(right)[order].astype(np.float64)
    bins = min(count, max(_FEWEST_BINS, min(_MOST_BINS, count // _ROWS_A_BIN)))
    starts = np.linspace(0, count, bins + 1).astype(np.int64)[:-1]
    sizes = np.diff(np.append(starts, count))
    expected = np.add.reduceat(sure, starts)
    raw = float(np.abs(np.add.reduceat(hits, starts) - expected).sum() / count)
    unit = np.arange(count)
    if together is not None:
        unit = np.unique(np.asarray(together, dtype=str)[order], return_inverse=True)[1]
    chance = _by_chance(sure, unit, starts, expected)
    average = float(chance.mean())
    accuracy = np.add.reduceat(hits, starts) / sizes
    shown = zip(sizes.tolist(), (expected / sizes).tolist(), accuracy.tolist(), strict=True)
    return CalibrationError(
        raw, average, float(np.quantile(chance, 0.95)), max(0.0, raw - average), tuple(Bin(*each) for each in shown)
    )


def calibrated_gate(error: CalibrationError, predictions: int, things: str) -> Gate:
    """The gate `calibrated`; `things` is what was predicted, in the plural."""
    return Gate(
        "calibrated",
        error.corrected <= LIMIT,
        error.corrected,
        LIMIT,
        f"over {predictions} {things} of the test split, confidence and accuracy differ by {error.raw:.3f};"
        f" {error.by_chance:.3f} of it is what a perfectly calibrated model would show through chance",
    )


def _by_chance(sure: Numbers, unit: NDArray[np.int64], starts: NDArray[np.int64], expected: Numbers) -> Numbers:
    """The raw error of models that are right exactly as often as they say, one a simulation."""
    generator = np.random.default_rng(_SEED)
    units, block = int(unit.max()) + 1, max(1, _CELLS_A_BLOCK // len(sure))
    found = []
    for start in range(0, _SIMULATIONS, block):
        luck = generator.random((min(block, _SIMULATIONS - start), units))
        hits = (luck[:, unit] < sure).astype(np.float64)
        found.append(np.abs(np.add.reduceat(hits, starts, axis=1) - expected).sum(axis=1) / len(sure))
    return np.concatenate(found)
