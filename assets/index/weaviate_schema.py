"""How index rows look as a Weaviate collection: its names, properties, filters, and rows to objects and back.

Weaviate keeps an INT as a 64-bit float on every path, gRPC and REST: exact up to 2**53 and for powers of two, which is enough
for generations and OPEN. Moments are exact to the microsecond up to the year 9999, so they are kept as text whose order is that
of the numbers.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.index.digest import row_digest
from assets.index.keywords import K1, B
from assets.index.lancedb_table import DIGEST, HIT, STATE, TEXTS, stored_terms
from assets.index.store import OPEN, Hit, IndexRow, RowState

__all__ = ["DIGEST", "HIT", "STATE"]

EXACT_ROWS = 5_000
"""Of fewer rows that a filter lets through each vector is compared; above it that takes longer than to follow the graph."""
EXPLORED = 250
"""How many rows are held in view while the graph is followed: of the 100 nearest of 14,000 it finds 99.5 %."""
LINKED = 64
"""How many are held in view while a row's place in the graph is sought, on which an import spends most of its time. The
server's own 128 finds 99.8 % of those 100, and takes three times as long."""
_FILTERED = ("kind", "jurisdiction", "source", "valid_from", "valid_to")
_MOMENTS = ("valid_from", "valid_to")
_GENERATIONS = ("from_generation", "to_generation")
_OFFSET = 2**63
_BEYOND = 2**53


@dataclass(frozen=True, slots=True)
class Deployment:
    """How an installation uses a server. `alias` is where the served index is found from outside, and every collection's
    name begins with it, so that installations can share a server."""

    alias: str = "hrdp_chunks"
    replication: int = 1
    shards: int = 1
    quantization: str = "none"

    @property
    def prefix(self) -> str:
        """The alias as the server spells it: with a capital first letter."""
        return self.alias[:1].upper() + self.alias[1:]

    @property
    def statistics(self) -> str:
        """The collection that holds the keyword statistics, one object an index."""
        return f"{self.prefix}_statistics"

    def collection(self, index_version: str) -> str:
        return f"{self.prefix}_{index_version.replace('-', '_')}"


def object_id(name: str) -> uuid.UUID:
    """The id of the object that keeps a row, or an index's statistics: the same for the same name."""
    from weaviate.util import generate_uuid5

    return uuid.UUID(generate_uuid5(name))


def properties() -> list[Any]:
    """No text is taken apart by the server but `terms`, which is split at spaces; what no filter asks for is not indexed."""
    from weaviate.classes.config import DataType, Property, Tokenization

    def text(name: str, data_type: Any = DataType.TEXT, searched: bool = False) -> Any:
        return Property(
            name=name,
            data_type=data_type,
            tokenization=Tokenization.WHITESPACE if searched else Tokenization.FIELD,
            index_searchable=searched,
            index_filterable=name in _FILTERED,
        )

    return [
        *(text(name) for name in TEXTS),
        text("heading_path", DataType.TEXT_ARRAY),
        text("terms", searched=True),
        *(text(name) for name in _MOMENTS),
        *(Property(name=name, data_type=DataType.INT, index_filterable=True) for name in _GENERATIONS),
    ]


def configuration(deployment: Deployment) -> dict[str, Any]:
    """What `collections.create` takes for an index, without its name."""
    from weaviate.classes.config import Configure, StopwordsPreset, VectorDistances

    quantizer = Configure.VectorIndex.Quantizer
    return {
        "properties": properties(),
        "vector_config": Configure.Vectors.self_provided(
            quantizer=quantizer.rq(bits=8) if deployment.quantization == "rq8" else quantizer.none(),
            # Vectors have unit length: the product is the cosine, and they come back as they were written.
            vector_index_config=Configure.VectorIndex.hnsw(
                distance_metric=VectorDistances.DOT,
                ef=EXPLORED,
                ef_construction=LINKED,
                flat_search_cutoff=EXACT_ROWS,
            ),
        ),
        "inverted_index_config": Configure.inverted_index(bm25_b=B, bm25_k1=K1, stopwords_preset=StopwordsPreset.NONE),
        "sharding_config": Configure.sharding(desired_count=deployment.shards),
        "replication_config": _replication(deployment),
    }


def statistics_configuration(deployment: Deployment) -> dict[str, Any]:
    """The same for the collection of statistics."""
    from weaviate.classes.config import Configure, DataType, Property, Tokenization

    return {
        "properties": [
            Property(
                name=name,
                data_type=DataType.TEXT,
                tokenization=Tokenization.FIELD,
                index_searchable=False,
                index_filterable=False,
            )
            for name in ("collection", "digest", "statistics")
        ]
        + [Property(name="dimension", data_type=DataType.INT, index_filterable=False)],
        "vector_config": Configure.Vectors.self_provided(vector_index_config=Configure.VectorIndex.flat()),
        "replication_config": _replication(deployment),
    }


def _replication(deployment: Deployment) -> Any:
    from weaviate.classes.config import Configure, ReplicationDeletionStrategy

    return Configure.replication(
        factor=deployment.replication,
        async_enabled=deployment.replication > 1,
        # A row that was removed while a node was away may have been written again since.
        deletion_strategy=ReplicationDeletionStrategy.TIME_BASED_RESOLUTION,
    )


def check(rows: Sequence[IndexRow], dimension: int) -> None:
    """Raises ValueError for a vector of another shape or with a number that is not finite, and for a generation that the
    server would not keep exactly."""
    for row in rows:
        if not 0 <= row.from_generation < _BEYOND:
            raise ValueError(f"Generation {row.from_generation} can't be kept exactly: it must be below 2**53.")
        if row.vector.shape != (dimension,) or not np.isfinite(row.vector).all():
            raise ValueError(
                f"The vector of row {row.row_id} must hold {dimension} finite numbers; "
                "embed with the model that this index was made for."
            )


def to_objects(rows: Sequence[IndexRow]) -> list[Any]:
    """Of rows that `check` lets through; open-ended in generations."""
    from weaviate.classes.data import DataObject

    return [
        DataObject(
            uuid=object_id(row.row_id),
            vector=row.vector.astype(np.float32, copy=False).tolist(),
            properties={
                **{name: getattr(row, name) for name in TEXTS},
                "heading_path": list(row.heading_path),
                "terms": stored_terms(row),
                **{name: ordered_text(getattr(row, name)) for name in _MOMENTS},
                "from_generation": row.from_generation,
                "to_generation": OPEN,
            },
        )
        for row in rows
    ]


def ordered_text(moment: int) -> str:
    """16 hexadecimal digits that sort as the numbers from -2**63 to 2**63 - 1 do."""
    return f"{moment + _OFFSET:016x}"


def moment_of(text: str) -> int:
    return int(text, 16) - _OFFSET


def hit(found: Any, score: float) -> Hit:
    texts: Mapping[str, Any] = found.properties
    return Hit(
        **{name: texts[name] for name in HIT if name != "heading_path"},
        heading_path=tuple(texts["heading_path"] or ()),
        score=score,
    )


def state(found: Any) -> RowState:
    kept: Mapping[str, Any] = found.properties
    return RowState(
        kept["row_id"],
        kept["chunk_id"],
        *(moment_of(kept[name]) for name in _MOMENTS),
        *(kept[name] for name in _GENERATIONS),
    )


def digest(found: Any) -> int:
    kept: Mapping[str, Any] = found.properties
    identity = (*(kept[name] for name in TEXTS), *(kept["heading_path"] or ()))
    return row_digest(identity, (moment_of(kept["valid_from"]), moment_of(kept["valid_to"])), vector_of(found))


def vector_of(found: Any) -> NDArray[np.float32]:
    return np.asarray(found.vector["default"], np.float32)
