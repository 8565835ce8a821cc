import hashlib

import pytest

from assets.storage.blobs import Blobs, ObjectCorrupt
from assets.storage.objects import ObjectMissing, ObjectStore


@pytest.fixture
def blobs(store: ObjectStore) -> Blobs:
    return Blobs(store)


def test_a_blob_is_named_by_its_content(blobs: Blobs) -> None:
    name = blobs.put(b"paid leave")
    assert name == hashlib.sha256(b"paid leave").hexdigest()
    assert blobs.get(name) == b"paid leave"
    assert blobs.exists(name)


def test_text_comes_back_as_it_was(blobs: Blobs) -> None:
    assert blobs.get_text(blobs.put_text("Überstunden 年假\n")) == "Überstunden 年假\n"


def test_the_same_content_is_written_once(blobs: Blobs, store: ObjectStore) -> None:
    key = blobs.key(blobs.put(b"x"))
    written = store.head(key)
    blobs.put(b"x")
    assert [info.key for info in store.list()] == [key]
    assert store.head(key) == written


@pytest.mark.parametrize("damaged", [b"paid leavE", b"", b"paid leave and more"])
def test_damage_is_noticed_at_the_read(blobs: Blobs, store: ObjectStore, damaged: bytes) -> None:
    name = blobs.put(b"paid leave")
    store.put(blobs.key(name), damaged)
    with pytest.raises(ObjectCorrupt, match="restore it"):
        blobs.get(name)


def test_a_blob_that_a_crash_cut_short_is_written_again(blobs: Blobs, store: ObjectStore) -> None:
    name = blobs.put(b"paid leave")
    store.put(blobs.key(name), b"")
    blobs.put(b"paid leave")
    assert blobs.get(name) == b"paid leave"


def test_a_deleted_blob_is_missing(blobs: Blobs) -> None:
    name = blobs.put(b"x")
    blobs.delete(name)
    assert not blobs.exists(name)
    with pytest.raises(ObjectMissing):
        blobs.get(name)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "a" * 63])
def test_a_name_that_is_no_hash_is_refused(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        blobs.get(name)


def test_prefixes_keep_blobs_apart(store: ObjectStore) -> None:
    name = Blobs(store, "one").put(b"x")
    assert not Blobs(store, "two").exists(name)
