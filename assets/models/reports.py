"""What Dagster's page shows of a candidate: tables and plots of its files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.models.artifacts.manifest import MODEL_CARD, PLOTS
from assets.models.training.training import CURVES
from assets.plots import embedded, lines

if TYPE_CHECKING:
    from assets.models.promotion.decisions import Decision

Record = dict[str, str | int | float]


def curves(folder: Path) -> dict[str, Any]:
    """Loss by step and validation by epoch, as training left them."""
    content: dict[str, Any] = json.loads((folder / CURVES).read_bytes())
    return content


def loss_plot(found: Mapping[str, Any]) -> str:
    """The loss by step."""
    return lines({"loss": list(enumerate(found["losses"], 1))}, "step", "loss")


def validation_plot(found: Mapping[str, Any]) -> str:
    """Each figure over the validation split by epoch."""
    names = found["epochs"][0]["validation"] if found["epochs"] else {}
    values = {name: [(each["epoch"], each["validation"][name]) for each in found["epochs"]] for name in names}
    return lines(values, "epoch", "on the validation split")


def validation_table(found: Mapping[str, Any]) -> list[Record]:
    """The same as a table."""
    return [{"epoch": each["epoch"], **each["validation"]} for each in found["epochs"]]


def score_table(metrics: Mapping[str, Any]) -> list[Record]:
    """Each score of the candidate with its interval, and the baseline's and the champion's."""
    champion = metrics["champion"] or {}
    found: list[Record] = []
    for name, (low, high) in metrics["intervals"].items():
        row: Record = {
            "score": name,
            "candidate": _rounded(metrics[name]),
            "low": _rounded(low),
            "high": _rounded(high),
        }
        for other, scores in (("baseline", metrics["baseline"]), ("champion", champion)):
            if name in scores:
                row[other] = _rounded(scores[name])
        found.append(row)
    return found


def gate_table(metrics: Mapping[str, Any]) -> list[Record]:
    """What promotion weighs."""
    return [_gate(each) for each in metrics["gates"]]


def decided_table(decision: "Decision") -> list[Record]:
    """What a decision weighed."""
    return [
        _gate({"name": each.name, "passed": each.passed, "value": each.value, "limit": each.limit, "told": each.told})
        for each in decision.gates
    ]


def stored_plots(folder: Path) -> dict[str, str]:
    """The pictures of an evaluation as Markdown, by their titles."""
    return {
        file.stem.replace("_", " "): embedded(file.read_bytes(), file.stem.replace("_", " "))
        for file in sorted((folder / PLOTS).glob("*.png"))
    }


def card(folder: Path) -> str:
    """The model card, without the pictures that stand beside it."""
    text = (folder / MODEL_CARD).read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("!["))


def told(decision: "Decision") -> str:
    """A decision in a sentence."""
    if not decision.failed:
        return f"{decision.version[:12]} is {decision.outcome}: every gate passed"
    return f"{decision.version[:12]} is {decision.outcome}: {', '.join(each.name for each in decision.failed)} failed"


def _gate(gate: Mapping[str, Any]) -> Record:
    shown = {name: "" if gate[name] is None else _rounded(gate[name]) for name in ("value", "limit")}
    return {"gate": gate["name"], "passed": "yes" if gate["passed"] else "no", **shown, "told": gate["told"]}


def _rounded(value: float) -> float:
    return round(float(value), 4)
