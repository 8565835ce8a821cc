"""The blocking checks of the chunks, from what Great Expectations found."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from assets.chunks.validation import CHECK_NAMES

if TYPE_CHECKING:
    from assets.chunks.layout import LayoutReport

CHECKS = [
    dg.AssetCheckSpec(name=name, asset="chunks", description=description, blocking=True)
    for name, description in CHECK_NAMES.items()
]


def results(report: "LayoutReport", source_name: str, tolerated_share: float) -> list[dg.AssetCheckResult]:
    """One result a check, for one source. Single bad documents are in the quarantine; a check fails when more than the
    tolerated share of the refresh's documents (and more than one) failed it, since the cause then lies deeper."""
    return list(_results(report, source_name, tolerated_share))


def _results(report: "LayoutReport", source_name: str, tolerated_share: float) -> Iterator[dg.AssetCheckResult]:
    for name in CHECK_NAMES:
        outcome = report.checks.get(name)
        failed = len(outcome.failed_documents) if outcome else 0
        yield dg.AssetCheckResult(
            check_name=name,
            passed=failed <= 1 or failed <= tolerated_share * report.documents,
            metadata={
                "source": source_name,
                "new chunks": outcome.tried if outcome else 0,
                "documents sent to quarantine": failed,
            },
        )
