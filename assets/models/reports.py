"""What Dagster's page shows of a candidate: tables and plots of its files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.models.artifacts.manifest import MODEL_CARD, PLOTS
from assets.models.training.training import CURVES
from assets.plots import embedded, lines

if TYPE_CHECKING:
    from assets.models.evaluation.bootstrap import Interval
    from assets.models.evaluation.retrieve_or_train import Comparison, Way
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


def both_ways(found: "Comparison", training_seconds: float | None) -> str:
    """Retrieval and training side by side, as a table in Markdown; `training_seconds` is None where no run that is remembered
    has trained the model."""
    retrieved, trained = found.neighbours, found.classifier
    again = "train again" if training_seconds is None else f"train again: {training_seconds:,.0f} s, and measure it"
    rows = [
        ("", f"nearest labelled resumes ({found.number} of {found.labelled:,})", "trained classifier"),
        ("---", "---", "---"),
        ("accuracy", _interval(retrieved.scores["accuracy"]), _interval(trained.scores["accuracy"])),
        ("macro-F1", _interval(retrieved.scores["macro_f1"]), _interval(trained.scores["macro_f1"])),
        ("one resume, median and 95th percentile", _latency(retrieved), _latency(trained)),
        (
            "before the first answer",
            f"{found.filling:,.1f} s to embed them",
            "not recorded" if training_seconds is None else f"{training_seconds:,.0f} s of training, and the gates",
        ),
        ("one more labelled resume", f"{found.adding * 1000:,.0f} ms, and it counts", again),
        ("a person is erased", f"the row goes in {found.removing * 1000:,.1f} ms", f"learned from until then: {again}"),
        (
            "what explains an answer",
            "the labelled resumes, each with its similarity",
            "a calibrated probability, no reason",
        ),
        (
            "how sure it is where right, and where wrong",
            _sure(retrieved, "of the neighbours agree"),
            _sure(trained, "probable"),
        ),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def explanation(found: "Comparison") -> list[Record]:
    """The neighbours of one resume: the beginning of their texts' hashes, never a text."""
    return [
        {"labelled resume": each.text_hash[:12], "class": each.label, "similarity": _rounded(each.similarity)}
        for each in found.example
    ]


def _interval(found: "Interval") -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _latency(way: "Way") -> str:
    return f"{way.median * 1000:,.0f} ms, {way.slow * 1000:,.0f} ms"


def _sure(way: "Way", what: str) -> str:
    right, wrong = ("–" if share is None else f"{share:.0%}" for share in (way.sure_right, way.sure_wrong))
    return f"{right} {what}, {wrong}"


def _gate(gate: Mapping[str, Any]) -> Record:
    shown = {name: "" if gate[name] is None else _rounded(gate[name]) for name in ("value", "limit")}
    return {"gate": gate["name"], "passed": "yes" if gate["passed"] else "no", **shown, "told": gate["told"]}


def _rounded(value: float) -> float:
    return round(float(value), 4)
