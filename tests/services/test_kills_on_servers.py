"""The story of twenty kills on Weaviate, S3 and PostgreSQL, through Dagster as it is set up in production."""

import os
import shutil
import uuid
from pathlib import Path

import pytest

from assets.platform import Platform, Settings
from deploy.services.weaviate import WeaviateNode
from tests.conftest import PROJECT, Installation
from tests.stories.kill_rounds import KILLS, kill_refreshes

DOCUMENTS = 8


@pytest.fixture
def on_servers(
    installation: Installation,
    weaviate_server: WeaviateNode,
    s3_address: str,
    s3_endpoint: str,
    postgresql_url: str,
    dagster_url: str,
    tmp_path: Path,
) -> Installation:
    dagster_home = tmp_path / "dagster"
    dagster_home.mkdir()
    shutil.copyfile(PROJECT / "deploy" / "dagster.yaml", dagster_home / "dagster.yaml")
    installation.environment |= {
        "HRDP_OBJECTS": s3_address,
        "HRDP_S3_ENDPOINT": s3_endpoint,
        "HRDP_CATALOGUE": postgresql_url,
        "HRDP_INDEX": "weaviate",
        "HRDP_WEAVIATE_URL": weaviate_server.url,
        "HRDP_WEAVIATE_GRPC_PORT": str(weaviate_server.grpc_port),
        "HRDP_WEAVIATE_API_KEY": weaviate_server.api_key,
        "HRDP_WEAVIATE_ALIAS": f"kills_{uuid.uuid4().hex[:8]}",
        "DAGSTER_HOME": str(dagster_home),
        "HRDP_DAGSTER_DATABASE": dagster_url,
        **{name: os.environ[name] for name in os.environ if name.startswith("AWS_")},
    }
    return installation


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
