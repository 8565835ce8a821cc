"""A restored platform is the one that was backed up; until it is whole it is empty."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from assets.backup import tables
from assets.backup.copying import copy_index
from assets.backup.restoring import PlatformNotEmpty, restore
from assets.backup.store import BackupStore, BackupUnusable, content_key
from assets.backup.taking import backup
from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index.generation import NothingServed
from assets.index.lancedb_store import LanceIndex
from assets.index.searching import search
from assets.index.verification import verify
from assets.lineage import ledger, schema
from assets.lineage.locks import Busy
from assets.platform import Platform, Settings
from assets.storage.directory import DirectoryObjectStore
from tests.backup.conftest import refresh_source

Empty = Callable[..., Platform]


def rows_of(platform: Platform) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the catalogue that a backup holds, but the ledger."""
    kept = [table for table in tables.kept_tables() if table is not schema.ledger]
    with platform.catalogue.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in kept
        }


def kinds_of_ledger(platform: Platform) -> list[str]:
    with platform.catalogue.read() as connection:
        assert ledger.check(connection).intact
        return [entry["kind"] for entry in ledger.entries(connection)]


def killed(*_arguments: Any) -> None:
    raise KeyboardInterrupt


def is_empty(platform: Platform) -> bool:
    with Platform(platform.settings).catalogue.read() as connection:
        return not tables.contents(connection)


def test_a_restored_platform_is_the_one_that_was_backed_up(platform: Platform, prefix: str, empty: Empty) -> None:
    before, kinds, found = rows_of(platform), kinds_of_ledger(platform), search(platform, "notice before the last day")
    taken = backup(platform, prefix)
    restored = empty()
    report = restore(restored, prefix)
    assert report.index_checksum == taken.index_checksum is not None
    assert rows_of(restored) == before
    assert kinds_of_ledger(restored) == [*kinds, "backup.restored"]
    assert verify(restored).ok
    assert search(restored, "notice before the last day") == found
    assert not (restored.home / "restoring").exists()


def test_a_restored_platform_goes_on_without_embedding_anything_again(
    platform: Platform, prefix: str, empty: Empty, lived: Path
) -> None:
    backup(platform, prefix)
    restored = empty()
    restore(restored, prefix)
    again = refresh_source(restored, "run-4")
    assert (again.generation, again.result.embedded, again.result.documents.changed) == (3, 0, 0)
    new = lived / "handbook" / "new.md"
    new.write_text("# New\n\nA rule that came after the move.\n")
    try:
        added = refresh_source(restored, "run-5")
    finally:
        new.unlink()
    assert (added.generation, added.result.embedded) == (4, 1)
    assert verify(restored).ok


def test_an_earlier_backup_brings_back_the_earlier_platform(
    platform: Platform, prefix: str, empty: Empty, lived: Path
) -> None:
    first, before = backup(platform, prefix), rows_of(platform)
    (lived / "handbook" / "later.md").write_text("# Later\n\nA rule of later.\n")
    try:
        refresh_source(platform, "run-4")
    finally:
        (lived / "handbook" / "later.md").unlink()
    second = backup(platform, prefix)
    earlier, latest = empty("earlier"), empty("latest")
    assert restore(earlier, prefix, first.backup).generation == 3
    assert rows_of(earlier) == before
    assert restore(latest, prefix).backup == second.backup
    assert rows_of(latest) == rows_of(platform)


def test_a_backup_of_an_empty_platform_is_restored(prefix: str, empty: Empty) -> None:
    backup(empty("nothing"), prefix)
    report = restore(empty(), prefix)
    assert (report.generation, report.index_version, report.objects) == (0, None, 0)


@pytest.mark.parametrize("damaged", ["manifest", "table", "inventory", "object"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_one_changed_byte_is_refused_and_named(
    platform: Platform, prefix: str, tmp_path: Path, empty: Empty, damaged: str, how: str
) -> None:
    report = backup(platform, prefix)
    store = BackupStore(prefix, platform.settings)
    made = store.manifest(None)
    [passages] = [table for table in made.tables if table.name == "passages"]
    key = {
        "manifest": f"backups/{report.backup}.json",
        "table": content_key(passages.parts[0].sha256),
        "inventory": content_key(made.inventory[0].sha256),
        "object": content_key(list(store.entries(made.inventory))[7][2]),
    }[damaged]
    path = tmp_path / "backups" / key
    if how == "changed":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    else:
        path.unlink()
    with pytest.raises(BackupUnusable, match=r"no backup at" if (damaged, how) == ("manifest", "gone") else key):
        restore(empty(), prefix)
    assert is_empty(empty())


def test_a_platform_in_use_is_not_restored_into(platform: Platform, prefix: str, empty: Empty, tmp_path: Path) -> None:
    backup(platform, prefix)
    used = empty("used")
    registry.add(used.catalogue, SourceSpec("forms", "policy", str(tmp_path)))
    with pytest.raises(PlatformNotEmpty, match=r"1 ledger, 1 sources"):
        restore(used, prefix)
    stranger = empty("stranger")
    stranger.objects.put("models/mine.bin", b"mine")
    with pytest.raises(PlatformNotEmpty, match=r"holds 1 objects .*models/mine\.bin"):
        restore(stranger, prefix)
    with pytest.raises(PlatformNotEmpty, match="rows"):
        restore(platform, prefix)
    assert verify(platform).ok


def test_a_backup_that_is_not_there_is_told_with_those_that_are(platform: Platform, prefix: str, empty: Empty) -> None:
    with pytest.raises(BackupUnusable, match="there is no backup at"):
        restore(empty(), prefix)
    report = backup(platform, prefix)
    with pytest.raises(BackupUnusable, match=report.backup):
        restore(empty(), prefix, "20200101T000000")


@pytest.mark.parametrize("place", ["objects", "rows", "housekeeping", "tables"])
def test_a_killed_restore_leaves_an_empty_platform_and_is_run_again(
    platform: Platform, prefix: str, empty: Empty, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = backup(platform, prefix)
    left = [5]

    def dying(*_arguments: Any, **_options: Any) -> Any:
        left[0] -= 1
        if place != "objects" or left[0] <= 0:
            raise KeyboardInterrupt
        return put(*_arguments, **_options)

    put = DirectoryObjectStore.put
    with monkeypatch.context() as killing:
        owner, name = {
            "objects": (DirectoryObjectStore, "put"),
            "rows": (LanceIndex, "close"),
            "housekeeping": (LanceIndex, "optimize"),
            "tables": (ledger, "append"),
        }[place]
        killing.setattr(owner, name, dying)
        with pytest.raises(KeyboardInterrupt):
            restore(empty(), prefix)
    assert is_empty(empty())
    report = restore(empty(), prefix)
    assert report.copied < report.objects
    assert report.index_checksum == taken.index_checksum
    assert rows_of(empty()) == rows_of(platform)


def test_a_restore_that_is_never_finished_does_not_stand_in_a_refreshs_way(
    platform: Platform, prefix: str, empty: Empty, lived: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup(platform, prefix)
    with monkeypatch.context() as killing:
        killing.setattr(tables, "copy", killed)
        with pytest.raises(KeyboardInterrupt):
            restore(empty(), prefix)
    given_up = empty()
    registry.add(given_up.catalogue, SourceSpec("handbook", "handbook", str(lived / "handbook")))
    assert refresh_source(given_up, "run-1").generation == 1
    assert verify(given_up).ok


def test_a_backup_of_an_earlier_release_is_restored(platform: Platform, prefix: str, empty: Empty) -> None:
    backup(platform, prefix)
    store = BackupStore(prefix, platform.settings)
    earlier = replace(store.manifest(None), schema_revision="0001", taken_at="2999-01-01T00:00:00Z")
    store.seal(earlier)
    restored = empty()
    assert restore(restored, prefix).backup == earlier.backup_id
    assert rows_of(restored) == rows_of(platform)
    store.seal(replace(earlier, schema_revision="9999", taken_at="2999-01-02T00:00:00Z"))
    with pytest.raises(BackupUnusable, match="newer release"):
        restore(empty("newer"), prefix)


def test_a_platform_moves_to_s3_and_back(
    platform: Platform, tmp_path: Path, empty: Empty, s3_endpoint: str, s3_address: str
) -> None:
    before = rows_of(platform)
    settings = {**asdict(platform.settings), "s3_endpoint": s3_endpoint}
    taken = backup(Platform(Settings(**settings)), f"{s3_address}/backups")
    moved = empty("moved", objects=f"{s3_address}/objects", s3_endpoint=s3_endpoint)
    assert restore(moved, f"{s3_address}/backups").index_checksum == taken.index_checksum
    assert verify(moved).ok
    backup(moved, str(tmp_path / "back"))
    back = empty("back-home")
    assert restore(back, str(tmp_path / "back")).index_checksum == taken.index_checksum
    assert rows_of(back) == before
    with pytest.raises(BackupUnusable, match="own object store"):
        backup(moved, f"{s3_address}/objects/backups")


def test_an_index_is_not_copied_while_a_refresh_is_served(platform: Platform, empty: Empty) -> None:
    with platform.locks.hold("serve"), pytest.raises(Busy, match="serve"):
        copy_index(Platform(platform.settings), "weaviate")
    with pytest.raises(NothingServed):
        copy_index(empty(), "weaviate")


def test_an_index_that_no_restore_has_begun_is_left_alone(platform: Platform, prefix: str, empty: Empty) -> None:
    taken = backup(platform, prefix)
    occupied = empty()
    assert taken.index_version is not None
    occupied.indexes.create(taken.index_version, 384)
    with pytest.raises(PlatformNotEmpty, match=f"index {taken.index_version} is there already"):
        restore(occupied, prefix)
