"""The pictures of an evaluation, as PNG: the same figures give the same bytes."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from assets.models.evaluation.calibration import Bin
from assets.models.evaluation.model import Numbers, Table

_BLUE, _GREY = "#3b6ea5", "#888888"
_MOST_NUMBERS = 30


def confusion_matrix(counts: Numbers, classes: Sequence[str]) -> bytes:
    """Rows are the true classes, columns the predicted ones; colours are shares of a row, numbers are counts."""
    size = max(4.5, 0.34 * len(classes) + 2.5)
    figure, axes = _figure(size + 0.6, size)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    places = range(len(classes))
    axes.set_xticks(places, [_short(name) for name in classes], rotation=90, fontsize=7)
    axes.set_yticks(places, [_short(name) for name in classes], fontsize=7)
    if len(classes) <= _MOST_NUMBERS:
        for row, column in zip(*np.nonzero(counts), strict=True):
            dark = shares[row, column] > 0.5
            axes.text(
                column,
                row,
                f"{counts[row, column]:.0f}",
                ha="center",
                va="center",
                fontsize=6,
                color="white" if dark else "black",
            )
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    return _png(figure)


def reliability(before: Sequence[Bin], after: Sequence[Bin]) -> bytes:
    """Accuracy by confidence, as the model gives it and once scaled; on the diagonal both are the same."""
    figure, axes = _figure(4.5, 4.2)
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle="--")
    for bins, color, name in ((before, _GREY, "before scaling"), (after, _BLUE, "after scaling")):
        axes.plot([each.confidence for each in bins], [each.accuracy for each in bins], "o-", color=color, label=name)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("mean confidence")
    axes.set_ylabel("share that is right")
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def abstention(curve: Table, threshold: float) -> bytes:
    """Coverage, and the accuracy of what is decided, by threshold."""
    figure, axes = _figure(5, 3.4)
    levels = [row["threshold"] for row in curve]
    axes.plot(levels, [row["coverage"] for row in curve], color=_GREY, label="share decided")
    accuracy = [np.nan if row["accuracy"] is None else row["accuracy"] for row in curve]
    axes.plot(levels, accuracy, color=_BLUE, label="share of those that is right")
    axes.axvline(threshold, color="black", linewidth=1, linestyle=":", label="threshold")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("threshold")
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def compared(scores: Sequence[tuple[str, float, float, float]], measure: str) -> bytes:
    """Models by (name, value, low, high), with their intervals."""
    figure, axes = _figure(5, 0.9 + 0.45 * len(scores))
    values = np.array([value for _, value, _, _ in scores])
    errors = np.array([[value - low, high - value] for _, value, low, high in scores]).T
    axes.barh(range(len(scores)), values, xerr=np.maximum(errors, 0), color=_BLUE, capsize=3)
    axes.set_yticks(range(len(scores)), [name for name, _, _, _ in scores])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"{measure}, with 95 % intervals")
    return _png(figure)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    # The object interface: pyplot would keep every figure of a long-lived process.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    # The library's version, which it writes by default, would change the bytes.
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
