"""Servers without containers: each is found again by what was recorded, and nothing else is ever ended."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from deploy.services.building import GoProgram, built
from deploy.services.postgresql import PostgreSQLServer
from deploy.services.problems import ServiceProblem
from deploy.services.records import Credentials
from deploy.services.s3 import S3Server
from deploy.services.weaviate import WeaviateNode, weaviate_nodes
from tests.conftest import PROJECT


def command(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deploy.services", *arguments],
        cwd=PROJECT,
        env={**os.environ, "HRDP_HOME": str(home)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    # Closed to all others, as people's folders are: PostgreSQL runs there all the same.
    folder = tmp_path / "closed" / "home"
    folder.parent.mkdir(mode=0o700)
    yield folder
    command(folder, "down")


def test_the_whole_set_is_started_found_again_and_stopped(home: Path) -> None:
    first = command(home, "up")
    assert first.returncode == 0, first.stderr
    assert all(line.startswith("export ") for line in first.stdout.splitlines())
    states = command(home, "status")
    assert (states.returncode, states.stdout.count("healthy")) == (0, 3)
    processes = [
        psutil.Process(json.loads(path.read_text())["pid"]) for path in (home / "services").glob("*/state.json")
    ]
    # A second start changes nothing, and the settings can be had at any time.
    assert command(home, "up").stdout == command(home, "settings").stdout == first.stdout
    assert command(home, "status").stdout == states.stdout
    assert command(home, "down").returncode == 0
    assert len(processes) == 3
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)
    assert command(home, "status").returncode == 1
    # Ports and data are the same the next time.
    assert command(home, "up").stdout == first.stdout


def test_no_secret_can_be_read_by_others(home: Path) -> None:
    stopped = Credentials.kept_in(home / "services")
    path = home / "services" / "credentials.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert Credentials.kept_in(home / "services") == stopped


def test_a_killed_server_is_started_again_on_its_ports_and_data(
    postgresql_server: PostgreSQLServer, s3_server: S3Server
) -> None:
    with postgresql_server.connect("postgres") as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    s3_server.client().put_object(Bucket="hrdp", Key="kept", Body=b"7")
    addresses = postgresql_server.url(), s3_server.url
    for server in (postgresql_server, s3_server):
        server.kill()
        assert not server.is_running()
        assert not server.is_healthy()
        server.start()
    assert (postgresql_server.url(), s3_server.url) == addresses
    with postgresql_server.connect("postgres") as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
        connection.execute("DROP TABLE kept")
    assert s3_server.client().get_object(Bucket="hrdp", Key="kept")["Body"].read() == b"7"
    s3_server.client().delete_object(Bucket="hrdp", Key="kept")


def test_nobody_enters_without_the_key(weaviate_server: WeaviateNode, postgresql_server: PostgreSQLServer) -> None:
    import urllib.error
    import urllib.request

    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{weaviate_server.url}/v1/schema")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgresql_server.url().replace("+psycopg", "").replace(postgresql_server.password, "wrong"))


def test_another_process_with_a_recorded_number_is_left_alone(tmp_path: Path) -> None:
    server = S3Server(tmp_path, Credentials.kept_in(tmp_path))
    server.start()
    record = json.loads((server.folder / "state.json").read_text())
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with_stranger = {**record, "pid": stranger.pid, "started": record["started"] - 60}
        (server.folder / "state.json").write_text(json.dumps(with_stranger))
        assert not server.is_running()
        server.stop()
        server.kill()
        assert stranger.poll() is None
        # The port is still held by the first: that is told, and nothing is started.
        (server.folder / "state.json").write_text(json.dumps(with_stranger))
        with pytest.raises(
            ServiceProblem, match=f"port {record['ports']['http']} of s3 .* is taken by another program"
        ):
            server.start()
    finally:
        stranger.kill()
        stranger.wait()
        (server.folder / "state.json").write_text(json.dumps(record))
        server.stop()


def test_a_cluster_is_not_begun_on_the_data_of_another_size(tmp_path: Path) -> None:
    (tmp_path / "weaviate-1" / "data").mkdir(parents=True)
    with pytest.raises(ServiceProblem, match="belongs to a cluster of 1"):
        weaviate_nodes(tmp_path, 3, Credentials.kept_in(tmp_path))


def test_a_missing_tool_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HRDP_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ServiceProblem, match=r"install it from https://go\.dev/dl"):
        built(GoProgram("thing", "1.0.0", "example.org/thing", "thing", "a moment"), print)
    monkeypatch.setattr("deploy.services.postgresql._INSTALLED", tmp_path / "nothing")
    with pytest.raises(ServiceProblem, match="apt-get install postgresql-15"):
        PostgreSQLServer(tmp_path, Credentials.kept_in(tmp_path)).start()


def test_each_node_of_a_cluster_comes_back_after_a_kill(weaviate_cluster: list[WeaviateNode]) -> None:
    for node in weaviate_cluster:
        node.kill()
        assert not node.is_healthy()
        node.start()
    assert all(node.is_healthy() for node in weaviate_cluster)
