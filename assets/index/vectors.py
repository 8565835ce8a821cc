"""The store of vectors, by text hash and model hash: every text is embedded once for a model, ever.

Vectors lie in the object store in segments (NumPy arrays, float32, one row a text); the catalogue says in which segment and
row a text's vector stands. A segment is one slice of texts: after a kill at most that slice is embedded again.
"""

import io
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select, update

from assets.index.embedding.base import Embedder
from assets.lineage import schema
from assets.lineage.catalogue import Catalogue
from assets.storage.blobs import Blobs
from assets.storage.concurrency import at_once

SLICE_TEXTS = 256
"""Texts a segment."""

_CACHED_SEGMENTS = 64


class VectorStore:
    """The vectors of one model."""

    def __init__(self, catalogue: Catalogue, blobs: Blobs, model: str, dimension: int) -> None:
        """`model` is the embedder's hash."""
        self._catalogue = catalogue
        self._blobs = blobs
        self._dimension = dimension
        self._model_id = _model_id(catalogue, model, dimension)
        self._segments: OrderedDict[int, NDArray[np.float32]] = OrderedDict()

    def missing(self, connection: Connection, text_hashes: Iterable[str]) -> set[str]:
        """Those of the texts that have no vector yet."""
        wanted = set(text_hashes)
        return wanted - {text_hash for text_hash, _, _ in self._places(connection, sorted(wanted))}

    def embed(self, texts: dict[str, str], embedder: Embedder, progress: Callable[[int], None] = lambda _: None) -> int:
        """Embeds texts (by text hash) that have no vector yet and keeps every slice as soon as it is done.

        Returns how many texts went through the model. `progress` hears of the texts done since it was last told.
        """
        with self._catalogue.read() as connection:
            todo = self.missing(connection, texts)
        # Texts of one length together waste no padding, within a slice as in the whole.
        started = time.monotonic()
        ordered = sorted(todo, key=lambda text_hash: (len(texts[text_hash]), text_hash))
        for start in range(0, len(ordered), SLICE_TEXTS):
            part = ordered[start : start + SLICE_TEXTS]
            self._keep(part, embedder.embed([texts[text_hash] for text_hash in part]))
            progress(len(part))
        if len(ordered) >= SLICE_TEXTS:
            self._remember_speed(len(ordered) / (time.monotonic() - started))
        return len(ordered)

    def texts_per_second(self) -> float | None:
        """How fast the model was the last time that it had much to do here; None before."""
        table = schema.models
        with self._catalogue.read() as connection:
            return connection.execute(
                select(table.c.texts_per_second).where(table.c.model_id == self._model_id)
            ).scalar()

    def _remember_speed(self, texts_per_second: float) -> None:
        table = schema.models
        with self._catalogue.write() as connection:
            connection.execute(
                update(table).where(table.c.model_id == self._model_id).values(texts_per_second=texts_per_second)
            )

    def get(self, text_hashes: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of texts that have one. Raises KeyError for one that has none."""
        found: dict[str, NDArray[np.float32]] = {}
        with self._catalogue.read() as connection:
            places = sorted(self._places(connection, sorted(set(text_hashes))), key=lambda place: place[1:])
            blobs = self._segment_blobs(connection, {segment_id for _, segment_id, _ in places})
        wanted = list(dict.fromkeys(segment_id for _, segment_id, _ in places))
        standing = groupby(places, key=itemgetter(1))
        for (segment_id, texts), segment in zip(standing, self._read(wanted, blobs), strict=True):
            self._remember(segment_id, segment)
            found.update((text_hash, segment[position]) for text_hash, _, position in texts)
        lost = set(text_hashes) - found.keys()
        if lost:
            raise KeyError(f"{len(lost)} texts have no vector")
        return found

    def forget_lost(self) -> int:
        """Forgets the vectors, of whatever model, whose segment is no longer in the object store: they are embedded again when
        they are needed. Returns how many segments were lost."""
        segments, vectors = schema.segments, schema.vectors
        with self._catalogue.read() as connection:
            listed = connection.execute(select(segments.c.segment_id, segments.c.blob)).all()
        lost = [row.segment_id for row in listed if not self._blobs.exists(row.blob)]
        with self._catalogue.write() as connection:
            for segment_id in lost:
                connection.execute(delete(vectors).where(vectors.c.segment_id == segment_id))
                connection.execute(delete(segments).where(segments.c.segment_id == segment_id))
        return len(lost)

    def _keep(self, text_hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(vectors, dtype=np.float32), allow_pickle=False)
        blob = self._blobs.put(buffer.getvalue())
        with self._catalogue.write() as connection:
            segment_id: int = connection.execute(
                insert(schema.segments)
                .values(model_id=self._model_id, blob=blob, vectors=len(text_hashes))
                .returning(schema.segments.c.segment_id)
            ).scalar_one()
            # Another run may have embedded the same text meanwhile: the first one stays.
            new = self.missing(connection, text_hashes)
            rows = [
                {"model_id": self._model_id, "text_hash": text_hash, "segment_id": segment_id, "position": position}
                for position, text_hash in enumerate(text_hashes)
                if text_hash in new
            ]
            if rows:
                connection.execute(insert(schema.vectors), rows)

    def _places(self, connection: Connection, text_hashes: Sequence[str]) -> Iterator[tuple[str, int, int]]:
        table = schema.vectors
        for start in range(0, len(text_hashes), 500):
            query = select(table.c.text_hash, table.c.segment_id, table.c.position).where(
                table.c.model_id == self._model_id, table.c.text_hash.in_(text_hashes[start : start + 500])
            )
            for row in connection.execute(query):
                yield row.text_hash, row.segment_id, row.position

    def _segment_blobs(self, connection: Connection, segment_ids: set[int]) -> dict[int, str]:
        table = schema.segments
        blobs: dict[int, str] = {}
        ordered = sorted(segment_ids)
        for start in range(0, len(ordered), 500):
            query = select(table.c.segment_id, table.c.blob).where(table.c.segment_id.in_(ordered[start : start + 500]))
            blobs.update({row.segment_id: row.blob for row in connection.execute(query)})
        return blobs

    def _read(self, segment_ids: Sequence[int], blobs: Mapping[int, str]) -> Iterator[NDArray[np.float32]]:
        """The segments, in their order; those that are not remembered are fetched some at a time."""

        def segment(asked: tuple[NDArray[np.float32] | None, str]) -> NDArray[np.float32]:
            remembered, blob = asked
            if remembered is not None:
                return remembered
            array: NDArray[np.float32] = np.load(io.BytesIO(self._blobs.get(blob)), allow_pickle=False)
            return array

        return at_once(segment, ((self._segments.get(each), blobs[each]) for each in segment_ids))

    def _remember(self, segment_id: int, segment: NDArray[np.float32]) -> None:
        self._segments[segment_id] = segment
        self._segments.move_to_end(segment_id)
        if len(self._segments) > _CACHED_SEGMENTS:
            self._segments.popitem(last=False)


def _model_id(catalogue: Catalogue, model: str, dimension: int) -> int:
    table = schema.models
    query = select(table.c.model_id).where(table.c.model == model)
    with catalogue.read() as connection:
        known = connection.execute(query).scalar()
    if known is not None:
        return int(known)
    with catalogue.write() as connection:
        known = connection.execute(query).scalar()
        if known is None:
            known = connection.execute(
                insert(table).values(model=model, dimension=dimension).returning(table.c.model_id)
            ).scalar_one()
    return int(known)
