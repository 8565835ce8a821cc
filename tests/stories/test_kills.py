"""Promise 2 under kill -9: whatever is killed, searches go on, nothing is half served, and the next refresh finishes."""

from pathlib import Path

import pytest

from assets.platform import Platform, Settings
from tests.conftest import Installation
from tests.stories.kill_rounds import KILLS, kill_refreshes

DOCUMENTS = 60


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_twenty_kills_leave_nothing_missing_orphaned_or_doubled(installation: Installation, tmp_path: Path) -> None:
    rounds = kill_refreshes(installation, Platform(Settings(home=installation.home)), tmp_path / "rules", DOCUMENTS)
    assert rounds.wrong[:5] == []
    assert rounds.searches > KILLS
    assert rounds.killed >= KILLS // 2
