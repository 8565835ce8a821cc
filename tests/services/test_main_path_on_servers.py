"""The main path by the command line, on S3 and PostgreSQL, through Dagster as it is set up in production."""

from pathlib import Path

import boto3
import psycopg
import pytest

from tests.conftest import Installation


@pytest.fixture(params=["lancedb", "weaviate"])
def on_either_index(request: pytest.FixtureRequest, on_servers: Installation) -> Installation:
    on_servers.environment["HRDP_INDEX"] = request.param
    return on_servers


def test_documents_are_added_refreshed_searched_and_verified(
    on_either_index: Installation, tmp_path: Path, s3_address: str, s3_endpoint: str, dagster_url: str
) -> None:
    handbook = tmp_path / "handbook"
    handbook.mkdir()
    # Their order is another one where text is ordered by a language's rules.
    for name in ("Zoo.md", "ärzte.md", "a-b.md", "a b.md", "ab.md"):
        (handbook / name).write_text(f"# {name}\n\nThe rule of {name} gives twenty days of leave a year.\n")
    assert on_either_index.run("source", "add", "handbook", str(handbook), "--kind", "handbook").returncode == 0
    first = on_either_index.json("refresh")["sources"]["handbook"]
    assert first["documents"]["added"] == 5
    assert first["embedded"] == 5
    assert on_either_index.json("refresh")["sources"]["handbook"]["embedded"] == 0
    (handbook / "ärzte.md").write_text("# Doctors\n\nDoctors have thirty days of leave a year.\n")
    (handbook / "Zoo.md").unlink()
    planned = on_either_index.json("plan")["sources"]["handbook"]["documents"]
    assert (planned["changed"], planned["removed"], planned["unchanged"]) == (1, 1, 3)
    changed = on_either_index.json("refresh")["sources"]["handbook"]
    assert changed["documents"] == planned
    [best, *_] = on_either_index.json("search", "how many days of leave do doctors have")["results"]
    assert best["document_id"] == "handbook/ärzte.md"
    assert on_either_index.json("verify")["ok"] is True

    # All of it is on the servers: what is left here can be made again.
    assert not (on_either_index.home / "catalogue.db").exists()
    assert not (on_either_index.home / "objects").exists()
    assert not (on_either_index.home / "dagster").exists()
    bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
    assert boto3.client("s3", endpoint_url=s3_endpoint).list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] > 5
    with psycopg.connect(dagster_url.replace("+psycopg2", "")) as connection:
        runs = connection.execute("SELECT pipeline_name, status FROM runs").fetchall()
    assert {run for run in runs if run[0] == "refresh"} == {("refresh", "SUCCESS")}
    assert len(runs) >= 3
