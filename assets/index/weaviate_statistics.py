"""What a Weaviate server keeps of each index beside its rows: one object with the dimension and the keyword statistics, replaced
as a whole."""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

from assets.index import weaviate_schema as layout
from assets.index.keywords import Statistics
from assets.index.weaviate_errors import Gone


class StatisticsStore:
    """The statistics of one index. `collection_of` gives the handle of the collection from a client."""

    def __init__(self, name: str, collection_of: Callable[[Any], Any]) -> None:
        self._name = name
        self._collection_of = collection_of
        self._seen: tuple[str, Statistics] | None = None

    def write(self, client: Any, statistics: Statistics, dimension: int) -> None:
        """Safe to repeat. Raises what the client library raises."""
        text = base64.b64encode(statistics.to_bytes()).decode()
        kept = {
            "collection": self._name,
            "dimension": dimension,
            "digest": hashlib.sha256(text.encode()).hexdigest(),
            "statistics": text,
        }
        data, identity = self._collection_of(client).data, layout.object_id(self._name)
        if data.exists(identity):
            data.replace(identity, kept)
        else:
            data.insert(kept, uuid=identity)

    def read(self, client: Any) -> Statistics:
        """The newest ones; they are not sent again while they are the same. Raises Gone."""
        digest = self._read(client, "digest")
        if self._seen is None or self._seen[0] != digest:
            statistics = Statistics.from_bytes(base64.b64decode(self._read(client, "statistics")))
            self._seen = digest, statistics
        return self._seen[1]

    def dimension(self, client: Any) -> int:
        """How many numbers a vector holds. Raises Gone."""
        return int(self._read(client, "dimension"))

    def exists(self, client: Any) -> bool:
        return bool(self._collection_of(client).data.exists(layout.object_id(self._name)))

    def delete(self, client: Any) -> None:
        self._collection_of(client).data.delete_by_id(layout.object_id(self._name))

    def _read(self, client: Any, name: str) -> Any:
        found = self._collection_of(client).query.fetch_object_by_id(
            layout.object_id(self._name), return_properties=[name]
        )
        if found is None:
            raise Gone(f"no statistics of {self._name}")
        return found.properties[name]
