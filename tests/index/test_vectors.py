"""Vectors come back by text, from however many segments, and each segment is fetched once while it is remembered."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from assets.index import vectors
from assets.index.vectors import VectorStore
from assets.platform import Platform
from assets.storage.objects import ObjectMissing


class Numbers:
    """A text is a number, and its vector says which."""

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        return np.array([[float(text), -float(text)] for text in texts], dtype=np.float32)


@pytest.fixture
def fetched(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The segments that were fetched; two texts are one, and three are remembered."""
    monkeypatch.setattr(vectors, "SLICE_TEXTS", 2)
    monkeypatch.setattr(vectors, "_CACHED_SEGMENTS", 3)
    names: list[str] = []
    get = platform.blobs.get

    def noted(name: str) -> bytes:
        names.append(name)
        return get(name)

    monkeypatch.setattr(platform.blobs, "get", noted)
    return names


def test_vectors_come_back_by_text_and_segments_are_fetched_once(platform: Platform, fetched: list[str]) -> None:
    store = VectorStore(platform.catalogue, platform.blobs, "model", 2)
    texts = {f"hash-{number}": str(number) for number in range(100, 140)}
    store.embed(texts, Numbers())  # type: ignore[arg-type]
    asked = random.Random(1).sample(sorted(texts), 40)
    found = store.get(asked)
    assert {name: vector.tolist() for name, vector in found.items()} == {
        name: [float(text), -float(text)] for name, text in texts.items()
    }
    assert len(fetched) == len(set(fetched)) == 20
    assert store.get(["hash-134", "hash-139", "hash-137"])["hash-137"].tolist() == [137.0, -137.0]
    assert len(fetched) == 20
    store.get(["hash-100"])
    assert len(fetched) == 21


def test_a_text_without_a_vector_and_a_lost_segment_are_told(platform: Platform, fetched: list[str]) -> None:
    store = VectorStore(platform.catalogue, platform.blobs, "model", 2)
    texts = {f"hash-{number}": str(number) for number in range(10)}
    store.embed(texts, Numbers())  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="1 texts"):
        store.get(["hash-3", "hash-10"])
    platform.blobs.delete(fetched[0])
    fresh = VectorStore(platform.catalogue, platform.blobs, "model", 2)
    with pytest.raises(ObjectMissing):
        fresh.get(sorted(texts))
