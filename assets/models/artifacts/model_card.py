"""A model's card, made of what was measured: what it is for and what not, on which data, how good, how fair, how private."""

from collections.abc import Mapping, Sequence
from typing import Any

from assets.models.artifacts.figures import Figure, figures, headline, shown
from assets.models.artifacts.manifest import MANIFEST, PLOTS, Candidate
from assets.models.artifacts.purposes import ARCHITECTURE, LIMITS, NOT_FOR, PURPOSE

_COUNTERFACTUAL = (
    "This is a **counterfactual test**: names and other signs in synthetic resumes are swapped, and what the model says is"
    " compared. It is no audit of adverse impact: the datasets hold nobody's sex, race or age. Where the operators gave a file"
    " of self-reported groups, selection rates and impact ratios stand here too, with the number of people they rest on."
)
_PRIVATE = (
    "A **membership-inference test**: how well an attacker who sees the model's probabilities tells a resume that it was"
    " trained on from one that it was not. 0.5 is guessing."
)

_SERVED = (
    "Its eight-bit weights hold no text: what they keep of the training texts follows from the extremes, and where they were"
    " rounded for these texts from the second moments, of what each product sees in at most 128 of their windows."
)


def model_card(candidate: Candidate) -> bytes:
    """The card, Markdown in UTF-8. It names no version, because the version is the hash of the manifest that names the card."""
    metrics, settings = candidate.metrics, candidate.settings
    base = f"`{settings['base_model']}` (`{settings['base_model_hash'][:12]}`)"
    lines = [
        f"# Model card: {candidate.task}",
        "",
        f"An adapter (LoRA) on {base} with {ARCHITECTURE[candidate.task]}. It {PURPOSE[candidate.task]}.",
        f"Its version is the SHA-256 of `{MANIFEST}`, which names every file, this one too.",
        *_list("What it is for", (f"It {PURPOSE[candidate.task]}.",)),
        *_list("What it is not for", tuple(f"{each}." for each in NOT_FOR)),
        *_chapter("Data"),
        f"Trained on the training split of the dataset `{candidate.dataset_version}`, chosen on its validation split, and"
        " measured on its test split, which stays the same for ever. Texts are anonymized; near-duplicates lie in one split."
        " The dataset's own datasheet says how it came to be.",
        *_counted(metrics.get("rows")),
        *_classes(settings),
        *_chapter("How good it is"),
        "On the test split, measured on the form that is served, with 95 % intervals by bootstrap over groups of"
        " near-duplicates.",
        *_table(headline(metrics)),
        *_each("class", metrics.get("per_class")),
        *_each("kind", metrics.get("per_kind")),
        *_section("Against the plain baseline, on the same rows", metrics.get("baseline")),
        *_section("Against the champion, on rows that neither was trained on", metrics.get("champion")),
        *_section("How sure it may be", _joined(metrics, ("calibration", "abstention"))),
        *_section("Fairness", metrics.get("fairness"), _COUNTERFACTUAL),
        *_section("Privacy", metrics.get("privacy"), _PRIVATE),
        *_gates(metrics["gates"]),
        *_section("Served form", {"parity": candidate.served["parity"]}, _served(candidate.served["form"])),
        *_list("Limits", tuple(f"{each}." for each in LIMITS)),
        *_plots(candidate.plots),
        "",
    ]
    return "\n".join(lines).encode()


def _served(form: str) -> str:
    return f"ONNX, {form}. {_SERVED}" if form.startswith("int8") else f"ONNX, {form}."


def _chapter(title: str) -> list[str]:
    return ["", f"## {title}", ""]


def _list(title: str, items: Sequence[str]) -> list[str]:
    return [*_chapter(title), *(f"- {item}" for item in items)]


def _section(title: str, content: Any, words: str = "") -> list[str]:
    if not isinstance(content, Mapping) or not content:
        return []
    tables = [line for value in content.values() for line in _records(value)]
    # Each table begins with a blank line of its own.
    beginning = [*_chapter(title), words] if words else _chapter(title)[:-1]
    return [*beginning, *_table(list(figures(content))), *tables]


def _joined(metrics: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: metrics[name] for name in names if isinstance(metrics.get(name), Mapping)}


def _counted(rows: Any) -> list[str]:
    if not isinstance(rows, Mapping):
        return []
    return ["", f"Rows: {', '.join(f'{count:,} {split}' for split, count in rows.items())}."]


def _classes(settings: Mapping[str, Any]) -> list[str]:
    names = settings.get("classes") or settings.get("kinds") or []
    return ["", f"It tells apart: {', '.join(map(str, names))}."] if names else []


def _table(rows: Sequence[Figure]) -> list[str]:
    if not rows:
        return []
    lines = ["", "| figure | value | 95 % interval |", "|---|---:|---:|"]
    for each in rows:
        interval = "" if each.low is None else f"{shown(each.low)} to {shown(each.high)}"
        lines.append(f"| {_cell(each.name)} | {shown(each.value)} | {interval} |")
    return lines


def _each(title: str, content: Any) -> list[str]:
    """A table of what was measured of each class or kind."""
    return _records([{title: name, **row} for name, row in content.items()]) if isinstance(content, Mapping) else []


def _records(content: Any) -> list[str]:
    """A table of a list of objects with the same keys; nothing where it is none."""
    if not isinstance(content, list) or not content or not all(isinstance(row, Mapping) for row in content):
        return []
    columns = list(content[0])
    lines = ["", f"| {' | '.join(_cell(column.replace('_', ' ')) for column in columns)} |"]
    lines.append(f"|---|{'---:|' * (len(columns) - 1)}")
    for row in content:
        lines.append(f"| {' | '.join(_cell(shown(row.get(column))) for column in columns)} |")
    return lines


def _gates(gates: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [*_chapter("Conditions of its promotion"), "| condition | passed | value | limit | what it found |"]
    lines.append("|---|---|---:|---:|---|")
    for gate in gates:
        passed = "yes" if gate["passed"] else "**no**"
        lines.append(
            f"| {_cell(gate['name'])} | {passed} | {shown(gate['value'])} | {shown(gate['limit'])} | {_cell(gate['told'])} |"
        )
    return lines


def _plots(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    lines = _chapter("Pictures")
    for name in names:
        title = name.removeprefix(f"{PLOTS}/").removesuffix(".png").replace("_", " ")
        lines += [f"![{title}]({name})", ""]
    return lines[:-1]


def _cell(text: str) -> str:
    return str(text).replace("|", "\\|").replace("\n", " ")
