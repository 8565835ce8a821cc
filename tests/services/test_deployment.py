"""What `deploy/` holds for production, as far as it can be tried without containers."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import psycopg
import pytest
import yaml

from assets.platform import Settings
from deploy.services.building import VERSITY_GATEWAY, WEAVIATE
from deploy.services.postgresql import MAJOR
from tests.conftest import PROJECT, Installation

DEPLOY = PROJECT / "deploy"


def test_containers_and_processes_are_of_the_same_releases_and_settings_are_known() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    images = {name: service["image"].rpartition(":")[2] for name, service in compose["services"].items()}
    assert images["weaviate"] == WEAVIATE.version
    assert images["s3"] == f"v{VERSITY_GATEWAY.version}"
    assert images["postgresql"].split("-")[0] == str(MAJOR)
    known = {f"HRDP_{field.name.upper()}" for field in fields(Settings)} | {"HRDP_DAGSTER_DATABASE"}
    for service in compose["services"].values():
        assert {name for name in service["environment"] if name.startswith("HRDP_")} <= known


def test_the_daemon_queues_and_runs_a_refresh_with_all_its_state_in_postgresql(
    installation: Installation,
    s3_address: str,
    s3_endpoint: str,
    postgresql_url: str,
    dagster_url: str,
    tmp_path: Path,
) -> None:
    dagster_home = tmp_path / "dagster"
    dagster_home.mkdir()
    shutil.copyfile(DEPLOY / "dagster.yaml", dagster_home / "dagster.yaml")
    installation.environment |= {
        "HRDP_OBJECTS": s3_address,
        "HRDP_S3_ENDPOINT": s3_endpoint,
        "HRDP_CATALOGUE": postgresql_url,
        "HRDP_LOOK_SECONDS": "1",
        "DAGSTER_HOME": str(dagster_home),
        "HRDP_DAGSTER_DATABASE": dagster_url,
        **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
    }
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text("# Leave\n\nEveryone earns twenty days of annual leave a year.\n")
    assert installation.run("source", "add", "handbook", str(documents), "--kind", "handbook").returncode == 0
    with (tmp_path / "daemon.log").open("w") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(DEPLOY / "workspace.yaml")],
            env=installation.environment,
            cwd=PROJECT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 400
        while not (runs := _finished(dagster_url)):
            assert daemon.poll() is None
            if time.monotonic() > deadline:
                pytest.fail((tmp_path / "daemon.log").read_text()[-4000:])
            time.sleep(1)
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        try:
            daemon.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(daemon.pid, signal.SIGKILL)
    assert ("refresh", "SUCCESS", True) in runs
    assert not list(dagster_home.rglob("*.db"))
    assert installation.json("verify")["ok"] is True


def _finished(url: str) -> list[tuple[str, str, bool]]:
    """Job, status and whether it waited in the queue, of the runs that ended."""
    with psycopg.connect(url.replace("+psycopg2", "")) as connection:
        if not connection.execute("SELECT to_regclass('event_logs')").fetchone()[0]:
            return []
        return connection.execute(
            "SELECT pipeline_name, status, EXISTS (SELECT FROM event_logs WHERE event_logs.run_id = runs.run_id"
            " AND dagster_event_type = 'PIPELINE_ENQUEUED') FROM runs WHERE status IN ('SUCCESS', 'FAILURE')"
        ).fetchall()
