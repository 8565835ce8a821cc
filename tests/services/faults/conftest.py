"""An installation whose servers are reached through fault proxies, and what of it must never be lost."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index.refresh import RefreshResult
from assets.index.searching import search
from assets.index.verification import verify
from assets.lineage import schema
from assets.lineage.moments import OPEN
from assets.platform import Platform, Settings
from deploy.services.postgresql import PostgreSQLServer
from deploy.services.s3 import S3Server
from deploy.services.weaviate import WeaviateNode
from tests.conftest import Installation
from tests.services.fault_proxy import FaultProxy

DOCUMENTS = 40

Refreshed = Callable[..., RefreshResult]


@dataclass(frozen=True)
class Proxies:
    """What stands before one server of each kind, Weaviate's two ports apart."""

    rest: FaultProxy
    grpc: FaultProxy
    s3: FaultProxy
    sql: FaultProxy

    def weaviate(self) -> list[FaultProxy]:
        return [self.rest, self.grpc]


@pytest.fixture(scope="session")
def _proxies(weaviate_server: WeaviateNode, s3_server: S3Server, postgresql_server: PostgreSQLServer) -> Proxies:
    return Proxies(
        FaultProxy(weaviate_server.ports["http"]),
        FaultProxy(weaviate_server.grpc_port),
        FaultProxy(s3_server.ports["http"]),
        FaultProxy(postgresql_server.ports["sql"]),
    )


@pytest.fixture
def proxies(
    _proxies: Proxies, weaviate_server: WeaviateNode, s3_server: S3Server, postgresql_server: PostgreSQLServer
) -> Iterator[Proxies]:
    """Proxies that pass everything; after a test every fault is gone and every server runs."""
    yield _proxies
    for proxy in (*_proxies.weaviate(), _proxies.s3, _proxies.sql):
        proxy.mend()
        proxy.break_connections()
    for server in (weaviate_server, s3_server, postgresql_server):
        server.start()


@pytest.fixture
def environment(
    proxies: Proxies,
    weaviate_server: WeaviateNode,
    s3_address: str,
    postgresql_url: str,
    tmp_path: Path,
    converted_models: Path,
) -> dict[str, str]:
    """Settings of an installation on the three servers, with stores of its own on them, through the proxies."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(converted_models)
    catalogue = make_url(postgresql_url).set(port=proxies.sql.port).render_as_string(hide_password=False)
    return {
        "HRDP_HOME": str(home),
        "HRDP_INDEX": "weaviate",
        "HRDP_WEAVIATE_URL": f"http://127.0.0.1:{proxies.rest.port}",
        "HRDP_WEAVIATE_GRPC_PORT": str(proxies.grpc.port),
        "HRDP_WEAVIATE_API_KEY": weaviate_server.api_key,
        "HRDP_WEAVIATE_ALIAS": f"faults_{uuid.uuid4().hex[:12]}",
        "HRDP_OBJECTS": s3_address,
        "HRDP_S3_ENDPOINT": f"http://127.0.0.1:{proxies.s3.port}",
        "HRDP_CATALOGUE": catalogue,
    }


@pytest.fixture
def platform(environment: dict[str, str], guide: Path) -> Platform:
    """The installation in this process, with the source `guide`."""
    opened = Platform(Settings.from_environment(environment))
    registry.add(opened.catalogue, SourceSpec("guide", "handbook", str(guide)))
    return opened


@pytest.fixture
def installation(environment: dict[str, str], platform: Platform) -> Installation:
    """The same installation by the command line."""
    used = Installation(Path(environment["HRDP_HOME"]))
    used.environment |= environment | {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    return used


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    """A folder of short documents, one text each."""
    folder = tmp_path / "guide"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"rule-{number:03}.md").write_text(
            f"# Rule {number}\n\nWhoever has served {number} months may take {number + 2} days of leave.\n"
        )
    return folder


def told(done: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence that a failed command says to a person."""
    assert done.returncode == 1, done
    errors = done.stderr
    assert "Traceback" not in errors, errors[-3000:]
    assert "unforeseen" not in errors, errors[-3000:]
    [sentence] = [line for line in errors.splitlines() if line.startswith("Error: ")]
    return sentence


def check_whole(platform: Platform, guide: Path) -> None:
    """Everything in the folder is served, once each, and found."""
    report = verify(platform)
    assert report.ok, report
    with platform.catalogue.read() as connection:
        query = select(schema.rows.c.document_id).where(
            schema.rows.c.to_generation == OPEN, schema.rows.c.valid_to == OPEN
        )
        served = sorted(connection.execute(query).scalars())
    assert served == sorted(f"guide/{path.name}" for path in guide.iterdir())
    [best] = search(platform, "leave of whoever has served 17 months", k=1)
    assert best.document_id == "guide/rule-017.md"
