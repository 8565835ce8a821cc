"""The story of twenty kills on Weaviate, S3 and PostgreSQL, through Dagster as it is set up in production."""

from pathlib import Path

import pytest

from assets.platform import Platform, Settings
from tests.conftest import Installation
from tests.stories.kill_rounds import KILLS, kill_refreshes

DOCUMENTS = 8


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_twenty_kills_on_servers_leave_nothing_missing_orphaned_or_doubled(
    on_servers: Installation, tmp_path: Path
) -> None:
    reader = Platform(Settings.from_environment(on_servers.environment))
    rounds = kill_refreshes(on_servers, reader, tmp_path / "rules", DOCUMENTS)
    assert rounds.wrong[:5] == []
    assert rounds.searches > KILLS
    assert rounds.killed >= KILLS // 2
