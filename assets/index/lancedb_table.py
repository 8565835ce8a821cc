"""How index rows look as a LanceDB table: its schema, its predicates, and rows to Arrow and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assets.index.digest import row_digest
from assets.index.store import OPEN, Hit, IndexRow, RowState, SearchFilter
from assets.index.terms import terms

if TYPE_CHECKING:
    import pyarrow as pa

TEXTS = ("row_id", "chunk_id", "document_id", "source", "kind", "jurisdiction", "title", "body")
SPANS = ("valid_from", "valid_to", "from_generation", "to_generation")
STATE = ("row_id", "chunk_id", *SPANS)
HIT = ("row_id", "chunk_id", "document_id", "source", "title", "heading_path", "body")
DIGEST = (*TEXTS, "heading_path", "valid_from", "valid_to", "vector")


def schema(dimension: int) -> "pa.Schema":
    import pyarrow as pa

    return pa.schema(
        [pa.field(name, pa.string(), nullable=False) for name in TEXTS]
        + [
            pa.field("heading_path", pa.list_(pa.string()), nullable=False),
            pa.field("terms", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), dimension), nullable=False),
        ]
        + [pa.field(name, pa.int64(), nullable=False) for name in SPANS]
    )


def stored_terms(row: IndexRow) -> str:
    """What the keyword side searches: the body under its innermost heading, which often alone names a section."""
    return " ".join(terms("\n".join((*row.heading_path[-1:], row.body))))


def to_arrow(rows: Sequence[IndexRow], dimension: int) -> "pa.Table":
    """Open-ended in generations. Raises ValueError for a vector of another shape or with a number that is not finite."""
    import pyarrow as pa

    for row in rows:
        if row.vector.shape != (dimension,) or not np.isfinite(row.vector).all():
            raise ValueError(
                f"The vector of row {row.row_id} must hold {dimension} finite numbers; "
                "embed with the model that this index was made for."
            )
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in TEXTS}
    columns["heading_path"] = [list(row.heading_path) for row in rows]
    columns["terms"] = [stored_terms(row) for row in rows]
    vectors = np.stack([row.vector for row in rows]).astype(np.float32, copy=False)
    columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension)
    columns |= {name: [getattr(row, name) for row in rows] for name in SPANS[:3]}
    columns["to_generation"] = [OPEN] * len(rows)
    return pa.table(columns, schema=schema(dimension))


def ends_to_arrow(row_ids: Iterable[str], generation: int) -> "pa.Table":
    """The new `to_generation` of rows, each once."""
    import pyarrow as pa

    ids = list(dict.fromkeys(row_ids))
    fields = [pa.field("row_id", pa.string(), nullable=False), pa.field("to_generation", pa.int64(), nullable=False)]
    return pa.table({"row_id": ids, "to_generation": [generation] * len(ids)}, schema=pa.schema(fields))


def vectors_of(column: "pa.FixedSizeListArray") -> NDArray[np.float32]:
    """A vector column as an array of shape (rows, dimension)."""
    return np.asarray(column.flatten(), dtype=np.float32).reshape(len(column), -1)


def hits(table: "pa.Table", scores: Mapping[int, float]) -> list[Hit]:
    """The rows of a table that has the columns of HIT and `_rowid`, best first, equal scores in the order of their row ids;
    `scores` are by physical id."""
    found = [
        Hit(
            **{name: row[name] for name in HIT if name != "heading_path"},
            heading_path=tuple(row["heading_path"]),
            score=scores[row["_rowid"]],
        )
        for row in table.to_pylist()
    ]
    return sorted(found, key=lambda hit: (-hit.score, hit.row_id))


def states(batch: "pa.RecordBatch") -> Iterator[RowState]:
    return (RowState(*values) for values in zip(*(batch.column(name).to_pylist() for name in STATE), strict=True))


def digests(batch: "pa.RecordBatch") -> Iterator[int]:
    vectors = vectors_of(batch.column("vector"))
    for row, vector in zip(batch.drop_columns(["vector"]).to_pylist(), vectors, strict=True):
        identity = (*(row[name] for name in TEXTS), *row["heading_path"])
        yield row_digest(identity, (row["valid_from"], row["valid_to"]), vector)


def served(generation: int) -> str:
    return f"from_generation <= {generation:d} AND to_generation > {generation:d}"


def visible(where: SearchFilter) -> str:
    clauses = [served(where.generation), f"valid_from <= {where.moment:d} AND valid_to > {where.moment:d}"]
    for name in ("kind", "jurisdiction", "source"):
        if (value := getattr(where, name)) is not None:
            clauses.append(f"{name} = {_quoted(value)}")
    return " AND ".join(clauses)


def one_of(row_ids: Sequence[str]) -> str:
    return f"row_id IN ({', '.join(map(_quoted, row_ids))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
