"""The embedded backend: the contract, and what only files on a disk and several processes can break."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from index_contract import DIMENSION, IndexContract, found, row, unit, visible

from assets.index import lancedb_store
from assets.index.lancedb_store import LanceIndex
from assets.index.store import IndexUnavailable, SearchFilter

ROOT = Path(__file__).parents[2]


@pytest.fixture
def index_store(tmp_path: Path) -> LanceIndex:
    return LanceIndex.create(tmp_path, "chunks-1", DIMENSION)


class TestLanceIndex(IndexContract):
    pass


class TestLargeLanceIndex(IndexContract):
    """The same above the bound to which vectors are held in memory."""

    @pytest.fixture(autouse=True)
    def _small_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lancedb_store, "RESIDENT_ROWS", 30)


def test_an_index_is_there_from_create_to_drop(tmp_path: Path) -> None:
    assert not LanceIndex.exists(tmp_path, "a")
    LanceIndex.create(tmp_path, "a", DIMENSION).add([row(1)])
    LanceIndex.create(tmp_path, "b", DIMENSION)
    assert LanceIndex.exists(tmp_path, "a")
    assert LanceIndex.open(tmp_path, "a").count(1) == 1
    with pytest.raises(IndexUnavailable, match="exists already"):
        LanceIndex.create(tmp_path, "a", DIMENSION)
    LanceIndex.drop(tmp_path, "a")
    LanceIndex.drop(tmp_path, "a")
    assert not LanceIndex.exists(tmp_path, "a")
    assert LanceIndex.exists(tmp_path, "b")
    assert LanceIndex.create(tmp_path, "a", DIMENSION).count(1) == 0


def test_a_missing_or_broken_index_is_named_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable, match="chunks-1"):
        LanceIndex.open(tmp_path, "chunks-1")
    store = LanceIndex.create(tmp_path, "chunks-1", DIMENSION)
    store.add([row(1, body="A secret sentence.")])
    for file in (tmp_path / "chunks-1.lance" / "data").iterdir():
        file.write_bytes(b"")
    with pytest.raises(IndexUnavailable, match="chunks-1") as caught:
        LanceIndex.open(tmp_path, "chunks-1").search("secret", unit(1), 1, SearchFilter(1, 0))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_creation_that_was_cut_short_can_be_repeated(tmp_path: Path) -> None:
    LanceIndex.create(tmp_path, "a", DIMENSION).add([row(1)])
    LanceIndex.drop(tmp_path, "a-statistics")
    assert not LanceIndex.exists(tmp_path, "a")
    assert LanceIndex.create(tmp_path, "a", DIMENSION).count(1) == 0


def test_closing_is_one_commit(index_store: LanceIndex, tmp_path: Path) -> None:
    index_store.add([row(number) for number in range(5_000)])
    versions = tmp_path / "chunks-1.lance" / "_versions"
    before = len(list(versions.glob("*.manifest")))
    index_store.close([row(number).row_id for number in range(5_000)], 2)
    assert len(list(versions.glob("*.manifest"))) == before + 1


def test_another_reader_sees_each_write_at_once(index_store: LanceIndex, tmp_path: Path) -> None:
    reader = LanceIndex.open(tmp_path, "chunks-1")
    for number in range(12):
        index_store.add([row(number)])
        assert found(reader, f"item{number}", unit(number), 1) == [row(number).row_id]
        index_store.close([row(earlier).row_id for earlier in range(number)], 2)
        assert visible(reader, 2) == {row(number).row_id}
        if number % 4 == 3:
            index_store.optimize()


def test_erasure_leaves_no_bytes_on_disk(tmp_path: Path) -> None:
    store = LanceIndex.create(tmp_path, "chunks-1", DIMENSION)
    # Letters that no compression shortens away, so that the search for bytes would find them.
    secret = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=4_000))
    vector = unit(4711)
    store.add([row(number) for number in range(400)])
    store.add([row(400, body=f"Jane {secret}", vector=vector)])
    store.optimize()
    store.close([row(400).row_id], 2)

    def traces() -> list[Path]:
        marks = (vector.tobytes(), secret[1_000:1_016].encode(), row(400).row_id.encode())
        files = [file for file in tmp_path.rglob("*") if file.is_file()]
        return [file for file in files if any(mark in file.read_bytes() for mark in marks)]

    assert traces()
    written = set(tmp_path.rglob("*.lance")) - {tmp_path / "chunks-1.lance", tmp_path / "chunks-1-statistics.lance"}
    assert store.erase([row(400).row_id]) == 1
    assert traces() == []
    assert written.isdisjoint(tmp_path.rglob("*.lance"))
    assert store.count(1) == 400


def test_readers_go_on_while_rows_are_erased(index_store: LanceIndex, tmp_path: Path) -> None:
    index_store.add([row(number) for number in range(200)])
    index_store.optimize()
    stop = threading.Event()

    def read() -> int:
        reader, searches = LanceIndex.open(tmp_path, "chunks-1"), 0
        while not stop.is_set():
            assert found(reader, "item3", unit(3), 1) == [row(3).row_id]
            searches += 1
        return searches

    with ThreadPoolExecutor(2) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for number in range(100, 106):
            assert index_store.erase([row(number).row_id]) == 1
        stop.set()
        assert all(reader.result() for reader in readers)


def test_threads_may_share_one_index(index_store: LanceIndex) -> None:
    index_store.add([row(number) for number in range(100)])

    def work(number: int) -> list[str]:
        index_store.add([row(1_000 + number, generation=2)])
        return found(index_store, f"item{number}", unit(number), 1)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(40))) == [[row(number).row_id] for number in range(40)]
    assert index_store.count_added(2) == 40


def test_a_large_index_finds_what_an_exact_search_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(5)
    centres = generator.normal(size=(40, 64))
    vectors = centres[generator.integers(40, size=3_000)] + 0.5 * generator.normal(size=(3_000, 64))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    store = LanceIndex.create(tmp_path, "large", 64)
    store.add([row(number, vector=vector) for number, vector in enumerate(vectors)])
    store.optimize()
    exact = [set(found(store, "", vectors[number], 20)) for number in range(0, 600, 20)]
    monkeypatch.setattr(lancedb_store, "RESIDENT_ROWS", 1_000)
    store.optimize()
    large = LanceIndex.open(tmp_path, "large")
    approximate = [set(found(large, "", vectors[number], 20)) for number in range(0, 600, 20)]
    shared = sum(len(one & other) for one, other in zip(exact, approximate, strict=True))
    assert shared >= 0.97 * 20 * len(exact)


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests/index"]
from index_contract import row
from assets.index.lancedb_store import LanceIndex

folder = Path(sys.argv[2])
store = LanceIndex.open(folder / "index", "chunks-1")
pointer = folder / "served"
while True:
    served = int(pointer.read_text())
    store.sweep(served)
    coming = served + 1
    numbers = range(1_000 * coming, 1_000 * coming + 10)
    store.add([row(number, generation=coming) for number in numbers])
    store.close([row(number - 1_000).row_id for number in numbers], coming)
    store.optimize()
    (folder / "next").write_text(str(coming))
    (folder / "next").replace(pointer)
"""

READER = """
import sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests/index"]
from index_contract import row, unit, visible
from assets.index.lancedb_store import LanceIndex

folder = Path(sys.argv[2])
store = LanceIndex.open(folder / "index", "chunks-1")
always = {row(number).row_id for number in range(40)}
searches = 0
while not (folder / "stop").exists():
    served = int((folder / "served").read_text())
    expected = always | {row(1_000 * served + number).row_id for number in range(10)}
    seen = visible(store, served)
    assert seen == expected, (served, len(seen), sorted(seen ^ expected)[:5])
    assert store.count(served) == 50
    searches += 1
print(searches)
"""


@pytest.mark.long
def test_readers_miss_nothing_beside_a_writer_that_is_killed_at_random(tmp_path: Path) -> None:
    store = LanceIndex.create(tmp_path / "index", "chunks-1", DIMENSION)
    store.add([row(number) for number in range(40)] + [row(number) for number in range(1_000, 1_010)])
    (tmp_path / "served").write_text("1")
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}

    def start(script: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", script, str(ROOT), str(tmp_path)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)

    readers = [start(READER) for _ in range(2)]
    chance = random.Random(11)
    try:
        for _ in range(5):
            writer = start(WRITER)
            before, deadline = (tmp_path / "served").read_text(), time.monotonic() + 60
            while (tmp_path / "served").read_text() == before and time.monotonic() < deadline:
                time.sleep(0.02)
            time.sleep(chance.random() * 0.6)
            assert writer.poll() is None, writer.communicate()[1]
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
    finally:
        (tmp_path / "stop").touch()
        outputs = [reader.communicate(timeout=60) for reader in readers]
    for reader, (output, errors) in zip(readers, outputs, strict=True):
        assert reader.returncode == 0, errors
        assert int(output) > 3
    served = int((tmp_path / "served").read_text())
    assert served > 5
    store.sweep(served)
    assert store.count(served) == 50
    assert len(list(store.rows())) == 40 + 10 * served
