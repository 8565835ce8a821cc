"""What a benchmark reports: figures with a unit, a baseline where there is one, and a goal where there is one."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

_COLUMNS_IN_A_FILE = 150


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `against` names the baseline of a ratio: the same work done otherwise in the same run."""

    name: str
    value: float
    unit: str
    against: str = ""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        return not (
            (self.at_most is not None and self.value > self.at_most)
            or (self.at_least is not None and self.value < self.at_least)
        )


def document(benchmark: str, figures: Iterable[Figure], **facts: Any) -> str:
    """What a benchmark found, as JSON on one line; `facts` say on what it was measured."""
    machine = {"cores": len(os.sched_getaffinity(0)), "load": round(os.getloadavg()[0], 1), "python": _python()}
    listed = [
        {**{name: value for name, value in asdict(figure).items() if value not in ("", None)}, **_verdict(figure)}
        for figure in figures
    ]
    return json.dumps({"benchmark": benchmark, **facts, "machine": machine, "figures": listed}, ensure_ascii=False)


def show(documents: Sequence[dict[str, Any]]) -> None:
    """All documents as one table on standard output."""
    table = Table(title="Benchmarks")
    for column in ("benchmark", "figure"):
        table.add_column(column)
    table.add_column("value", justify="right")
    for column in ("unit", "against", "goal"):
        table.add_column(column)
    for found in documents:
        for place, figure in enumerate(found["figures"]):
            table.add_row(
                "" if place else found["benchmark"],
                figure["name"],
                readable(figure["value"]),
                figure["unit"],
                figure.get("against", ""),
                _goal(figure),
                end_section=place == len(found["figures"]) - 1,
            )
    console = Console()
    if not console.is_terminal:
        console = Console(width=_COLUMNS_IN_A_FILE)
    console.print(table)


def readable(value: float) -> str:
    """A number with as many digits as are worth reading."""
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _verdict(figure: Figure) -> dict[str, bool]:
    return {} if figure.met is None else {"met": figure.met}


def _goal(figure: dict[str, Any]) -> str:
    if "met" not in figure:
        return ""
    wanted = f"≤ {figure['at_most']:g}" if "at_most" in figure else f"≥ {figure['at_least']:g}"
    return f"{wanted}  {'reached' if figure['met'] else 'missed'}"


def _python() -> str:
    return ".".join(map(str, sys.version_info[:3]))
