"""Puts the texts of chunks together again, from the catalogue's spans and the object store's canonical texts."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, select

from assets.lineage import schema
from assets.storage.blobs import Blobs
from assets.storage.concurrency import at_once

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
            by_version = [list(rows) for _, rows in groupby(connection.execute(query).all(), lambda row: row.version)]
            texts = at_once(self._read, (rows[0].version for rows in by_version))
            for rows, text in zip(by_version, texts, strict=True):
                self._hold(rows[0].version, text)
                for row in rows:
                    yield ChunkText(
                        chunk_id=row.chunk_id,
                        document_id=row.document_id,
                        text_hash=row.text_hash,
                        title=row.title,
                        header=row.header,
                        heading_path=tuple(json.loads(row.heading_path)),
                        body=text[row.start : row.end],
                    )

    def _read(self, version: str) -> str:
        held = self._texts.get(version)
        return self._blobs.get_text(version) if held is None else held

    def _hold(self, version: str, text: str) -> None:
        self._texts[version] = text
        self._texts.move_to_end(version)
        if len(self._texts) > _CACHED_TEXTS:
            self._texts.popitem(last=False)
