"""Small plots as Markdown pictures, for the metadata of a materialization."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def bars(values: Sequence[tuple[str, float]], x_label: str, y_label: str) -> str:
    """A bar chart of (label, value) as a Markdown image that holds its own data."""
    figure, axes = _figure(x_label, y_label)
    axes.bar(range(len(values)), [value for _, value in values], color="#3b6ea5")
    step = max(1, len(values) // 12)
    axes.set_xticks(
        range(0, len(values), step), [label for label, _ in values][::step], rotation=30, ha="right", fontsize=8
    )
    return _markdown(figure, x_label, y_label)


def lines(values: Mapping[str, Sequence[tuple[float, float]]], x_label: str, y_label: str) -> str:
    """A line for each name over its points (x, y), in the same form."""
    figure, axes = _figure(x_label, y_label)
    for name, points in values.items():
        axes.plot([x for x, _ in points], [y for _, y in points], label=name, marker="o" if len(points) < 30 else None)
    if len(values) > 1:
        axes.legend(frameon=False, fontsize=8)
    return _markdown(figure, x_label, y_label)


def embedded(picture: bytes, title: str) -> str:
    """A PNG as a Markdown image that holds its own data."""
    return f"![{title}](data:image/png;base64,{base64.b64encode(picture).decode()})"


def _figure(x_label: str, y_label: str) -> "tuple[Figure, Any]":
    # The object interface: pyplot would keep every figure of a long-lived process.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _markdown(figure: "Figure", x_label: str, y_label: str) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return embedded(buffer.getvalue(), f"{y_label} by {x_label}")
