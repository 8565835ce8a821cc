"""Real servers for the tests below, started once for the session on ports and data of their own."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.services.postgresql import PostgreSQLServer
from deploy.services.records import Credentials
from deploy.services.s3 import BUCKET, REGION, S3Server
from deploy.services.weaviate import WeaviateNode, start_nodes, weaviate_nodes
from tests.conftest import PROJECT, Installation

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.services)


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    """A folder for the data of servers; what runs there is stopped by the fixtures that started it."""
    folder = Path(tempfile.mkdtemp(prefix="hrdp-services-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def credentials(services_folder: Path) -> Credentials:
    return Credentials.kept_in(services_folder)


@pytest.fixture(scope="session")
def weaviate_server(services_folder: Path, credentials: Credentials) -> Iterator[WeaviateNode]:
    """One node that runs (`url`, `grpc_port`, `api_key`); a test that stops or kills it starts it again."""
    [node] = weaviate_nodes(services_folder / "single", None, credentials)
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="session")
def weaviate_cluster(services_folder: Path, credentials: Credentials) -> Iterator[list[WeaviateNode]]:
    """Three nodes of one cluster; a test that stops or kills one starts it again."""
    nodes = weaviate_nodes(services_folder / "cluster", 3, credentials)
    start_nodes(nodes)
    yield nodes
    for node in nodes:
        node.stop()


@pytest.fixture(scope="session")
def s3_server(services_folder: Path, credentials: Credentials) -> Iterator[S3Server]:
    """The S3 server; a test that stops or kills it starts it again."""
    server = S3Server(services_folder, credentials)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgresql_server(services_folder: Path, credentials: Credentials) -> Iterator[PostgreSQLServer]:
    """The PostgreSQL server; a test that stops or kills it starts it again."""
    server = PostgreSQLServer(services_folder, credentials)
    server.start()
    yield server
    server.stop()


@contextmanager
def _database(server: PostgreSQLServer) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    server.create_database(name)
    yield name
    with server.connect("postgres") as connection:
        connection.autocommit = True
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgresql_url(postgresql_server: PostgreSQLServer) -> Iterator[str]:
    """The address of an empty database, gone after the test."""
    with _database(postgresql_server) as name:
        yield postgresql_server.url(name)


@pytest.fixture
def s3_address(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of its own on the S3 server, as `s3://bucket/prefix`, with the credentials where the AWS tools look for them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return f"s3://{BUCKET}/{uuid.uuid4().hex}/nested"


@pytest.fixture
def s3_endpoint(s3_server: S3Server) -> str:
    return s3_server.url


@pytest.fixture
def dagster_url(postgresql_server: PostgreSQLServer) -> Iterator[str]:
    """The address of an empty database for Dagster, as Dagster takes it; gone after the test."""
    with _database(postgresql_server) as name:
        yield postgresql_server.url(name).replace("+psycopg", "+psycopg2")


@pytest.fixture(scope="session")
def converted_models(services_folder: Path) -> Path:
    """A place for embedding models, so that one is converted once for all tests."""
    folder = services_folder / "models"
    folder.mkdir()
    return folder


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
    """An installation on the three servers, with Dagster as it is set up in production and stores of its own on each of them."""
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
        "HRDP_WEAVIATE_ALIAS": f"on_servers_{uuid.uuid4().hex[:8]}",
        "DAGSTER_HOME": str(dagster_home),
        "HRDP_DAGSTER_DATABASE": dagster_url,
        **{name: os.environ[name] for name in os.environ if name.startswith("AWS_")},
    }
    return installation
