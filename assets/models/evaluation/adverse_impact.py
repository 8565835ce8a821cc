"""Selection rates and impact ratios by groups that people named themselves, for the test split of a dataset.

29 CFR 1607.4(D): a selection rate below four fifths of the highest group's is generally regarded as evidence of adverse impact,
smaller differences may be where they are significant, and larger ones need not be where numbers are small: every ratio comes
with n, an interval and a test. New York City's Local Law 144 (6 RCNY 5-301) asks for the same ratios by sex, by race, and by both
together: write a group as `female / asian` for the latter.
"""

import csv
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assets.models.evaluation.model import EvaluationImpossible, Flags

FOUR_FIFTHS = 0.8
SIGNIFICANCE = 0.05
FEWEST = 5
"""Of a smaller group no rate is stated: it would say something about single people."""
_CERTAINTY = 1.96
_LONGEST_GROUP = 80


@dataclass(frozen=True, slots=True)
class Impact:
    """Of `n` people of a group, `selected` were; `ratio` is their rate by the highest group's (None where nobody was selected),
    with its 95 % interval, and `probability` that of so large a difference by chance (Fisher's exact test)."""

    outcome: str
    group: str
    n: int
    selected: int
    rate: float
    low: float
    high: float
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    probability: float
    below_four_fifths: bool
    adverse: bool

    def record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def read_groups(path: Path) -> dict[str, str]:
    """Self-reported groups by text hash, from CSV or JSONL with `text_hash` (or `id`) and `group`.

    Raises EvaluationImpossible.
    """
    found: dict[str, str] = {}
    try:
        for number, row in enumerate(_rows(path), 1):
            key, group = str(row.get("text_hash") or row.get("id") or "").strip(), str(row.get("group") or "").strip()
            if not key or not group or len(group) > _LONGEST_GROUP:
                raise EvaluationImpossible(
                    f"row {number} of {path.name} has no text_hash (or id) or no group of at most {_LONGEST_GROUP} characters:"
                    " write both, or leave the row out"
                )
            if found.setdefault(key, group) != group:
                raise EvaluationImpossible(
                    f"row {number} of {path.name} gives a resume a second group: keep one of them"
                )
    except (OSError, UnicodeDecodeError, ValueError, csv.Error):
        raise EvaluationImpossible(
            f"{path.name} can't be read as groups: write UTF-8 CSV or JSONL with text_hash and group"
        ) from None
    return found


def impacts(outcome: str, hashes: tuple[str, ...], selected: Flags, groups: Mapping[str, str]) -> list[Impact]:
    """By group, in order; groups of fewer than FEWEST people are left out. Raises EvaluationImpossible for no common resume."""
    from scipy.stats import fisher_exact

    counts: dict[str, list[int]] = {}
    for key, chosen in zip(hashes, selected.tolist(), strict=True):
        if key in groups:
            count = counts.setdefault(groups[key], [0, 0])
            count[0] += 1
            count[1] += bool(chosen)
    if not counts:
        raise EvaluationImpossible(
            "none of the self-reported groups belongs to a resume of the test split: give text hashes as the dataset has them"
        )
    large = {group: count for group, count in sorted(counts.items()) if count[0] >= FEWEST}
    if not large:
        return []
    best_n, best_chosen = max(large.values(), key=lambda count: (count[1] / count[0], count[0]))
    found = []
    for group, (n, chosen) in large.items():
        rate, best = chosen / n, best_chosen / best_n
        ratio = rate / best if best else None
        low, high = _wilson(chosen, n)
        ratio_low, ratio_high = _ratio_interval(chosen, n, best_chosen, best_n)
        probability = float(fisher_exact([[chosen, n - chosen], [best_chosen, best_n - best_chosen]])[1])
        below = ratio is not None and ratio < FOUR_FIFTHS
        found.append(
            Impact(
                outcome,
                group,
                n,
                chosen,
                rate,
                low,
                high,
                ratio,
                ratio_low,
                ratio_high,
                probability,
                below,
                below and probability < SIGNIFICANCE,
            )
        )
    return found


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        if path.suffix.lower() in {".jsonl", ".ndjson"}:
            for line in file:
                if line.strip():
                    row = json.loads(line)
                    if not isinstance(row, dict):
                        raise ValueError("no object")
                    yield row
        else:
            yield from csv.DictReader(file)


def _wilson(chosen: int, n: int) -> tuple[float, float]:
    square = _CERTAINTY**2
    share = chosen / n
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _CERTAINTY * math.sqrt(share * (1 - share) / n + square / (4 * n**2)) / (1 + square / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def _ratio_interval(chosen: int, n: int, best: int, best_n: int) -> tuple[float | None, float | None]:
    """D. Katz and others, "Obtaining confidence intervals for the risk ratio in cohort studies", Biometrics 34, 1978."""
    if not chosen or not best:
        return None, None
    spread = _CERTAINTY * float(np.sqrt(1 / chosen - 1 / n + 1 / best - 1 / best_n))
    ratio = (chosen / n) / (best / best_n)
    return ratio * math.exp(-spread), ratio * math.exp(spread)
