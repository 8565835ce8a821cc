"""The check that everything served is whole."""

from dataclasses import asdict

import dagster as dg

from assets.platform import Platform
from orchestration.materialization import clear_failures


@dg.asset_check(asset="rebuilt_index")
def stores_agree(platform: dg.ResourceParam[Platform]) -> dg.AssetCheckResult:
    """Catalogue, index and objects hold the same: nothing missing, no orphan, no duplicate, and the ledger's chain is whole.

    Every night, and after each rebuild.
    """
    from assets.index.verification import verify

    with clear_failures(platform):
        report = verify(platform)
    return dg.AssetCheckResult(passed=report.ok, metadata=asdict(report))
