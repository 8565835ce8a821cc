"""What every object store promises, whichever is behind it. A test file gives the fixtures `store`, and `address` and `endpoint`
for other processes, and inherits from ObjectStoreContract."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from assets.storage.objects import ObjectMissing, ObjectStore, PreconditionFailed
from assets.storage.open import open_objects

FRESH_PROCESSES = multiprocessing.get_context("spawn")


def keys(store: ObjectStore, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix)]


def _win(address: str, endpoint: str | None, writer: int, rounds: int) -> list[int]:
    """The rounds in which this writer was the first to take a key."""
    store = open_objects(address, s3_endpoint=endpoint)
    won = []
    for number in range(rounds):
        try:
            store.put(f"race/{number}", f"writer {writer}".encode(), if_absent=True)
        except PreconditionFailed:
            continue
        won.append(number)
    return won


def _count_up(address: str, endpoint: str | None, times: int) -> None:
    store = open_objects(address, s3_endpoint=endpoint)
    while times:
        info = store.head("counter")
        assert info is not None
        value = int(store.get("counter"))
        try:
            store.put("counter", str(value + 1).encode(), if_match=info.etag)
        except PreconditionFailed:
            continue
        times -= 1


def _overwrite_for_ever(address: str, endpoint: str | None) -> None:
    store = open_objects(address, s3_endpoint=endpoint)
    for number in range(10**9):
        store.put("victim", bytes([number % 256]) * 3_000_000)


class ObjectStoreContract:
    def test_what_was_put_is_got_back(self, store: ObjectStore) -> None:
        for data in (b"", b"\x00\xff" * 1000, "Überstunden".encode()):
            store.put("a/b c/ü+%20.json", data)
            assert store.get("a/b c/ü+%20.json") == data

    def test_head_tells_size_time_and_a_tag_that_follows_the_content(self, store: ObjectStore) -> None:
        assert store.head("a") is None
        assert not store.exists("a")
        etags = [store.put("a", b"one"), store.put("a", b"two")]
        info = store.head("a")
        assert info is not None
        assert (info.key, info.size, info.etag) == ("a", 3, etags[1])
        assert etags[0] != etags[1]
        assert abs(info.modified - datetime.now(UTC)) < timedelta(minutes=1)
        assert store.exists("a")

    def test_a_missing_object_is_said_to_be_missing(self, store: ObjectStore) -> None:
        store.put("folder/object", b"x")
        for key in ("nothing", "folder", "folder/object/below", "folder/other"):
            with pytest.raises(ObjectMissing, match=f"no object '{key}'"):
                store.get(key)
            assert store.head(key) is None

    def test_put_if_absent_writes_once(self, store: ObjectStore) -> None:
        etag = store.put("lease", b"first", if_absent=True)
        with pytest.raises(PreconditionFailed):
            store.put("lease", b"second", if_absent=True)
        assert store.get("lease") == b"first"
        store.delete("lease")
        assert store.put("lease", b"third", if_absent=True) != etag

    def test_put_if_match_writes_only_over_what_was_read(self, store: ObjectStore) -> None:
        first = store.put("pointer", b"1")
        second = store.put("pointer", b"2", if_match=first)
        with pytest.raises(PreconditionFailed):
            store.put("pointer", b"3", if_match=first)
        assert store.get("pointer") == b"2"
        store.put("pointer", b"3", if_match=second)
        store.delete("pointer")
        with pytest.raises(PreconditionFailed):
            store.put("pointer", b"4", if_match=second)
        assert not store.exists("pointer")

    def test_many_quick_writes_of_one_size_all_have_their_own_tag(self, store: ObjectStore) -> None:
        assert len({store.put("pointer", b"%03d" % number) for number in range(200)}) == 200

    def test_two_conditions_at_once_are_refused(self, store: ObjectStore) -> None:
        with pytest.raises(ValueError, match="absent and unchanged"):
            store.put("a", b"", if_absent=True, if_match="x")

    def test_listing_is_sorted_by_key_and_limited_by_prefix(self, store: ObjectStore) -> None:
        names = ["a", "a-b", "b/a", "b/a-c", "b/a.d", "b/aa/e", "b/é", "b/\U0001f600", "b/\ufffd", "ba", "c/d/e/f"]
        for name in reversed(names):
            store.put(name, name.encode())
        assert keys(store) == sorted(names)
        assert keys(store, "b/") == sorted(name for name in names if name.startswith("b/"))
        assert keys(store, "b") == sorted(name for name in names if name.startswith("b"))
        assert keys(store, "b/a") == ["b/a", "b/a-c", "b/a.d", "b/aa/e"]
        assert keys(store, "b/aa/") == ["b/aa/e"]
        assert keys(store, "nothing") == keys(store, "nothing/there") == keys(store, "a/") == []
        [info] = store.list("c")
        assert info == store.head("c/d/e/f")

    def test_more_than_a_page_is_listed(self, store: ObjectStore) -> None:
        for number in range(1010):
            store.put(f"pages/{number:05}", b"")
        assert keys(store, "pages/") == [f"pages/{number:05}" for number in range(1010)]

    def test_delete_removes_and_may_be_repeated(self, store: ObjectStore) -> None:
        store.put("a/b", b"x")
        store.delete("a/b")
        store.delete("a/b")
        store.delete("never/was")
        assert keys(store) == []

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            "./a",
            "a/.",
            "a\x00b",
            "a\nb",
            "a\ud800",
            "x" * 256,
            "a/" * 600 + "a",
            ".store/a",
        ],
        ids=ascii,
    )
    def test_a_key_that_could_lead_elsewhere_is_refused(self, store: ObjectStore, key: str) -> None:
        for call in (store.get, store.head, store.exists, store.delete, lambda key: store.put(key, b"x")):
            with pytest.raises(ValueError, match="key"):
                call(key)

    def test_a_prefix_that_leads_elsewhere_is_refused(self, store: ObjectStore) -> None:
        with pytest.raises(ValueError, match="part"):
            keys(store, "../")

    def test_large_objects_go_through(self, store: ObjectStore) -> None:
        data = os.urandom(1024 * 1024) * 70
        etag = store.put("large", data, if_absent=True)
        assert store.get("large") == data
        info = store.head("large")
        assert info is not None
        assert (info.size, info.etag) == (len(data), etag)
        with pytest.raises(PreconditionFailed):
            store.put("large", data, if_absent=True)

    def test_flush_changes_nothing_that_can_be_seen(self, store: ObjectStore) -> None:
        for number in range(100):
            store.put(f"a/{number}", b"x")
        store.delete("a/7")
        store.flush()
        store.put("b", b"y")
        store.flush()
        assert len(keys(store)) == 100

    def test_of_processes_that_race_for_an_absent_key_exactly_one_wins(
        self, store: ObjectStore, address: str, endpoint: str | None
    ) -> None:
        rounds = 300 if endpoint is None else 30
        with ProcessPoolExecutor(3, mp_context=FRESH_PROCESSES) as pool:
            winners = list(pool.map(_win, [address] * 3, [endpoint] * 3, range(3), [rounds] * 3))
        assert sorted(number for won in winners for number in won) == list(range(rounds))
        for writer, won in enumerate(winners):
            assert all(store.get(f"race/{number}") == f"writer {writer}".encode() for number in won)

    def test_no_update_is_lost_between_processes_that_write_if_unchanged(
        self, store: ObjectStore, address: str, endpoint: str | None
    ) -> None:
        times = 150 if endpoint is None else 15
        store.put("counter", b"0")
        with ProcessPoolExecutor(3, mp_context=FRESH_PROCESSES) as pool:
            list(pool.map(_count_up, [address] * 3, [endpoint] * 3, [times] * 3))
        assert store.get("counter") == str(3 * times).encode()

    def test_a_writer_that_is_killed_leaves_the_object_whole(
        self, store: ObjectStore, address: str, endpoint: str | None
    ) -> None:
        store.put("victim", b"\x00" * 3_000_000)
        for _ in range(4):
            writer = FRESH_PROCESSES.Process(target=_overwrite_for_ever, args=(address, endpoint), daemon=True)
            before = store.head("victim")
            writer.start()
            assert writer.pid is not None
            while store.head("victim") == before:
                assert writer.is_alive()
                time.sleep(0.002)
            seen = store.get("victim")
            os.kill(writer.pid, signal.SIGKILL)
            writer.join()
            for data in (seen, store.get("victim")):
                assert len(data) == 3_000_000
                assert len(set(data)) == 1
            assert keys(store) == ["victim"]
            # What it held is free again.
            info = store.head("victim")
            assert info is not None
            store.put("victim", b"\x00" * 3_000_000, if_match=info.etag)
