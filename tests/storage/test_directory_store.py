import os
import resource
import threading
import time
from pathlib import Path

import pytest

from assets.storage.directory import DirectoryObjectStore
from assets.storage.objects import PreconditionFailed, StorageError, StoreUnavailable


def temporary_files(root: Path) -> list[Path]:
    return list((root / ".store" / "temporary").iterdir())


def test_objects_are_plain_files_under_their_keys(tmp_path: Path) -> None:
    DirectoryObjectStore(tmp_path).put("models/a/model.json", b"{}")
    assert (tmp_path / "models" / "a" / "model.json").read_bytes() == b"{}"


def test_what_killed_writers_left_goes_after_an_hour(tmp_path: Path) -> None:
    DirectoryObjectStore(tmp_path).put("a", b"x")
    old, young = (tmp_path / ".store" / "temporary" / name for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 3700,) * 2)
    DirectoryObjectStore(tmp_path)
    assert temporary_files(tmp_path) == [young]


def test_a_refused_write_leaves_no_file_behind(tmp_path: Path) -> None:
    store = DirectoryObjectStore(tmp_path)
    store.put("a", b"x")
    with pytest.raises(PreconditionFailed):
        store.put("a", b"y", if_absent=True)
    assert temporary_files(tmp_path) == []


def test_threads_that_write_if_unchanged_lose_no_update(tmp_path: Path) -> None:
    store = DirectoryObjectStore(tmp_path)
    store.put("counter", b"0")

    def count_up() -> None:
        done = 0
        while done < 50:
            info = store.head("counter")
            assert info is not None
            value = int(store.get("counter"))
            try:
                store.put("counter", str(value + 1).encode(), if_match=info.etag)
            except PreconditionFailed:
                continue
            done += 1

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("counter") == b"200"


def test_a_store_that_was_never_written_is_empty_and_makes_no_folder(tmp_path: Path) -> None:
    store = DirectoryObjectStore(tmp_path / "never")
    assert list(store.list()) == []
    assert store.head("a") is None
    store.delete("a")
    assert not (tmp_path / "never" / "a").exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable, match="is a file: name a folder"):
        DirectoryObjectStore(tmp_path / "file")


def test_a_key_cannot_be_the_folder_of_another(tmp_path: Path) -> None:
    store = DirectoryObjectStore(tmp_path)
    store.put("a/b", b"x")
    store.put("c", b"x")
    for key in ("a", "c/d"):
        with pytest.raises(StorageError, match="rename one"):
            store.put(key, b"y")
    assert temporary_files(tmp_path) == []
    assert [info.key for info in store.list()] == ["a/b", "c"]


def test_a_folder_without_permission_is_named_with_what_to_do(ordinary_folder: Path) -> None:
    ordinary_folder.chmod(0o500)
    try:
        with pytest.raises(StoreUnavailable, match="allow this user to read and write"):
            DirectoryObjectStore(ordinary_folder).put("a", b"x")
    finally:
        ordinary_folder.chmod(0o700)


def test_a_folder_that_takes_no_files_is_named_with_what_to_do() -> None:
    with pytest.raises(StoreUnavailable, match="/proc/objects"):
        DirectoryObjectStore("/proc/objects").put("a", b"x")


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this system has no /dev/full")
def test_a_full_disk_is_said_to_be_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DirectoryObjectStore(tmp_path)
    store.put("a", b"before")
    open_file = os.open

    def on_a_full_disk(path: Path, flags: int, mode: int = 0o777) -> int:
        return open_file("/dev/full" if flags & os.O_EXCL else path, flags & ~os.O_EXCL, mode)

    monkeypatch.setattr(os, "open", on_a_full_disk)
    with pytest.raises(StoreUnavailable, match="is full: free some space"):
        store.put("a", b"after")
    monkeypatch.undo()
    assert store.get("a") == b"before"


def test_many_writes_leave_no_file_open(tmp_path: Path) -> None:
    store = DirectoryObjectStore(tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(128, limits[1]), limits[1]))
    try:
        for number in range(500):
            store.put(f"a/{number}", b"x", if_absent=True)
        store.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert sum(1 for _ in store.list()) == 500


def test_flush_makes_files_and_new_folders_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synchronized: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synchronized.append(os.readlink(f"/proc/self/fd/{fd}")), real(fd)))
    store = DirectoryObjectStore(tmp_path / "objects")
    store.put("a/b/c", b"x")
    store.put("d", b"x")
    store.delete("d")
    assert synchronized == []
    store.flush()
    root = str(tmp_path / "objects")
    assert {f"{root}/a/b/c", f"{root}/a/b", f"{root}/a", root, str(tmp_path)} <= set(synchronized)
    synchronized.clear()
    store.flush()
    assert synchronized == []
