"""The whole set: what is started together, and the settings that use it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from deploy.services.postgresql import DAGSTER, PostgreSQLServer
from deploy.services.records import Credentials
from deploy.services.s3 import BUCKET, REGION, S3Server
from deploy.services.server import Server, silent
from deploy.services.weaviate import start_nodes, weaviate_nodes

_DAGSTER_SETTINGS = Path(__file__).parents[1] / "dagster.yaml"
_PREFIX = "platform"


class Stack:
    """Weaviate, S3 and PostgreSQL below a folder. `weaviate_node_count` None means as many nodes as there are, or one."""

    def __init__(
        self, folder: Path, weaviate_node_count: int | None = None, say: Callable[[str], None] = silent
    ) -> None:
        self.folder = folder.absolute()
        self._say = say
        credentials = Credentials.kept_in(self.folder)
        self.weaviate = weaviate_nodes(self.folder, weaviate_node_count, credentials, say)
        self.s3 = S3Server(self.folder, credentials, say)
        self.postgresql = PostgreSQLServer(self.folder, credentials, say)

    @property
    def servers(self) -> list[Server]:
        return [*self.weaviate, self.s3, self.postgresql]

    def up(self) -> None:
        """Starts what doesn't run, and returns when all is healthy. Raises ServiceProblem."""
        with self._alone():
            # All come up side by side.
            self.postgresql.start(wait=False)
            self.s3.start(wait=False)
            start_nodes(self.weaviate)
            for server in self.servers:
                server.start()
                self._say(f"{server.name} is ready")
            self._dagster_home.mkdir(exist_ok=True)
            shutil.copyfile(_DAGSTER_SETTINGS, self._dagster_home / "dagster.yaml")

    def down(self) -> None:
        """Stops what runs of this set."""
        with self._alone():
            for server in self.servers:
                if server.is_running():
                    server.stop()
                    self._say(f"{server.name} is stopped")

    def settings(self) -> dict[str, str]:
        """The environment that makes the platform use these servers."""
        return {
            "HRDP_INDEX": "weaviate",
            "HRDP_WEAVIATE_URL": ",".join(node.url for node in self.weaviate),
            "HRDP_WEAVIATE_GRPC_PORT": ",".join(str(node.grpc_port) for node in self.weaviate),
            "HRDP_WEAVIATE_API_KEY": self.weaviate[0].api_key,
            "HRDP_WEAVIATE_REPLICATION": str(len(self.weaviate)),
            "HRDP_OBJECTS": f"s3://{BUCKET}/{_PREFIX}",
            "HRDP_S3_ENDPOINT": self.s3.url,
            "AWS_ACCESS_KEY_ID": self.s3.access_key,
            "AWS_SECRET_ACCESS_KEY": self.s3.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "HRDP_CATALOGUE": self.postgresql.url(),
            "DAGSTER_HOME": str(self._dagster_home),
            "HRDP_DAGSTER_DATABASE": self.postgresql.url(DAGSTER).replace("+psycopg", "+psycopg2"),
        }

    @property
    def _dagster_home(self) -> Path:
        return self.folder / "dagster"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with FileLock(self.folder / "lock"):
            yield
