"""What concerns a Weaviate cluster as a whole: a change of its collections or of an alias that every node knows of, and the
vector index of each replica. A single server is a cluster of one."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from assets.index.store import IndexUnavailable
from assets.index.weaviate_client import PATIENCE, Server
from assets.index.weaviate_errors import library_errors
from assets.index.weaviate_nodes import Node

_WAIT = 0.05
_LONGEST_WAIT = 0.25
_ANSWER_SECONDS = 5.0
_STANDSTILL_SECONDS = 600.0
"""The server counts vectors as indexed by thousands, and takes minutes for those of a large index on a busy machine."""


def create(server: Server, name: str, configuration: dict[str, Any]) -> None:
    """Makes a collection that may be there already, and waits until each node that is up answers for it."""

    def make(client: Any) -> None:
        from weaviate.exceptions import UnexpectedStatusCodeError

        if client.collections.exists(name):
            return
        try:
            client.collections.create(name, **configuration)
        except UnexpectedStatusCodeError:
            # Two processes may make the collection of statistics at once.
            if not client.collections.exists(name):
                raise

    server.write(make)
    await_nodes(server, name, name)


def point_alias(server: Server, alias: str, collection: str) -> None:
    """Makes the alias lead to a collection, if that is there. Safe to repeat; a query through the alias finds the old or the
    new collection at any moment."""

    def point(client: Any) -> bool:
        if not client.collections.exists(collection):
            return False
        known = client.alias.get(alias_name=alias)
        if known is None:
            client.alias.create(alias_name=alias, target_collection=collection)
        elif known.collection != collection and not client.alias.update(
            alias_name=alias, new_target_collection=collection
        ):
            # It says so in place of raising when the alias was not found after all.
            client.alias.create(alias_name=alias, target_collection=collection)
        return True

    if server.write(point):
        await_nodes(server, alias, collection)


def drop_alias(client: Any, alias: str, collection: str) -> None:
    """Removes the alias if it leads to a collection: it would stay behind it and lead nowhere."""
    known = client.alias.get(alias_name=alias)
    if known is not None and known.collection == collection:
        client.alias.delete(alias_name=alias)


def await_nodes(server: Server, name: str, collection: str) -> None:
    """Waits until every node whose address is known and that is up answers a query to `name` from a collection: in a cluster
    a change is known to the others, and even to the node that made it, only a moment later."""
    pending, deadline = list(server.nodes), time.monotonic() + PATIENCE
    while pending := [node for node in pending if not _answers(server, node, name, collection)]:
        if time.monotonic() > deadline:
            raise IndexUnavailable(
                f"Weaviate at {', '.join(map(str, pending))} does not know {name} although the cluster does: look at the"
                " log of that node, and run it again."
            )
        time.sleep(_WAIT)


def _answers(server: Server, node: Node, name: str, collection: str) -> bool:
    """A node that is down counts as one that answers: it learns of the change when it comes back."""
    try:
        client = server.client_of(node)
        found = client.collections.use(name).query.fetch_objects(limit=1, return_properties=False).objects
        # Not `alias.get`: the leader answers that, whatever the node itself knows.
        return not found or found[0].collection == collection
    except library_errors():
        return len(server.nodes) > 1 and not _is_up(node)


def _is_up(node: Node) -> bool:
    """Not `is_ready` of the client, which prints what went wrong to standard output."""
    import httpx

    try:
        return httpx.get(f"{node}/v1/.well-known/ready", timeout=_ANSWER_SECONDS).status_code == 200
    except httpx.HTTPError:
        return False


def prefer_whole(server: Server, writes: Callable[[Any], int]) -> None:
    """Makes that node the first to be asked which has what most have. The server answers a search, a count and a scan from one
    replica, its own where it has one, at every consistency level; and a node that was away is behind until it has been brought
    up to date. `writes` counts through a node's client what it has taken: of two that differ the one with less is behind.
    """
    seen: dict[Node, int] = {}
    for node in sorted(server.nodes, key=lambda node: node != server.preferred):
        with suppress(*library_errors()):
            seen[node] = writes(server.client_of(node))
    if seen:
        agreeing = Counter(seen.values())
        whole = max(agreeing, key=lambda count: (agreeing[count], count))
        server.prefer(next(node for node, count in seen.items() if count == whole))


def await_vector_index(server: Server, name: str) -> None:
    """Waits until the vector index of every replica holds what was written. Raises IndexUnavailable when that stands still."""
    fewest, deadline, wait = -1, time.monotonic() + _STANDSTILL_SECONDS, _WAIT
    while queued := server.write(lambda client: _queued(client, name)):
        if fewest < 0 or queued < fewest:
            fewest, deadline = queued, time.monotonic() + _STANDSTILL_SECONDS
        elif time.monotonic() > deadline:
            raise IndexUnavailable(
                f"Weaviate at {server} does not index {queued} vectors of {name}: look at its log, and run it again."
            )
        time.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _queued(client: Any, name: str) -> int:
    nodes = client.cluster.nodes(collection=name, output="verbose")
    return sum(shard.vector_queue_length for node in nodes for shard in node.shards or ())
