"""The main path by the command line, on S3 and PostgreSQL, through Dagster as it is set up in production."""

import os
import shutil
import uuid
from pathlib import Path

import boto3
import psycopg
import pytest

from deploy.services.weaviate import WeaviateNode
from tests.conftest import PROJECT, Installation


@pytest.fixture(params=["lancedb", "weaviate"])
def on_servers(
    request: pytest.FixtureRequest,
    installation: Installation,
    s3_address: str,
    s3_endpoint: str,
    postgresql_url: str,
    dagster_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Installation:
    # As the settings of the set of servers are, with stores of the test's own on them.
    dagster_home = tmp_path / "dagster"
    dagster_home.mkdir()
    shutil.copyfile(PROJECT / "deploy" / "dagster.yaml", dagster_home / "dagster.yaml")
    installation.environment |= {
        "HRDP_OBJECTS": s3_address,
        "HRDP_S3_ENDPOINT": s3_endpoint,
        "HRDP_CATALOGUE": postgresql_url,
        "HRDP_INDEX": request.param,
        "DAGSTER_HOME": str(dagster_home),
        "HRDP_DAGSTER_DATABASE": dagster_url,
        **{name: os.environ[name] for name in os.environ if name.startswith("AWS_")},
    }
    if request.param == "weaviate":
        server: WeaviateNode = request.getfixturevalue("weaviate_server")
        installation.environment |= {
            "HRDP_WEAVIATE_URL": server.url,
            "HRDP_WEAVIATE_GRPC_PORT": str(server.grpc_port),
            "HRDP_WEAVIATE_API_KEY": server.api_key,
            "HRDP_WEAVIATE_ALIAS": f"path_{uuid.uuid4().hex[:8]}",
        }
    return installation


def test_documents_are_added_refreshed_searched_and_verified(
    on_servers: Installation, tmp_path: Path, s3_address: str, s3_endpoint: str, dagster_url: str
) -> None:
    handbook = tmp_path / "handbook"
    handbook.mkdir()
    # Their order is another one where text is ordered by a language's rules.
    for name in ("Zoo.md", "ärzte.md", "a-b.md", "a b.md", "ab.md"):
        (handbook / name).write_text(f"# {name}\n\nThe rule of {name} gives twenty days of leave a year.\n")
    assert on_servers.run("source", "add", "handbook", str(handbook), "--kind", "handbook").returncode == 0
    first = on_servers.json("refresh")["sources"]["handbook"]
    assert first["documents"]["added"] == 5
    assert first["embedded"] == 5
    assert on_servers.json("refresh")["sources"]["handbook"]["embedded"] == 0
    (handbook / "ärzte.md").write_text("# Doctors\n\nDoctors have thirty days of leave a year.\n")
    (handbook / "Zoo.md").unlink()
    planned = on_servers.json("plan")["sources"]["handbook"]["documents"]
    assert (planned["changed"], planned["removed"], planned["unchanged"]) == (1, 1, 3)
    changed = on_servers.json("refresh")["sources"]["handbook"]
    assert changed["documents"] == planned
    [best, *_] = on_servers.json("search", "how many days of leave do doctors have")["results"]
    assert best["document_id"] == "handbook/ärzte.md"
    assert on_servers.json("verify")["ok"] is True

    # All of it is on the servers: what is left here can be made again.
    assert not (on_servers.home / "catalogue.db").exists()
    assert not (on_servers.home / "objects").exists()
    assert not (on_servers.home / "dagster").exists()
    bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
    assert boto3.client("s3", endpoint_url=s3_endpoint).list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] > 5
    with psycopg.connect(dagster_url.replace("+psycopg2", "")) as connection:
        runs = connection.execute("SELECT pipeline_name, status FROM runs").fetchall()
    assert {run for run in runs if run[0] == "refresh"} == {("refresh", "SUCCESS")}
    assert len(runs) >= 3
