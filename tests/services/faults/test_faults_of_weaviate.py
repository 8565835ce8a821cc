"""Weaviate stops, is slow, breaks off, or takes no writes: nothing is lost, and what a person is told says what to do."""

import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from assets.index import serving, weaviate_client
from assets.index.refresh import embed, stage_chunks, stage_documents, write_and_serve
from assets.index.searching import search
from assets.index.store import IndexUnavailable
from assets.index.weaviate_schema import Deployment
from assets.platform import Platform
from deploy.services.weaviate import WeaviateNode
from tests.conftest import Installation
from tests.services.faults.conftest import Proxies, Refreshed, check_whole, told

QUESTION = "leave of whoever has served 17 months"


def test_a_server_that_is_killed_in_mid_import_and_started_again_is_waited_for(
    installation: Installation,
    platform: Platform,
    guide: Path,
    proxies: Proxies,
    weaviate_server: WeaviateNode,
) -> None:
    killed = threading.Event()

    def kill() -> None:
        weaviate_server.kill()
        weaviate_server.start(wait=False)
        killed.set()

    proxies.grpc.after_upload(40_000, kill)
    report = installation.json("refresh")
    assert killed.is_set()
    assert report["sources"]["guide"]["documents"]["added"] == len(list(guide.iterdir()))
    check_whole(platform, guide)


def test_a_server_that_refuses_connections_is_named_and_nothing_is_lost(
    installation: Installation,
    platform: Platform,
    guide: Path,
    proxies: Proxies,
    refreshed: Refreshed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refreshed(platform, "guide")
    (guide / "rule-200.md").write_text("# Rule 200\n\nNobody is paid in kind.\n")
    for proxy in proxies.weaviate():
        proxy.refuse()
    assert "can't be reached: start it" in told(installation.run("search", QUESTION))
    with monkeypatch.context() as patch:
        patch.setattr(weaviate_client, "PATIENCE", 1.0)
        with pytest.raises(IndexUnavailable, match="can't be reached: start it"):
            refreshed(platform, "guide")
    for proxy in proxies.weaviate():
        proxy.mend()
    [best, *_] = installation.json("search", QUESTION)["results"]
    assert best["document_id"] == "guide/rule-017.md"
    assert refreshed(platform, "guide").result.embedded == 1
    check_whole(platform, guide)


@pytest.mark.parametrize("fault", ["refuse", "silence", "cut_replies"])
def test_a_write_that_fails_in_the_middle_is_taken_back_by_the_next_refresh(
    platform: Platform,
    guide: Path,
    proxies: Proxies,
    refreshed: Refreshed,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    refreshed(platform, "guide")
    for path in sorted(guide.iterdir())[18:38]:
        path.write_text(path.read_text().replace("leave", "parental leave"))
    monkeypatch.setattr(weaviate_client, "PATIENCE", 1.0)
    monkeypatch.setattr(serving, "_ROWS_A_READ", 10)
    with monkeypatch.context() as patch:
        for name in ("_QUERY_SECONDS", "_WRITE_SECONDS", "_CONNECT_SECONDS"):
            patch.setattr(weaviate_client, name, 1)
        impatient = Platform(platform.settings)

        def begin(_rows: int) -> None:
            for proxy in proxies.weaviate():
                getattr(proxy, fault)(*([40] if fault == "cut_replies" else []))

        stage_documents(impatient, "guide", "broken")
        stage_chunks(impatient, "guide", "broken")
        assert embed(impatient, "guide", "broken") == 20
        with pytest.raises(IndexUnavailable, match=r"can't be reached: start it|does not answer"):
            write_and_serve(impatient, "guide", "broken", progress=begin)
        impatient.release()
        with pytest.raises(IndexUnavailable, match=r"can't be reached: start it|does not answer"):
            search(impatient, QUESTION)
    for proxy in proxies.weaviate():
        proxy.mend()
    found = search(platform, QUESTION, k=10)
    assert not any("parental" in hit.text for hit in found), "the generation that is served is as it was"
    assert refreshed(platform, "guide").result.embedded == 0
    check_whole(platform, guide)


def test_slow_replies_are_waited_for(
    platform: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed, installation: Installation
) -> None:
    for proxy in proxies.weaviate():
        proxy.delay(0.2)
    refreshed(platform, "guide")
    for proxy in proxies.weaviate():
        proxy.delay(1.0)
    [best, *_] = installation.json("search", QUESTION)["results"]
    assert best["document_id"] == "guide/rule-017.md"
    for proxy in proxies.weaviate():
        proxy.mend()
    check_whole(platform, guide)


def test_replies_that_break_off_for_a_while_are_asked_for_again(
    platform: Platform, guide: Path, proxies: Proxies, refreshed: Refreshed
) -> None:
    refreshed(platform, "guide")
    for path in sorted(guide.iterdir())[18:38]:
        path.write_text(path.read_text().replace("leave", "parental leave"))
    stage_documents(platform, "guide", "broken")
    stage_chunks(platform, "guide", "broken")
    embed(platform, "guide", "broken")
    for proxy in proxies.weaviate():
        proxy.cut_replies(40)
        proxy.break_connections()
    timer = threading.Timer(2.0, lambda: [proxy.mend() for proxy in proxies.weaviate()])
    timer.start()
    write_and_serve(platform, "guide", "broken")
    platform.release()
    check_whole(platform, guide)


def test_a_server_that_takes_no_writes_is_told_and_still_searched(
    installation: Installation,
    platform: Platform,
    guide: Path,
    weaviate_server: WeaviateNode,
    refreshed: Refreshed,
) -> None:
    served = refreshed(platform, "guide")
    deployment = Deployment(platform.settings.weaviate_alias)
    collection = deployment.collection(served.index_version or "")
    (guide / "rule-200.md").write_text("# Rule 200\n\nNobody is paid in kind.\n")
    _set_shards(weaviate_server, collection, "READONLY")
    sentence = told(installation.run("refresh"))
    assert "takes no writes" in sentence
    assert "make room" in sentence
    [best, *_] = installation.json("search", QUESTION)["results"]
    assert best["document_id"] == "guide/rule-017.md"
    _set_shards(weaviate_server, collection, "READY")
    assert refreshed(platform, "guide").result.embedded == 0
    check_whole(platform, guide)


def _set_shards(server: WeaviateNode, collection: str, status: str) -> None:
    import json

    def ask(path: str, method: str = "GET", body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{server.url}/v1/schema/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {server.api_key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    for shard in ask(f"{collection}/shards"):
        ask(f"{collection}/shards/{shard['name']}", "PUT", {"status": status})
