"""What Dagster's page shows of a dataset, of its leaks, and of how well personal items are masked: tables and plots."""

from collections.abc import Mapping
from typing import Any

from assets.labels.anonymizing.evaluation import AnonymizingReport
from assets.labels.quality.classes import SPLITS
from assets.labels.quality.leaks import LeakReport, Score
from assets.plots import bars

Record = dict[str, str | int | float]


def split_table(manifest: Mapping[str, Any]) -> list[Record]:
    """Rows, resumes and groups by split."""
    return [{"split": split, **manifest["splits"][split]} for split in SPLITS]


def class_table(manifest: Mapping[str, Any]) -> list[Record]:
    """Rows by class and split."""
    return [{"class": name, **counts} for name, counts in manifest["classes"].items()]


def split_plot(manifest: Mapping[str, Any]) -> str:
    """Rows by split."""
    return bars([(split, manifest["splits"][split]["rows"]) for split in SPLITS], "split", "rows")


def class_plot(manifest: Mapping[str, Any]) -> str:
    """Rows by class, the largest first."""
    counts = [(name, sum(counts.values())) for name, counts in manifest["classes"].items()]
    return bars(sorted(counts, key=lambda pair: (-pair[1], pair[0])), "class", "rows")


def leak_table(report: LeakReport) -> list[Record]:
    """The two ways to split, each with its score."""
    return [_score(name, score) for name, score in _scores(report)]


def leak_plot(report: LeakReport) -> str:
    """The accuracy that each way to split shows; nothing where there is none."""
    scores = [(name, score.accuracy) for name, score in _scores(report)]
    return bars(scores, "split", "accuracy") if scores else ""


def anonymizing_table(report: AnonymizingReport) -> list[Record]:
    """Recall and precision by kind, and of all kinds together."""
    kinds: list[Record] = [
        {
            "kind": each.kind,
            "items": each.items,
            "recall": round(each.recall, 4),
            "masked": each.masked,
            "precision": round(each.precision, 4),
        }
        for each in report.kinds
    ]
    together: Record = {
        "kind": "all",
        "items": sum(each.items for each in report.kinds),
        "recall": round(report.recall, 4),
        "masked": sum(each.masked for each in report.kinds),
        "precision": round(report.precision, 4),
    }
    return [*kinds, together]


def lost_table(report: AnonymizingReport) -> list[Record]:
    """The share of what has to stay of which a character was masked."""
    return [{"what has to stay": kind, "share touched": round(share, 4)} for kind, share in report.lost.items()]


def _scores(report: LeakReport) -> list[tuple[str, Score]]:
    scores = (("rows at random", report.random_rows), ("whole groups", report.by_group))
    return [(name, score) for name, score in scores if score is not None]


def _score(name: str, score: Score) -> Record:
    return {
        "split": name,
        "accuracy": score.accuracy,
        "low": score.low,
        "high": score.high,
        "macro F1": score.macro_f1,
        "rows": score.rows,
        "different resumes": score.units,
    }
