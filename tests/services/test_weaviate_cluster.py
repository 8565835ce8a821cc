"""Three Weaviate nodes on this machine, each row on all of them: what goes on when one of them is gone."""

import time
import uuid
from collections.abc import Iterator

import pytest

from assets.index.physical import WeaviateBackend
from assets.index.weaviate_client import Server
from assets.index.weaviate_nodes import nodes_of
from assets.index.weaviate_schema import Deployment
from assets.index.weaviate_store import WeaviateIndex
from deploy.services.weaviate import WeaviateNode
from tests.index.index_contract import DIMENSION, found, row, unit, visible

VERSION = "3fa9c1d2e4b5a697-1"


def server_of(nodes: list[WeaviateNode]) -> Server:
    urls, ports = ",".join(node.url for node in nodes), ",".join(str(node.grpc_port) for node in nodes)
    return Server(nodes_of(urls, ports, nodes[0].api_key), nodes[0].api_key)


@pytest.fixture
def server(weaviate_cluster: list[WeaviateNode]) -> Iterator[Server]:
    server = server_of(weaviate_cluster)
    yield server
    server.close()


def test_a_new_collection_and_alias_are_known_to_every_node_at_once(
    server: Server, weaviate_cluster: list[WeaviateNode]
) -> None:
    deployment = Deployment(alias=f"test_{uuid.uuid4().hex[:12]}", replication=3)
    backend = WeaviateBackend(server, deployment)
    others = [server_of([node]) for node in weaviate_cluster]
    for number in range(1, 4):
        version = f"aaaa-{number}"
        store = backend.create(version, DIMENSION)
        store.add([row(number)])
        assert store.count(1) == 1
        backend.announce(version)
        for other in others:
            assert found(WeaviateIndex.open(other, deployment, version), "rule", unit(1)) == [row(number).row_id]
            through = other.read(lambda client: client.collections.use(deployment.alias).query.fetch_objects(limit=9))
            assert [each.properties["row_id"] for each in through.objects] == [row(number).row_id]
    for other in others:
        other.close()


@pytest.mark.long
@pytest.mark.parametrize("killed", range(3))
def test_writes_and_searches_go_on_without_a_node_which_catches_up_later(
    server: Server, weaviate_cluster: list[WeaviateNode], killed: int
) -> None:
    deployment = Deployment(alias=f"test_{uuid.uuid4().hex[:12]}", replication=3)
    store = WeaviateIndex.create(server, deployment, VERSION, DIMENSION)
    store.add([row(number) for number in range(40)])
    node = weaviate_cluster[killed]
    node.kill()
    try:
        store.add([row(number, generation=2) for number in range(40, 60)])
        store.close([row(number).row_id for number in range(10)], 2)
        assert (store.count(1), store.count(2)) == (40, 50)
        assert visible(store, 2) == {row(number).row_id for number in range(10, 60)}
        assert found(store, "item47", unit(47), 1, generation=2) == [row(47).row_id]
        assert len(list(store.rows())) == 60
    finally:
        node.start()
    alone = server_of([node])
    deadline = time.monotonic() + 180
    # The server looks for what a replica misses every half minute, and leaves what is younger than that for the next time.
    while WeaviateIndex.open(alone, deployment, VERSION).count(2) != 50 and time.monotonic() < deadline:
        time.sleep(1)
    healed = WeaviateIndex.open(alone, deployment, VERSION)
    assert visible(healed, 2) == {row(number).row_id for number in range(10, 60)}
    assert healed.checksum(2) == store.checksum(2)
    alone.close()
