"""What was found out about a dataset, as the frames that Great Expectations judges."""

from collections import Counter
from typing import TYPE_CHECKING

from assets.labels.normalizing import text_hash
from assets.labels.quality.classes import FEWEST_CLASSES, count_classes
from assets.labels.quality.findings import Columns, Findings
from assets.labels.quality.personal_data import SURE_KINDS

if TYPE_CHECKING:
    from pandas import DataFrame

    from assets.labels.tasks.task import Task


def frames(columns: Columns, findings: Findings, task: "Task") -> "dict[str, DataFrame]":
    """The frames that `expectations.unmet` asks for."""
    import pandas as pd

    places = findings.places
    classes = count_classes(zip(columns["label"], columns["split"], strict=True), task.classes)
    splits = Counter(columns["split"])
    twins = _twins(columns, findings)
    groups: dict[str, set[str]] = {}
    for group, split in zip(columns["group_id"], columns["split"], strict=True):
        groups.setdefault(group, set()).add(split)
    suspicious = {suspect.row for suspect in findings.noise.suspects}
    personal = [findings.personal[columns["text_hash"][row]] for row in places]
    return {
        "dataset": pd.DataFrame(
            {
                "named": ["the dataset"],
                "rows_in_training": [splits["train"]],
                "rows_to_measure": [splits["validation"] + splits["test"]],
                "classes": [sum(count["train"] > 0 for count in classes.values())],
                # Of spans one kind is something to learn: the other choice is none.
                "fewest_classes": [1 if task.name == "skills" else FEWEST_CLASSES],
            }
        ),
        "rows": pd.DataFrame(
            {
                "named": columns["text_hash"],
                "text_hash": columns["text_hash"],
                "opening_hash": [each or "" for each in columns["opening_hash"]],
                "label_characters": [len(label) for label in columns["label"]],
                "split": columns["split"],
                "group_id": columns["group_id"],
            }
        ),
        "texts": pd.DataFrame(
            {
                "named": [twins.get(place, columns["text_hash"][row]) for place, row in enumerate(places)],
                "text_hash": [columns["text_hash"][row] for row in places],
                "hash_of_text": [text_hash(columns["text"][row]) for row in places],
                "twins": [int(place in twins) for place in range(len(places))],
                "surely_personal": [sum(kind in SURE_KINDS for kind, _, _ in found) for found in personal],
                "perhaps_personal": [sum(kind not in SURE_KINDS for kind, _, _ in found) for found in personal],
            }
        ),
        "groups": pd.DataFrame({"named": list(groups), "splits": [len(each) for each in groups.values()]}),
        "classes": pd.DataFrame(
            {
                "named": [f"{name} ({count['train']} in training)" for name, count in classes.items()],
                "train": [count["train"] for count in classes.values()],
                "evaluation": [count["validation"] + count["test"] for count in classes.values()],
            }
        ),
        "measured": pd.DataFrame(
            [
                {"named": name, "untaught": int(not classes[name]["train"])}
                for label, split in zip(columns["label"], columns["split"], strict=True)
                if split != "train"
                for name in task.classes(label)
            ]
        ),
        "noise": pd.DataFrame(
            {
                "named": [columns["text_hash"][row] for row in findings.noise.judged],
                "suspicious": [int(row in suspicious) for row in findings.noise.judged],
            }
        ),
        "drift": pd.DataFrame(
            {
                "named": [f"{each.what} (stability index {each.index:.2f})" for each in findings.drifts],
                "index": [each.index for each in findings.drifts],
            }
        ),
    }


def _twins(columns: Columns, findings: Findings) -> dict[int, str]:
    """What to tell of each text that has a near-duplicate in another split, by its place."""

    def told(place: int) -> str:
        row = findings.places[place]
        return f"{columns['text_hash'][row]} ({columns['split'][row]})"

    return {
        each.first: f"{told(each.first)} and {told(each.second)}, {each.similarity:.2f} alike"
        for each in findings.search.crossings
    }
