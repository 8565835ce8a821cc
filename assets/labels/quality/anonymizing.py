"""How well personal items are masked in the project's own resumes, whose truth is marked: the figures, and the goals.

They are a function of the project's own files, and are measured again where one of these changed.
"""

import json
import os
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from assets.labels.anonymizing.evaluation import AnonymizingReport, KindReport

if TYPE_CHECKING:
    from assets.platform import Platform

RESUMES = 300
SEED = 31_337
NAMES_FOUND = 0.98
"""The share of names that has to be masked: a resume's only sure identifier beside its addresses."""
RIGHTLY_MASKED = 0.95
"""The share of masked spans that have to be personal: what is masked wrongly is lost for training."""


@cache
def fingerprint() -> str:
    """16 hexadecimal digits that change with the anonymizer, the synthetic resumes and how they are compared."""
    digest = sha256(f"{RESUMES} {SEED}".encode())
    labels = Path(__file__).parents[1]
    for path in sorted(path for room in ("anonymizing", "synthetic") for path in (labels / room).rglob("*")):
        if path.suffix in {".py", ".txt", ".toml"}:
            digest.update(f"\n{path.relative_to(labels)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def standing_report(platform: "Platform") -> AnonymizingReport:
    """The figures of the anonymizer as it is: as kept, or measured now."""
    path = platform.home / "warehouse" / "anonymizing.json"
    try:
        kept = json.loads(path.read_bytes())
        if kept["fingerprint"] == fingerprint():
            kinds = tuple(KindReport(**each) for each in kept["report"]["kinds"])
            return AnonymizingReport(**{**kept["report"], "kinds": kinds})
    except (OSError, ValueError, KeyError, TypeError):
        # It is measured again.
        pass
    report = measured()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps({"fingerprint": fingerprint(), "report": asdict(report)}))
    unfinished.replace(path)
    return report


def measured() -> AnonymizingReport:
    """Recall and precision on synthetic resumes in all layouts; the same figures anywhere."""
    from assets.labels.anonymizing.anonymizer import anonymize
    from assets.labels.anonymizing.evaluation import evaluate_anonymizing
    from assets.labels.synthetic.generator import resumes

    return evaluate_anonymizing(resumes(RESUMES, SEED), anonymize)


def reaches_goals(report: AnonymizingReport) -> bool:
    """Whether enough names are found, and enough of what is masked is rightly so."""
    return report.of("NAME").recall >= NAMES_FOUND and report.precision >= RIGHTLY_MASKED
