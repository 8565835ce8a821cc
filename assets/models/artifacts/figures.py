"""Reads the figures out of what was measured, however deep they lie, in one flat list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_INTERVALS = "intervals"
_CHAPTERS = frozenset(
    (
        "abstention",
        "baseline",
        "bootstrap",
        "calibration",
        "champion",
        "confusion",
        "fairness",
        "format",
        "gates",
        "grades",
        "per_class",
        "per_kind",
        "privacy",
        "rows",
    )
)
"""Parts of the metrics that stand for themselves; what else there is are figures on the test split."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number, with its 95 % interval where one was taken; `name` is its path, with ` / ` between parts."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def figures(content: Mapping[str, Any], before: str = "") -> Iterator[Figure]:
    """Every number, in the order of the content. Lists are curves, matrices and tables, which are shown otherwise."""
    intervals = content.get(_INTERVALS, {})
    for key, value in content.items():
        name = f"{before}{key.replace('_', ' ')}"
        if isinstance(value, Mapping) and key != _INTERVALS:
            yield from figures(value, f"{name} / ")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield Figure(name, value, *intervals.get(key, (None, None)))


def headline(metrics: Mapping[str, Any]) -> list[Figure]:
    """The figures on the test split."""
    return list(figures({key: value for key, value in metrics.items() if key not in _CHAPTERS}))


def shown(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
    return str(value)
