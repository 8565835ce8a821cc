"""What a snapshot says of itself to people. It answers the questions of T. Gebru and others, "Datasheets for datasets"
(Communications of the ACM 64, 2021), from the manifest; it is no part of the identity.
"""

import json
from collections.abc import Mapping
from typing import Any

from assets.labels.quality.classes import SPLITS

_TASKS = {
    "job-category": "which job family a resume belongs to",
    "skills": "which spans of a resume name a skill or knowledge",
    "match": "how well a resume fits an opening",
}
ANSWERS: tuple[tuple[str, str, str], ...] = (
    (
        "How the data came in",
        "rai:dataCollection",
        "Labelled resumes were added as batches by the platform's operators. Each row keeps, outside of this dataset, its"
        " batch, its time and its labeller as keyed hashes; the ledger names the batches of each version.",
    ),
    (
        "How it was prepared",
        "rai:dataPreprocessingProtocol",
        "Texts were anonymized before anything was stored. Texts that are equal but for case, forms of characters and blanks"
        " are one. Near-duplicates (see the recipe in the manifest) are one group, transitively. Where persons' labels differ"
        " the most frequent one counts, then the latest; a tie is left out. A text with something personal beyond doubt,"
        " found by a second method, is left out.",
    ),
    (
        "How it was labelled",
        "rai:dataAnnotationProtocol",
        "By the operators' own labellers or systems; the platform adds no labels and changes none. Labels that do not seem to"
        " fit their texts are listed by every build for review.",
    ),
    (
        "Personal data",
        "rai:personalSensitiveInformation",
        "Names, e-mail and postal addresses, phone numbers, birth dates, profile addresses and identity numbers are replaced"
        " by typed placeholders such as [NAME]. Employers, titles, dates and skills are kept, so that somebody who knows a"
        " person may recognise the resume. Texts of persons who were erased are taken out of every version.",
    ),
    (
        "Uses",
        "rai:dataUseCases",
        "Training and measuring models of this task inside the organisation. Groups lie in one split each and stay there:"
        " measure on the test split, choose on the validation split.",
    ),
    (
        "Limitations and biases",
        "rai:dataLimitations",
        "It is as balanced as what came in: see the classes. Resumes carry signs of origin, age and sex even without names."
        " A decision about a person is not to be made by a model of it alone.",
    ),
    (
        "Release and maintenance",
        "rai:dataReleaseMaintenancePlan",
        "A version never changes, but for texts that have to be erased. Each further build is a version of its own.",
    ),
)
"""Title, property of Croissant's vocabulary for responsible use, and answer."""


def summary(manifest: Mapping[str, Any]) -> str:
    """The dataset in two sentences."""
    task = manifest["task"]
    return (
        f"Anonymized resumes with labels of the task {task}: {_TASKS[task]}. {manifest['rows']['count']:,} rows in"
        f" {manifest['groups']:,} groups of near-duplicates, split by group into training, validation and test."
    )


def datasheet(manifest: Mapping[str, Any], version: str) -> bytes:
    """The datasheet, Markdown in UTF-8."""
    lines = [f"# Datasheet of the dataset {version}", "", summary(manifest), "", "## Composition", ""]
    lines += ["| split | rows | resumes | groups |", "|---|---:|---:|---:|"]
    for split in SPLITS:
        counts = manifest["splits"][split]
        lines.append(f"| {split} | {counts['rows']:,} | {counts['resumes']:,} | {counts['groups']:,} |")
    lines += ["", "| class | training | validation | test |", "|---|---:|---:|---:|"]
    for name, counts in manifest["classes"].items():
        escaped = name.replace("|", "\\|")
        lines.append(f"| {escaped} | {counts['train']:,} | {counts['validation']:,} | {counts['test']:,} |")
    for title, _, answer in ANSWERS:
        lines += ["", f"## {title}", "", answer]
    recipe = json.dumps(manifest["recipe"], ensure_ascii=False, indent=2, sort_keys=True)
    return "\n".join([*lines, "", "## Recipe", "", "```json", recipe, "```", ""]).encode()
