"""The Weaviate backend on a real server: the contract, and what only a server can break."""

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from assets.index import weaviate_client, weaviate_cluster, weaviate_writing
from assets.index.physical import WeaviateBackend
from assets.index.store import BEGINNING, OPEN, IndexUnavailable, SearchFilter
from assets.index.weaviate_client import Server
from assets.index.weaviate_nodes import nodes_of
from assets.index.weaviate_schema import Deployment, object_id, to_objects
from assets.index.weaviate_store import WeaviateIndex
from deploy.services.weaviate import WeaviateNode
from tests.conftest import PROJECT
from tests.index.index_contract import DIMENSION, IndexContract, found, row, unit, visible

VERSION = "3fa9c1d2e4b5a697-12"


@pytest.fixture(scope="module")
def running(weaviate_server: WeaviateNode) -> Iterator[Server]:
    nodes = nodes_of(weaviate_server.url, str(weaviate_server.grpc_port), weaviate_server.api_key)
    server = Server(nodes, weaviate_server.api_key)
    yield server
    server.close()


@pytest.fixture
def deployment() -> Deployment:
    """Collections of a test's own: tests share the server."""
    return Deployment(alias=f"test_{uuid.uuid4().hex[:12]}")


@pytest.fixture
def server(running: Server, deployment: Deployment) -> Iterator[Server]:
    yield running

    def remove(client: Any) -> None:
        client.alias.delete(alias_name=deployment.prefix)
        names = client.collections.list_all(simple=True)
        client.collections.delete([name for name in names if name.startswith(deployment.prefix)])

    running.write(remove)


@pytest.fixture
def index_store(server: Server, deployment: Deployment) -> WeaviateIndex:
    return WeaviateIndex.create(server, deployment, VERSION, DIMENSION)


class TestWeaviateIndex(IndexContract):
    pass


def test_an_index_is_there_from_create_to_drop(server: Server, deployment: Deployment) -> None:
    other = replace(deployment, alias=f"{deployment.alias}_other")
    assert not WeaviateIndex.exists(server, deployment, VERSION)
    with pytest.raises(IndexUnavailable, match="a refresh creates it"):
        WeaviateIndex.open(server, deployment, VERSION)
    WeaviateIndex.create(server, deployment, VERSION, DIMENSION).add([row(1)])
    WeaviateIndex.create(server, other, VERSION, DIMENSION).add([row(2), row(3)])
    assert WeaviateIndex.open(server, deployment, VERSION).count(1) == 1
    with pytest.raises(IndexUnavailable, match="exists already"):
        WeaviateIndex.create(server, deployment, VERSION, DIMENSION)
    WeaviateIndex.drop(server, deployment, VERSION)
    WeaviateIndex.drop(server, deployment, VERSION)
    assert not WeaviateIndex.exists(server, deployment, VERSION)
    assert WeaviateIndex.open(server, other, VERSION).count(1) == 2, "another installation on the server"
    assert WeaviateIndex.create(server, deployment, VERSION, DIMENSION).count(1) == 0


def test_a_creation_that_was_cut_short_can_be_repeated(server: Server, deployment: Deployment) -> None:
    store = WeaviateIndex.create(server, deployment, VERSION, DIMENSION)
    store.add([row(1)])
    statistics = object_id(store.name)
    server.write(lambda client: client.collections.use(deployment.statistics).data.delete_by_id(statistics))
    assert not WeaviateIndex.exists(server, deployment, VERSION)
    assert WeaviateIndex.create(server, deployment, VERSION, DIMENSION).count(1) == 0


def test_moments_beyond_what_the_server_counts_exactly_are_kept(index_store: WeaviateIndex) -> None:
    """The server keeps whole numbers as floats of 53 bits: a time in the year 2300 would be off by a microsecond."""
    late, later = 2**53 + 1, 2**58 - 1
    spans = {1: (late, later), 2: (BEGINNING, late), 3: (later, OPEN), 4: (-late, OPEN - 1)}
    index_store.add([row(number, valid_from=start, valid_to=end) for number, (start, end) in spans.items()])
    states = {state.row_id: (state.valid_from, state.valid_to, state.to_generation) for state in index_store.rows()}
    assert states == {row(number).row_id: (*span, OPEN) for number, span in spans.items()}
    for moment in (-late - 1, -late, late - 1, late, late + 1, later - 1, later, OPEN - 2, OPEN - 1):
        expected = {row(number).row_id for number, (start, end) in spans.items() if start <= moment < end}
        assert visible(index_store, 1, moment) == expected, moment


def test_generations_are_exact(index_store: WeaviateIndex) -> None:
    generation = 2**53 - 1
    index_store.add([row(1, generation=generation), row(2)])
    index_store.close([row(2).row_id], generation)
    assert (index_store.count_added(generation), index_store.count_closed(generation)) == (1, 1)
    assert index_store.count(generation - 1) == index_store.count(generation) == 1
    assert index_store.sweep(generation - 1) == 2
    assert {(state.row_id, state.to_generation) for state in index_store.rows()} == {(row(2).row_id, OPEN)}
    with pytest.raises(ValueError, match="exactly"):
        index_store.add([row(3, generation=2**53)])


def test_a_row_that_the_server_refuses_is_told(
    index_store: WeaviateIndex, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    writer = weaviate_writing.Writer(server, lambda client: client.collections.use(index_store.name))
    right, wrong = to_objects([row(1), row(2, body="A secret sentence.")])
    wrong.properties["from_generation"] = "soon"
    with pytest.raises(IndexUnavailable, match="refused 1 of 2 rows") as caught:
        writer.insert([[right, wrong]])
    assert "secret" not in str(caught.value)
    with pytest.raises(IndexUnavailable, match="refused 1 of 1 rows"):
        writer.insert([[wrong]])
    assert [state.row_id for state in index_store.rows()] == [row(1).row_id]
    assert "secret" not in caplog.text, "the client library would log the whole object"


def test_a_batch_that_is_lost_without_an_error_is_told(
    index_store: WeaviateIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weaviate_client, "PATIENCE", 0.0)
    monkeypatch.setattr(weaviate_writing, "refusals", lambda _collection, _objects: {})
    with pytest.raises(IndexUnavailable, match="accepted 3 rows and has 0"):
        index_store.add([row(number) for number in range(3)])


def test_more_rows_are_swept_than_the_server_removes_at_once(index_store: WeaviateIndex) -> None:
    index_store.add([row(number, generation=2 if number else 1, body="Wages.") for number in range(10_401)])
    assert index_store.sweep(1) == 10_400
    assert [state.row_id for state in index_store.rows()] == [row(0).row_id]


def test_readers_of_the_served_generation_miss_no_row_twice_while_rows_are_closed_and_reopened(
    index_store: WeaviateIndex, server: Server, deployment: Deployment
) -> None:
    index_store.add([row(number) for number in range(300)])
    everything = {row(number).row_id for number in range(300)}
    stop = threading.Event()

    def read() -> int:
        reader, looks = WeaviateIndex.open(server, deployment, VERSION), 0
        while not stop.is_set():
            # The server writes a row again by taking it out for a moment: one look may fall into it, never two.
            assert visible(reader, 1) | visible(reader, 1) == everything
            assert max(reader.count(1), reader.count(1)) == 300
            looks += 1
        return looks

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        try:
            for _ in range(5):
                index_store.close(sorted(everything), 2)
                assert index_store.sweep(1) == 300
        finally:
            stop.set()
        assert all(reader.result() for reader in readers)


def test_another_reader_sees_each_write_at_once(
    index_store: WeaviateIndex, server: Server, deployment: Deployment
) -> None:
    reader = WeaviateIndex.open(server, deployment, VERSION)
    for number in range(6):
        index_store.add([row(number)])
        index_store.close([row(earlier).row_id for earlier in range(number)], 2)
        assert index_store.count(2) == 1
        assert found(reader, f"item{number}", unit(number), 1) == [row(number).row_id]
        assert visible(reader, 2) == {row(number).row_id}


def test_threads_may_share_one_index(index_store: WeaviateIndex) -> None:
    index_store.add([row(number) for number in range(100)])

    def work(number: int) -> list[str]:
        index_store.add([row(1_000 + number, generation=2)])
        return found(index_store, f"item{number}", unit(number), 1)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(20))) == [[row(number).row_id] for number in range(20)]
    assert index_store.count_added(2) == 20


@pytest.mark.parametrize("changes", [{"quantization": "rq8"}, {"shards": 3}])
def test_quantized_or_in_parts_the_same_is_found(
    index_store: WeaviateIndex, server: Server, deployment: Deployment, changes: dict[str, Any]
) -> None:
    changed = WeaviateIndex.create(server, replace(deployment, **changes), "other-1", DIMENSION)
    rows = [row(number) for number in range(2_000)]
    for store in (index_store, changed):
        store.add(rows)
        store.optimize()
    for number in range(0, 200, 20):
        where = SearchFilter(1, 0)
        exact = index_store.search("overtime wages", unit(number + 5_000), 10, where)
        other = changed.search("overtime wages", unit(number + 5_000), 10, where)
        assert len({hit.row_id for hit in exact} & {hit.row_id for hit in other}) >= 9
    assert changed.checksum(1) == index_store.checksum(1), "vectors come back as they were written"


def test_the_alias_leads_to_what_is_served(server: Server, deployment: Deployment) -> None:
    backend = WeaviateBackend(server, deployment)

    def through_alias() -> list[str]:
        fetched = server.read(lambda client: client.collections.use(deployment.alias).query.fetch_objects(limit=9))
        return sorted(each.properties["row_id"] for each in fetched.objects)

    for number, version in enumerate(("aaaa-1", "bbbb-2")):
        backend.create(version, DIMENSION).add([row(number)])
        for _ in range(2):
            backend.announce(version)
        assert through_alias() == [row(number).row_id]
    backend.drop("aaaa-1")
    assert through_alias() == [row(1).row_id]
    backend.announce("never-made")
    assert through_alias() == [row(1).row_id]
    backend.drop("bbbb-2")
    assert server.read(lambda client: client.alias.get(alias_name=deployment.prefix)) is None
    backend.create("cccc-3", DIMENSION)
    weaviate_cluster.point_alias(server, deployment.prefix, deployment.collection("cccc-3"))
    assert through_alias() == []


def test_a_server_that_is_not_there_is_named_with_what_to_do(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weaviate_client, "PATIENCE", 0.0)
    nowhere = Server(nodes_of("http://127.0.0.1:9", "10", ""))
    for use in (WeaviateIndex.open, WeaviateIndex.exists, WeaviateIndex.drop):
        with pytest.raises(IndexUnavailable, match=r"http://127\.0\.0\.1:9 can't be reached: start it") as caught:
            use(nowhere, deployment, VERSION)
        assert "\n" not in str(caught.value)


def test_a_refused_key_is_told_without_the_key(weaviate_server: WeaviateNode, deployment: Deployment) -> None:
    for key in ("", "not-the-key"):
        stranger = Server(nodes_of(weaviate_server.url, str(weaviate_server.grpc_port), key), key)
        with pytest.raises(IndexUnavailable, match="HRDP_WEAVIATE_API_KEY") as caught:
            WeaviateIndex.open(stranger, deployment, VERSION)
        assert "not-the-key" not in str(caught.value) + repr(stranger)
        stranger.close()


def test_an_index_that_was_removed_meanwhile_is_named(
    index_store: WeaviateIndex, server: Server, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that has only begun to load what it holds says the same of it.
    monkeypatch.setattr(weaviate_client, "PATIENCE", 1.0)
    index_store.add([row(1)])
    WeaviateIndex.drop(server, deployment, VERSION)
    for use in (
        lambda: found(index_store, "rule", unit(1)),
        lambda: index_store.count(1),
        lambda: list(index_store.rows()),
        lambda: index_store.add([row(2)]),
        lambda: index_store.close([row(1).row_id], 2),
        lambda: index_store.sweep(1),
    ):
        with pytest.raises(IndexUnavailable, match=index_store.name):
            use()


def test_an_index_goes_on_when_its_server_is_back(
    index_store: WeaviateIndex, weaviate_server: WeaviateNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_store.add([row(number) for number in range(20)])
    weaviate_server.stop()
    try:
        with monkeypatch.context() as patch:
            patch.setattr(weaviate_client, "PATIENCE", 0.0)
            for use in (lambda: found(index_store, "item3", unit(3), 1), lambda: index_store.add([row(20)])):
                with pytest.raises(IndexUnavailable, match="can't be reached"):
                    use()
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(index_store.add, [row(21)])
            weaviate_server.start()
            writing.result()
    finally:
        weaviate_server.start()
    assert found(index_store, "item3", unit(3), 1) == [row(3).row_id]
    assert index_store.count(1) == 21


def test_a_process_that_used_the_index_ends_without_a_word(
    index_store: WeaviateIndex, weaviate_server: WeaviateNode, deployment: Deployment
) -> None:
    code = (
        "from assets.platform import Platform, Settings;"
        "platform = Platform(Settings.from_environment());"
        f"print(platform.indexes.open('{VERSION}').count(1))"
    )
    environment = {
        "HRDP_INDEX": "weaviate",
        "HRDP_WEAVIATE_URL": weaviate_server.url,
        "HRDP_WEAVIATE_GRPC_PORT": str(weaviate_server.grpc_port),
        "HRDP_WEAVIATE_API_KEY": weaviate_server.api_key,
        "HRDP_WEAVIATE_ALIAS": deployment.alias,
        "PYTHONPATH": str(PROJECT),
    }
    command = [sys.executable, "-X", "dev", "-W", "default::ResourceWarning", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"
    assert "weaviate" not in done.stderr.lower()
