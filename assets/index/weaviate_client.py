"""The connection to a Weaviate server or cluster.

The official client is used through our own protocol rather than through `dagster-weaviate`: that resource hands a client to an
asset and closes it afterwards, while generations, deterministic rows, counted batches and the agreement with the embedded index
have to hold wherever a search or a refresh runs, the command line and the tests included, and the rooms do not import Dagster.
"""

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from assets.index.weaviate_errors import explained, is_defect, library_errors, passes
from assets.index.weaviate_nodes import Node

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds that a write waits for a server that does not answer: as long as a restart takes."""
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 4.0
_RECONNECT_MILLISECONDS = 500
_CONNECT_SECONDS, _QUERY_SECONDS, _WRITE_SECONDS = 5, 20, 30
"""How long one answer is waited for. A node keeps a write waiting for as long as it may after another one was killed, and takes
it at once when it is asked again; a batch is written in a second."""


@dataclass(slots=True)
class Server:
    """A server or cluster. May be shared by threads; connects at the first use, and to another node when one is gone."""

    nodes: tuple[Node, ...]
    api_key: str = field(repr=False, default="")
    _clients: dict[Node, Any] = field(default_factory=dict, repr=False)
    _current: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __str__(self) -> str:
        return ", ".join(map(str, self.nodes))

    def read(self, action: Callable[[Any], T]) -> T:
        """What `action` gives with a client; each node is tried, and once more in a moment, because a connection that broke while
        nobody used it tells so only now. Raises IndexUnavailable, Gone."""
        return self._call(action, 2 * _FIRST_WAIT)

    def write(self, action: Callable[[Any], T]) -> T:
        """The same, and patient: `action`, which must be safe to repeat, is tried until the server is back, for a while."""
        return self._call(action, PATIENCE)

    @property
    def preferred(self) -> Node:
        """The node that is asked first."""
        return self.nodes[self._current]

    def prefer(self, node: Node) -> None:
        """Asks `node` first from now on."""
        self._current = self.nodes.index(node)

    def client_of(self, node: Node) -> Any:
        """The connected client of one node. Raises what the client library raises."""
        with self._lock:
            if node not in self._clients:
                self._clients[node] = _connect(node, self.api_key)
            return self._clients[node]

    def close(self) -> None:
        """Closes every connection; the next use opens them again."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _call(self, action: Callable[[Any], T], patience: float) -> T:
        deadline, wait, failed = time.monotonic() + patience, _FIRST_WAIT, 0
        while True:
            current = self._current
            try:
                return action(self.client_of(self.nodes[current]))
            except library_errors() as error:
                if is_defect(error):
                    raise
                if not passes(error):
                    raise explained(self, error) from error
                failed += 1
                self._current = (current + 1) % len(self.nodes)
                if failed < len(self.nodes):
                    continue
                if time.monotonic() + wait > deadline:
                    raise explained(self, error) from error
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def _connect(node: Node, api_key: str) -> Any:
    import weaviate
    from weaviate.classes.init import AdditionalConfig, Auth, GrpcConfig, Timeout

    _fail_at_once()
    # It logs whole objects, their texts included, when the server refuses them.
    logging.getLogger("weaviate-client").disabled = True
    client = weaviate.WeaviateClient(
        connection_params=weaviate.connect.ConnectionParams.from_params(
            http_host=node.host,
            http_port=node.port,
            http_secure=node.secure,
            grpc_host=node.host,
            grpc_port=node.grpc_port,
            grpc_secure=node.secure,
        ),
        auth_client_secret=Auth.api_key(api_key) if api_key else None,
        additional_config=AdditionalConfig(
            timeout=Timeout(init=_CONNECT_SECONDS, query=_QUERY_SECONDS, insert=_WRITE_SECONDS),
            # Else a connection that was refused is not tried again for up to two minutes after the server is back.
            grpc_config=GrpcConfig(
                channel_options=[
                    ("grpc.use_local_subchannel_pool", 1),
                    ("grpc.initial_reconnect_backoff_ms", _RECONNECT_MILLISECONDS),
                    ("grpc.max_reconnect_backoff_ms", _RECONNECT_MILLISECONDS),
                ]
            ),
        ),
        # Else it asks the package registry for a newer version of itself.
        skip_init_checks=True,
    )
    try:
        client.connect()
    except BaseException:
        client.close()
        raise
    atexit.register(client.close)
    return client


def _fail_at_once() -> None:
    """A person who searches must learn at once that the server is gone, and a refresh waits by itself: the client would
    sleep for a minute between six tries, which no argument of it changes."""
    from weaviate.connect import v4

    class _OneTry:
        def __init__(self, _retries: float = 0) -> None:
            pass

        def with_exponential_backoff(self, count: int, error: str, f: Callable[..., T], *args: Any, **named: Any) -> T:
            return f(*args, **named)

    vars(v4)["_Retry"] = _OneTry
