"""Puts the texts of chunks together again, from the catalogue's spans and the object store's canonical texts."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from assets.lineage import schema
from assets.storage.blobs import Blobs

_CACHED_TEXTS = 32


@dataclass(frozen=True, slots=True)
class ChunkText:
    """A chunk as the catalogue knows it, with its body."""

    chunk_id: str
    document_id: str
    text_hash: str
    title: str
    header: str
    heading_path: tuple[str, ...]
    body: str

    @property
    def embedded(self) -> str:
        """What is embedded: header, line feed, body."""
        return f"{self.header}\n{self.body}" if self.header else self.body


class ChunkTexts:
    """Reads chunks; holds the few canonical texts read last, since a document's chunks are asked for together."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._texts: OrderedDict[str, str] = OrderedDict()

    def read(self, connection: Connection, chunk_ids: Sequence[str]) -> Iterator[ChunkText]:
        """The chunks, those of one document version together, in no other order."""
        table = schema.chunks
        for start in range(0, len(chunk_ids), 500):
            query = (
                select(table)
                .where(table.c.chunk_id.in_(chunk_ids[start : start + 500]))
                .order_by(table.c.document_id, table.c.version, table.c.start)
            )
            for row in connection.execute(query).all():
                yield ChunkText(
                    chunk_id=row.chunk_id,
                    document_id=row.document_id,
                    text_hash=row.text_hash,
                    title=row.title,
                    header=row.header,
                    heading_path=tuple(json.loads(row.heading_path)),
                    body=self._text(row.version)[row.start : row.end],
                )

    def _text(self, version: str) -> str:
        if version in self._texts:
            self._texts.move_to_end(version)
            return self._texts[version]
        text = self._blobs.get_text(version)
        self._texts[version] = text
        if len(self._texts) > _CACHED_TEXTS:
            self._texts.popitem(last=False)
        return text
