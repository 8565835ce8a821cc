"""Weaviate: one node, or a cluster of them on one machine."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.services.building import WEAVIATE, built
from deploy.services.ports import LOOPBACK, free_ports, is_open
from deploy.services.problems import ServiceProblem
from deploy.services.records import Credentials
from deploy.services.server import Launch, Server, silent

_ANSWER_SECONDS = 5.0


class WeaviateNode(Server):
    """A node; `peers` are all the cluster's nodes, this one among them."""

    def __init__(
        self,
        folder: Path,
        number: int,
        credentials: Credentials,
        say: Callable[[str], None] = silent,
    ) -> None:
        super().__init__(f"weaviate-{number}", folder / f"weaviate-{number}", say)
        self.host_name = f"node{number}"
        self.api_key = credentials.weaviate_api_key
        self.peers: Sequence[WeaviateNode] = [self]

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['http']}"

    @property
    def grpc_port(self) -> int:
        return self.ports["grpc"]

    def choose_ports(self) -> dict[str, int]:
        # Nodes expect each other's data port behind the gossip port, and the second Raft port behind the first.
        first = free_ports(6)
        return {
            "http": first,
            "grpc": first + 1,
            "gossip": first + 2,
            "data": first + 3,
            "raft": first + 4,
            "raft calls": first + 5,
        }

    def launch(self) -> Launch:
        ports = self.ports
        program = str(built(WEAVIATE, self._say))
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        environment = {
            "PERSISTENCE_DATA_PATH": str(data),
            "GRPC_PORT": str(ports["grpc"]),
            "CLUSTER_HOSTNAME": self.host_name,
            "CLUSTER_IN_LOCALHOST": "true",
            # Else a node takes an address of the machine that others may not reach, or can't read.
            "CLUSTER_ADVERTISE_ADDR": LOOPBACK,
            "CLUSTER_ADVERTISE_PORT": str(ports["gossip"]),
            "CLUSTER_GOSSIP_BIND_PORT": str(ports["gossip"]),
            "CLUSTER_DATA_BIND_PORT": str(ports["data"]),
            "RAFT_PORT": str(ports["raft"]),
            "RAFT_INTERNAL_RPC_PORT": str(ports["raft calls"]),
            "RAFT_JOIN": ",".join(f"{peer.host_name}:{peer.ports['raft']}" for peer in self.peers),
            "RAFT_BOOTSTRAP_EXPECT": str(len(self.peers)),
            # A node that is refused by the one that it is to join ends.
            "CLUSTER_JOIN": ",".join(
                f"{LOOPBACK}:{peer.ports['gossip']}"
                for peer in self.peers
                if peer is not self and is_open(peer.ports["gossip"])
            ),
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
            "AUTHENTICATION_APIKEY_ENABLED": "true",
            "AUTHENTICATION_APIKEY_ALLOWED_KEYS": self.api_key,
            "AUTHENTICATION_APIKEY_USERS": "hrdp",
            "AUTHORIZATION_ADMINLIST_ENABLED": "true",
            "AUTHORIZATION_ADMINLIST_USERS": "hrdp",
            "DEFAULT_VECTORIZER_MODULE": "none",
            "AUTOSCHEMA_ENABLED": "false",
            "ASYNC_INDEXING": "true",
            # How often it looks for vectors that are to be indexed: a refresh of one paragraph waits for that too.
            "QUEUE_SCHEDULER_INTERVAL": "100ms",
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "LOG_LEVEL": "warning",
            # How soon a node that was away is brought up to date; the server's own values leave it behind for up to a minute.
            "ASYNC_REPLICATION_FREQUENCY": "5s",
            "ASYNC_REPLICATION_PROPAGATION_DELAY": "5s",
            # On a disk that many share, its share says little about the room that is left.
            "DISK_USE_READONLY_PERCENTAGE": "98",
            "DISK_USE_WARNING_PERCENTAGE": "97",
        }
        arguments = [program, "--scheme", "http", "--host", LOOPBACK, "--port", str(ports["http"])]
        return Launch(arguments, self.folder, environment)

    def is_healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v1/.well-known/ready", timeout=_ANSWER_SECONDS) as answer:
                return answer.status == 200 and is_open(self.grpc_port)
        except (urllib.error.URLError, OSError):
            return False

    def set_up(self) -> None:
        """Nothing is to be made: clients make their collections themselves."""


def weaviate_nodes(
    folder: Path, count: int | None, credentials: Credentials, say: Callable[[str], None] = silent
) -> list[WeaviateNode]:
    """The nodes of a cluster below `folder`; `count` None means as many as there are, or one.

    Raises ServiceProblem where it was begun with another number: a cluster's data belongs to its nodes.
    """
    present = len(list(folder.glob("weaviate-*/data")))
    if count is not None and present not in (0, count):
        raise ServiceProblem(
            f"Weaviate's data in {folder} belongs to a cluster of {present}: stop it and move the folders weaviate-*"
            f" away to begin one of {count}, or choose another HRDP_HOME"
        )
    nodes = [WeaviateNode(folder, number, credentials, say) for number in range(1, (count or present or 1) + 1)]
    for node in nodes:
        node.peers = nodes
    return nodes


def start_nodes(nodes: Sequence[WeaviateNode]) -> None:
    """Starts a whole cluster, each node where it doesn't run. Raises ServiceProblem."""
    for node in nodes:
        if not node.is_running():
            # Chosen for all before the first starts, because each names all.
            _ = [peer.ports for peer in nodes]
            node.start(wait=False)
            _wait_for_gossip(node)
    for node in nodes:
        node.start()


def _wait_for_gossip(node: WeaviateNode) -> None:
    deadline = time.monotonic() + 60
    while not is_open(node.ports["gossip"]) and node.is_running() and time.monotonic() < deadline:
        time.sleep(0.1)
