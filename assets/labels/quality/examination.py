"""Examines a dataset before it is published: gathers what there is to know of it, and has every check judge that."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from assets.labels.quality.classes import count_classes
from assets.labels.quality.findings import Columns, Findings, Known, find_out
from assets.labels.quality.frames import frames
from assets.labels.quality.model import CHECK_NAMES, CheckOutcome, Examination, Record
from assets.labels.quality.personal_data import SURE_KINDS

if TYPE_CHECKING:
    import pyarrow

    from assets.labels.tasks.task import Task

_LISTED = 100
"""Records that are kept of a check; the figures count all."""


def examine(
    dataset: "pyarrow.Table",
    task: "Task",
    identity: str,
    *,
    earlier: "pyarrow.Table | None",
    known: Known,
    heard: Callable[[str], None] = lambda _: None,
) -> tuple[Examination, Known]:
    """Every check on the mart's rows, and what is known for the next time.

    `dataset` has the columns text_hash, text, label, opening_hash, opening_text, group_id and split; so has `earlier`, the
    last snapshot, or None. `known` is what the last examination left. Raises ExaminationBroken.
    """
    from assets.labels.quality.expectations import unmet

    columns = {name: dataset[name].to_pylist() for name in dataset.column_names}
    findings = find_out(columns, task, earlier, known, heard)
    heard("judging what was found")
    failed = list(unmet(frames(columns, findings, task)))
    figures, records = _figures(columns, findings, task), _records(columns, findings, task)
    outcomes = []
    for name in CHECK_NAMES:
        mine = [each for each in failed if each.check == name]
        outcomes.append(
            CheckOutcome(
                name,
                passed=not mine,
                blocks=not mine or any(each.blocks for each in mine),
                told=tuple(each.told for each in mine),
                figures=figures[name],
                records=tuple(records.get(name, ())[:_LISTED]),
            )
        )
    return Examination(identity, tuple(outcomes), tuple(findings.withheld)), findings.known


def _figures(columns: Columns, findings: Findings, task: "Task") -> dict[str, dict[str, int | float]]:
    """What each check counted."""
    classes = {name for label in set(columns["label"]) for name in task.classes(label)}
    return {
        "rows_well_formed": {"rows": len(columns["label"]), "different texts": len(set(columns["text_hash"]))},
        "groups_in_one_split": {"groups": len(set(columns["group_id"]))},
        "no_near_duplicates_across_splits": {
            "pairs found": findings.search.found,
            "pairs counted exactly": findings.search.compared,
        },
        "class_minimums": {"classes": len(classes)},
        "residual_personal_data": {
            "texts with findings": sum(map(bool, findings.personal.values())),
            "texts withheld": len(findings.withheld),
        },
        "label_noise": {"rows judged": len(findings.noise.judged), "rows to review": len(findings.noise.suspects)},
        "drift": {each.what: each.index for each in findings.drifts},
    }


def _records(columns: Columns, findings: Findings, task: "Task") -> dict[str, list[Record]]:
    """What a person may want to look at, by check."""
    classes = count_classes(zip(columns["label"], columns["split"], strict=True), task.classes)
    return {
        "class_minimums": [{"class": name, **count} for name, count in classes.items()],
        "residual_personal_data": [
            {
                "text": key,
                "kind": kind,
                "start": start,
                "end": end,
                "what happens": "withheld" if kind in SURE_KINDS else "for review",
            }
            for key, found in findings.personal.items()
            for kind, start, end in found
        ],
        "label_noise": [
            {
                "text": columns["text_hash"][each.row],
                "label": each.label,
                "likelier": each.likelier,
                "margin": each.margin,
            }
            for each in findings.noise.suspects
        ],
    }
