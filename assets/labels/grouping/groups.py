"""Near-duplicate groups of a task's texts, kept in its warehouse: only texts that are new there cost anything.

The groups are a function of the set of texts, in whatever order and batches they came.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assets.labels.grouping.candidates import Candidates, Numbers, Signatures, find_candidates
from assets.labels.grouping.comparing import Comparison
from assets.labels.grouping.components import Components
from assets.labels.grouping.shingles import Shingles, shingles
from assets.labels.grouping.signatures import HASHES, Summary, summary
from assets.labels.warehouse.files import write_warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from assets.platform import Platform

_TEXTS_AT_ONCE = 1000
_NEW_TEXTS = """
    SELECT text_hash, min(text) FROM raw.label_rows
    WHERE text_hash NOT IN (SELECT text_hash FROM raw.duplicate_groups) GROUP BY text_hash
"""


@dataclass(frozen=True, slots=True)
class Grouped:
    """What the warehouse holds now, and how many texts were new and how many pairs and crowds were compared."""

    texts: int
    groups: int
    largest: int
    new_texts: int
    pairs: int
    crowds: int


@dataclass(frozen=True, slots=True)
class _Texts:
    """All texts in the order of their hashes; `names` numbers the first text of the group that each is known to be in."""

    hashes: list[str]
    signatures: Signatures
    seats: list[float]
    new: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
    names: Numbers


def group(platform: "Platform", task: str, heard: Callable[[int], None] | None = None) -> Grouped:
    """Puts the texts that are new in the warehouse into groups; `heard` is told the texts so far.

    Raises WarehouseUnavailable. The caller holds the lock `labels/TASK`.
    """
    with write_warehouse(platform, task) as connection:
        connection.execute("BEGIN")
        new_texts = 0
        for summaries in _summaries(connection, task):
            _keep(connection, summaries)
            new_texts += len(summaries)
            if heard:
                heard(new_texts)
        found = Candidates(np.zeros((0, 2), dtype=np.int64), [])
        if new_texts:
            texts = _texts(connection)
            found = find_candidates(texts.signatures, texts.new)
            _write(connection, texts, _components(connection, texts, found))
        connection.execute("COMMIT")
        [[texts_held, groups, largest]] = connection.execute(
            "SELECT coalesce(sum(texts), 0)::BIGINT, count(*), coalesce(max(texts), 0)"
            " FROM (SELECT count(*) AS texts FROM raw.duplicate_groups GROUP BY group_id)"
        ).fetchall()
    return Grouped(texts_held, groups, largest, new_texts, len(found.pairs), len(found.crowds))


def _summaries(connection: "DuckDBPyConnection", task: str) -> Iterator[dict[str, Summary]]:
    reading = connection.cursor()
    reading.execute(_NEW_TEXTS)
    while rows := reading.fetchmany(_TEXTS_AT_ONCE):
        yield {text_hash: summary(text, task) for text_hash, text in rows}


def _keep(connection: "DuckDBPyConnection", summaries: dict[str, Summary]) -> None:
    import pyarrow as pa

    found = summaries.values()
    columns = {
        "text_hash": pa.array(summaries),
        "shingles": pa.array([each.shingles for each in found], pa.int32()),
        "signature": pa.array([each.signature.tobytes() for each in found], pa.binary()),
        "seat": pa.array([each.seat for each in found], pa.float64()),
    }
    connection.register("summed_up", pa.table(columns))
    connection.execute("INSERT INTO raw.text_signatures BY NAME SELECT * FROM summed_up")
    connection.unregister("summed_up")


def _texts(connection: "DuckDBPyConnection") -> _Texts:
    found = connection.sql(
        "SELECT text_hash, signature, seat, group_id FROM raw.text_signatures"
        " LEFT JOIN (SELECT text_hash, group_id FROM raw.duplicate_groups) USING (text_hash) ORDER BY text_hash"
    ).to_arrow_table()
    hashes = found["text_hash"].to_pylist()
    groups = found["group_id"].to_pylist()
    numbers = {text_hash: number for number, text_hash in enumerate(hashes)}
    names = [number if group is None else numbers[group] for number, group in enumerate(groups)]
    return _Texts(
        hashes=hashes,
        signatures=np.frombuffer(b"".join(found["signature"].to_pylist()), dtype=np.uint32).reshape(-1, HASHES),
        seats=found["seat"].to_pylist(),
        new=np.array([group is None for group in groups]),
        names=np.array(names, dtype=np.int64),
    )


def _components(connection: "DuckDBPyConnection", texts: _Texts, found: Candidates) -> Components:
    components = Components(texts.names)
    numbers = np.unique(np.concatenate([found.pairs.ravel(), *found.crowds])).astype(np.int64)
    if len(numbers):
        comparison = Comparison(numbers, _shingles(connection, [texts.hashes[number] for number in numbers]))
        for crowd in found.crowds:
            comparison.join_crowd(crowd, texts.new, components)
        comparison.join_pairs(found.pairs, components)
    return components


def _shingles(connection: "DuckDBPyConnection", hashes: list[str]) -> list[Shingles]:
    """Those of the texts with these hashes, which are ascending."""
    import pyarrow as pa

    connection.register("asked", pa.table({"text_hash": pa.array(hashes, pa.string())}))
    reading = connection.execute(
        "SELECT text_hash, min(text) FROM raw.label_rows SEMI JOIN asked USING (text_hash) GROUP BY text_hash"
    )
    found = {}
    while rows := reading.fetchmany(_TEXTS_AT_ONCE):
        found.update({text_hash: shingles(text) for text_hash, text in rows})
    connection.unregister("asked")
    return [found[each] for each in hashes]


def _write(connection: "DuckDBPyConnection", texts: _Texts, components: Components) -> None:
    import pyarrow as pa

    groups = [texts.hashes[name] for name in components.names]
    columns = {
        "text_hash": pa.array(texts.hashes),
        "group_id": pa.array(groups),
        "seat": pa.array(texts.seats, pa.float64()),
    }
    connection.register("grouped", pa.table(columns))
    connection.execute("DELETE FROM raw.duplicate_groups")
    connection.execute("INSERT INTO raw.duplicate_groups BY NAME SELECT * FROM grouped")
    connection.unregister("grouped")
