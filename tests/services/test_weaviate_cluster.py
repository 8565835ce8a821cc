"""Three Weaviate nodes on this machine, each row on all of them: what goes on when one of them is gone."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index.generation import served
from assets.index.physical import WeaviateBackend
from assets.index.refresh import RefreshResult
from assets.index.searching import search
from assets.index.store import OPEN, IndexStore
from assets.index.verification import verify
from assets.index.weaviate_client import Server
from assets.index.weaviate_nodes import nodes_of
from assets.index.weaviate_schema import Deployment
from assets.index.weaviate_store import WeaviateIndex
from assets.platform import Platform, Settings
from deploy.services.weaviate import WeaviateNode
from tests.index.index_contract import DIMENSION, found, row, unit, visible
from tests.stories.kill_rounds import PASSAGES, SearchLoop, edition_of, write_edition

VERSION = "3fa9c1d2e4b5a697-1"
DOCUMENTS = 20
LONGEST_PAUSE = 30.0
"""Seconds that a search may wait while a node is killed: for an answer that never comes, then for another node's."""


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
    await_healing(WeaviateIndex.open(alone, deployment, VERSION), store, 2)
    assert visible(WeaviateIndex.open(alone, deployment, VERSION), 2) == {
        row(number).row_id for number in range(10, 60)
    }
    alone.close()


@pytest.mark.long
def test_nobody_who_searches_through_a_node_that_was_away_sees_what_was_served_before(
    server: Server, weaviate_cluster: list[WeaviateNode]
) -> None:
    deployment = Deployment(alias=f"test_{uuid.uuid4().hex[:12]}", replication=3)
    store = WeaviateIndex.create(server, deployment, VERSION, DIMENSION)
    store.add([row(number) for number in range(20)])
    for generation, node in enumerate(weaviate_cluster, 2):
        new = [row(100 * generation + number, generation=generation) for number in range(20)]
        old = [state.row_id for state in store.rows() if state.to_generation == OPEN]
        node.kill()
        store.add(new)
        store.close(old, generation)
        node.start()
        # It is the first that is asked, and has nothing of the new generation yet.
        begun = server_of([node, *(other for other in weaviate_cluster if other is not node)])
        opened = WeaviateIndex.open(begun, deployment, VERSION)
        assert visible(opened, generation) == {each.row_id for each in new}
        assert opened.count(generation) == 20
        assert opened.checksum(generation) == store.checksum(generation)
        begun.close()
        alone = server_of([node])
        await_healing(WeaviateIndex.open(alone, deployment, VERSION), store, generation)
        alone.close()


@pytest.fixture
def platform(
    weaviate_cluster: list[WeaviateNode],
    s3_address: str,
    s3_endpoint: str,
    postgresql_url: str,
    tmp_path: Path,
    converted_models: Path,
) -> Platform:
    """An installation on the cluster, S3 and PostgreSQL, with the source `rules`."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(converted_models)
    (tmp_path / "rules").mkdir()
    opened = Platform(
        Settings(
            home=home,
            index="weaviate",
            weaviate_url=",".join(node.url for node in weaviate_cluster),
            weaviate_grpc_port=",".join(str(node.grpc_port) for node in weaviate_cluster),
            weaviate_api_key=weaviate_cluster[0].api_key,
            weaviate_alias=f"story_{uuid.uuid4().hex[:12]}",
            weaviate_replication=3,
            objects=s3_address,
            s3_endpoint=s3_endpoint,
            catalogue=postgresql_url,
        )
    )
    registry.add(opened.catalogue, SourceSpec("rules", "policy", str(tmp_path / "rules")))
    return opened


@pytest.mark.long
@pytest.mark.timeout(900)
def test_each_node_is_killed_while_a_refresh_writes_and_people_search(
    platform: Platform,
    weaviate_cluster: list[WeaviateNode],
    tmp_path: Path,
    refreshed: Callable[..., RefreshResult],
) -> None:
    folder = tmp_path / "rules"
    write_edition(folder, 0, DOCUMENTS)
    refreshed(platform, "rules")
    loop = SearchLoop(Platform(platform.settings), DOCUMENTS)
    loop.start()
    try:
        for edition, node in enumerate(weaviate_cluster, 1):
            write_edition(folder, edition, DOCUMENTS)
            with ThreadPoolExecutor(1) as executor:
                refresh = executor.submit(refreshed, platform, "rules")
                while platform.locks.is_free("serve") and not refresh.done():
                    time.sleep(0.01)
                node.kill()
                searched = loop.searches
                assert refresh.result(300).result.documents.changed == DOCUMENTS
            while loop.searches < searched + 10:
                time.sleep(0.1)
            assert verify(platform).ok
            node.start()
            assert editions_through(platform, weaviate_cluster, node) == {edition}
            with platform.catalogue.read() as connection:
                current = served(connection)
            assert current is not None
            deployment = Deployment(platform.settings.weaviate_alias, replication=3)
            alone = server_of([node])
            healed = WeaviateIndex.open(alone, deployment, current.index_version)
            await_healing(healed, platform.indexes.open(current.index_version), current.generation)
            alone.close()
    finally:
        loop.stop()
    report = verify(platform)
    assert report.ok, report
    assert report.documents == DOCUMENTS
    assert loop.wrong[:5] == []
    assert loop.longest < LONGEST_PAUSE


def editions_through(platform: Platform, nodes: list[WeaviateNode], first: WeaviateNode) -> set[int]:
    """The editions that somebody finds who begins to search now, and asks one node first."""
    ordered = [first, *(node for node in nodes if node is not first)]
    begun = Platform(
        replace(
            platform.settings,
            weaviate_url=",".join(node.url for node in ordered),
            weaviate_grpc_port=",".join(str(node.grpc_port) for node in ordered),
        )
    )
    results = search(begun, "edition of rule, days from notice", k=1000)
    assert len(results) == DOCUMENTS * PASSAGES
    return {edition_of(result) for result in results}


def await_healing(healed: WeaviateIndex, store: IndexStore, generation: int) -> None:
    """Waits until a node alone serves what the cluster does."""
    deadline = time.monotonic() + 120
    while (found := healed.checksum(generation)) != store.checksum(generation) and time.monotonic() < deadline:
        time.sleep(1)
    assert found == store.checksum(generation)
    assert healed.count(generation) == store.count(generation)
