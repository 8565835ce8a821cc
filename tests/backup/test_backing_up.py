"""What a backup holds, what it doesn't, and when there is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from assets.backup.restoring import restore
from assets.backup.store import BackupStore, BackupUnusable
from assets.backup.taking import BackupFailed, backup
from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.lineage import ledger, schema
from assets.platform import Platform, Settings
from assets.storage.blobs import ObjectCorrupt
from assets.storage.directory import DirectoryObjectStore


def contents(store: BackupStore, backup_id: str) -> dict[str, list[Any]]:
    """A backup's tables, each row by column."""
    made = store.manifest(backup_id)
    return {
        table.name: [dict(zip(table.columns, entry, strict=True)) for entry in store.entries(table.parts)]
        for table in made.tables
    }


def test_a_further_backup_copies_only_what_is_new(platform: Platform, prefix: str) -> None:
    first = backup(platform, prefix)
    assert first.copied == first.objects == sum(1 for _ in platform.objects.list())
    again = backup(platform, prefix)
    assert (again.copied, again.objects, again.size_bytes) == (0, first.objects, first.size_bytes)
    platform.blobs.put(b"something new")
    assert backup(platform, prefix).copied == 1
    assert BackupStore(prefix, platform.settings).backup_ids()[0] == first.backup


def test_a_backup_is_recorded_in_the_ledger(platform: Platform, prefix: str) -> None:
    report = backup(platform, prefix)
    with platform.catalogue.read() as connection:
        last = ledger.entries(connection)[-1]
        assert ledger.check(connection).intact
    assert (last["kind"], last["subject"]) == ("backup.taken", f"backup/{report.backup}")
    assert last["payload"] == {"prefix": prefix, "manifest": report.sha256}


def test_a_backup_is_one_moment_of_the_catalogue(platform: Platform, prefix: str, tmp_path: Path) -> None:
    told: list[str] = []

    def meanwhile(step: str, done: int, total: int | None) -> None:
        if not told:
            registry.add(Platform(platform.settings).catalogue, SourceSpec("late", "policy", str(tmp_path)))
        told.append(step)

    report = backup(platform, prefix, meanwhile)
    tables = contents(BackupStore(prefix, platform.settings), report.backup)
    assert [source["name"] for source in tables["sources"]] == ["handbook"]
    assert not [entry for entry in tables["ledger"] if entry["subject"] == "late"]


def test_what_a_running_refresh_has_prepared_is_left_out(platform: Platform, prefix: str) -> None:
    with platform.catalogue.write() as connection:
        connection.execute(
            insert(schema.staged_looks).values(source="handbook", run_id="running", at=1, full=0, embedded=0)
        )
    report = backup(platform, prefix)
    assert not [name for name in report.tables if name.startswith("staged")]


def test_no_password_is_in_a_backup(platform: Platform, prefix: str, tmp_path: Path, empty: Any) -> None:
    location = "https://reader:pass-word-9@rules.example/handbook/"
    registry.add(platform.catalogue, SourceSpec("web", "policy", location))
    report = backup(platform, prefix)
    [web] = [
        each
        for each in contents(BackupStore(prefix, platform.settings), report.backup)["sources"]
        if each["name"] == "web"
    ]
    assert web["location"] == "https://reader:***@rules.example/handbook/"
    restored = empty()
    assert restore(restored, prefix).sources_without_password == ["web"]
    for path in [*(tmp_path / "backups").rglob("*"), *(tmp_path / "other").rglob("*")]:
        assert path.is_dir() or b"pass-word-9" not in path.read_bytes()


def test_an_object_that_changes_under_its_key_is_kept_as_it_was(platform: Platform, prefix: str, empty: Any) -> None:
    platform.objects.put("models/champion.json", b"one")
    first = backup(platform, prefix)
    platform.objects.put("models/champion.json", b"two")
    backup(platform, prefix)
    earlier, later = empty("earlier"), empty("later")
    restore(earlier, prefix, first.backup)
    restore(later, prefix)
    assert earlier.objects.get("models/champion.json") == b"one"
    assert later.objects.get("models/champion.json") == b"two"


def test_a_platform_that_is_not_whole_is_not_backed_up(platform: Platform, prefix: str) -> None:
    with platform.catalogue.read() as connection:
        key = platform.blobs.key(str(connection.execute(select(schema.versions.c.structure)).scalar()))
    data = platform.objects.get(key)
    platform.objects.put(key, data[:-1] + b"?")
    with pytest.raises(ObjectCorrupt, match=key):
        backup(platform, prefix)
    platform.objects.delete(key)
    with pytest.raises(BackupFailed, match=key.rpartition("/")[2]):
        backup(platform, prefix)
    platform.objects.put(key, data)
    with platform.catalogue.write() as connection:
        connection.execute(update(schema.ledger).where(schema.ledger.c.sequence == 2).values(subject="another"))
    with pytest.raises(BackupFailed, match="broken at entry 2"):
        backup(platform, prefix)
    assert BackupStore(prefix, platform.settings).backup_ids() == []


def test_a_backup_is_taken_of_what_is_left_when_the_index_is_gone(platform: Platform, prefix: str, empty: Any) -> None:
    whole = backup(platform, prefix)
    with platform.catalogue.read() as connection:
        platform.indexes.drop(str(connection.execute(schema.served.select()).one().index_version))
    report = backup(platform, prefix)
    assert report.index_checksum is None
    assert restore(empty(), prefix).index_checksum == whole.index_checksum


@pytest.mark.parametrize("writes", [0, 3, 20, 40])
def test_a_killed_backup_is_none_and_is_continued(
    platform: Platform, prefix: str, empty: Any, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, left = DirectoryObjectStore.put, [writes]

    def dying(store: DirectoryObjectStore, key: str, data: bytes, **condition: Any) -> str:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return put(store, key, data, **condition)

    with monkeypatch.context() as killing:
        killing.setattr(DirectoryObjectStore, "put", dying)
        with pytest.raises(KeyboardInterrupt):
            backup(platform, prefix)
    with pytest.raises(BackupUnusable, match="there is no backup"):
        restore(empty(), prefix)
    report = backup(platform, prefix)
    assert report.copied < report.objects or writes < 40
    assert restore(empty(), prefix).objects == report.objects


@pytest.mark.parametrize("below", ["objects", "objects/backups", ""])
def test_backups_do_not_lie_among_the_platforms_own_objects(platform: Platform, below: str) -> None:
    with pytest.raises(BackupUnusable, match="own object store"):
        backup(platform, (platform.home / below).as_uri())


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(BackupUnusable, match="ftp"):
        BackupStore("ftp://host/backups", Settings())


def test_the_manifest_says_what_the_backup_holds(platform: Platform, prefix: str, tmp_path: Path) -> None:
    report = backup(platform, prefix)
    [path] = (tmp_path / "backups" / "backups").iterdir()
    document = json.loads(path.read_text())
    assert path.name == f"{report.backup}.json"
    assert document["sha256"] == report.sha256
    assert document["manifest"]["served"]["checksum"] == report.index_checksum
    assert {table["name"]: table["rows"] for table in document["manifest"]["tables"]} == report.tables
    assert sum(part["entries"] for part in document["manifest"]["inventory"]) == report.objects
