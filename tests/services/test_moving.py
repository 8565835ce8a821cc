"""A platform moves between the embedded stores and the servers, whole, with the same checksums, and nothing is embedded."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assets.backup.copying import copy_index
from assets.backup.restoring import PlatformNotEmpty, restore
from assets.backup.taking import backup
from assets.index.embedding import engine
from assets.index.searching import search
from assets.index.verification import verify
from assets.lineage import schema
from assets.platform import Platform, Settings
from deploy.services.weaviate import WeaviateNode
from tests.backup.conftest import lived, platform, refresh_source
from tests.backup.test_restoring import is_empty, killed, rows_of

__all__ = ["lived", "platform"]

QUESTIONS = ("notice before the last day", "who does rule 3 hold for", "rule 11")


@pytest.fixture
def on_servers(
    tmp_path: Path, weaviate_server: WeaviateNode, postgresql_url: str, s3_address: str, s3_endpoint: str
) -> Settings:
    """Settings of an empty platform on Weaviate, S3 and PostgreSQL."""
    return Settings(
        home=tmp_path / "servers",
        catalogue=postgresql_url,
        objects=f"{s3_address}/objects",
        s3_endpoint=s3_endpoint,
        index="weaviate",
        weaviate_url=weaviate_server.url,
        weaviate_grpc_port=str(weaviate_server.grpc_port),
        weaviate_api_key=weaviate_server.api_key,
        weaviate_alias=f"moving_{uuid.uuid4().hex[:12]}",
    )


def found(platform: Platform) -> list[set[str]]:
    return [{hit.chunk_id for hit in search(platform, question, k=5)} for question in QUESTIONS]


def test_a_platform_moves_to_the_servers_and_back(
    platform: Platform, on_servers: Settings, s3_address: str, lived: Path, tmp_path: Path
) -> None:
    before, results = rows_of(platform), found(platform)
    prefix = f"{s3_address}/backups"
    taken = backup(Platform(replace(platform.settings, s3_endpoint=on_servers.s3_endpoint)), prefix)
    moved = Platform(on_servers)
    assert restore(moved, prefix).index_checksum == taken.index_checksum is not None
    assert verify(moved).ok
    assert rows_of(moved) == before
    assert found(moved) == results

    again = refresh_source(moved, "run-4")
    assert (again.generation, again.result.embedded) == (3, 0)
    (lived / "handbook" / "new.md").write_text("# New\n\nA rule that came after the move.\n")
    try:
        assert refresh_source(moved, "run-5").generation == 4
    finally:
        (lived / "handbook" / "new.md").unlink()
    assert verify(moved).ok

    after = backup(moved, prefix)
    assert after.copied < after.objects
    back = Platform(Settings(home=tmp_path / "back", s3_endpoint=on_servers.s3_endpoint))
    assert restore(back, prefix).index_checksum == after.index_checksum != taken.index_checksum
    assert verify(back).ok
    assert rows_of(back) == rows_of(moved)
    assert found(back) == found(moved)


def test_an_index_is_copied_to_weaviate_and_back_without_embedding(
    platform: Platform, on_servers: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = found(platform)
    both = replace(on_servers, home=platform.home, catalogue="", objects="")
    embedded, served = Platform(replace(both, index="lancedb")), Platform(both)

    def refused(*_arguments: Any) -> None:
        raise AssertionError("something was embedded")

    with monkeypatch.context() as watching:
        watching.setattr(engine, "open_embedder", refused)
        there = copy_index(embedded, "weaviate")
        repeated = copy_index(embedded, "weaviate")
        assert repeated == there
        embedded.indexes.drop(there.index_version)
        back = copy_index(served, "lancedb")
    assert (back.rows, back.checksum) == (there.rows, there.checksum)
    assert verify(served).ok
    assert verify(Platform(platform.settings)).ok
    assert found(served) == found(Platform(platform.settings)) == results


def test_a_killed_restore_on_the_servers_is_run_again(
    platform: Platform, on_servers: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = backup(platform, str(tmp_path / "backups"))
    with monkeypatch.context() as killing:
        killing.setattr("assets.lineage.ledger.append", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(Platform(on_servers), str(tmp_path / "backups"))
    assert is_empty(Platform(on_servers))
    report = restore(Platform(on_servers), str(tmp_path / "backups"))
    assert (report.copied, report.index_checksum) == (0, taken.index_checksum)
    assert rows_of(Platform(on_servers)) == rows_of(platform)


def test_a_restore_does_not_touch_the_index_of_another_platform(
    platform: Platform, on_servers: Settings, tmp_path: Path
) -> None:
    backup(platform, str(tmp_path / "backups"))
    live = Platform(on_servers)
    restore(live, str(tmp_path / "backups"))
    twin = replace(on_servers, home=tmp_path / "twin", catalogue="", objects="")
    with pytest.raises(PlatformNotEmpty, match="HRDP_WEAVIATE_ALIAS"):
        restore(Platform(twin), str(tmp_path / "backups"))
    assert verify(live).ok


def test_automatic_keys_go_on_after_the_highest_on_postgresql(
    platform: Platform, on_servers: Settings, tmp_path: Path
) -> None:
    backup(platform, str(tmp_path / "backups"))
    moved = Platform(on_servers)
    restore(moved, str(tmp_path / "backups"))
    table = schema.layouts
    with moved.catalogue.write() as connection:
        highest = max(row.layout_id for row in connection.execute(table.select()))
        for following in (1, 2):
            new = table.insert().values(identity=uuid.uuid4().hex).returning(table.c.layout_id)
            assert connection.execute(new).scalar_one() == highest + following
