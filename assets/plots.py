"""Small plots as Markdown pictures, for the metadata of a materialization."""

import base64
import io
from collections.abc import Sequence


def bars(values: Sequence[tuple[str, float]], x_label: str, y_label: str) -> str:
    """A bar chart of (label, value) as a Markdown image that holds its own data."""
    # The object interface: pyplot would keep every figure of a long-lived process.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.6), layout="constrained")
    axes = figure.add_subplot()
    axes.bar(range(len(values)), [value for _, value in values], color="#3b6ea5")
    step = max(1, len(values) // 12)
    axes.set_xticks(
        range(0, len(values), step), [label for label, _ in values][::step], rotation=30, ha="right", fontsize=8
    )
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return f"![{y_label} by {x_label}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"
