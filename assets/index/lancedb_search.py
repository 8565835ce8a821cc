"""Searching one version of a LanceDB table: candidates from the engine and from memory, scored and fused here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.index import lancedb_table as layout
from assets.index.fusion import at_least_the_kth, fuse
from assets.index.keywords import Statistics, keyword_scores
from assets.index.resident import Fixed, Ids, Resident, Spans
from assets.index.store import Hit, SearchFilter

CANDIDATES = 100
"""How many rows each side proposes at least; all of them are scored on both sides."""
PROBES = 40
"""How many partitions of the vector index are searched."""
REFINED = 4
"""How many times the wanted rows are compared by their exact vectors."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a table, as a search sees it. `table` stays on it; `resident` is None where it is too large."""

    number: int
    table: Any
    statistics: Statistics
    resident: Resident | None


def loaded(table: Any, before: Resident) -> Resident:
    """The version that `table` is on, in memory; what `before` holds of it is not read again."""
    scanned = table.search().select(list(layout.SPANS)).with_row_id(True).limit(None).to_arrow()
    ids = np.asarray(scanned["_rowid"], np.uint64)
    order = np.argsort(ids)
    spans = Spans(ids[order], *(np.asarray(scanned[name], np.int64)[order] for name in layout.SPANS))

    def load(wanted: Ids) -> Fixed:
        texts = ("terms", "kind", "jurisdiction", "source")
        found = table.take_row_ids(wanted.tolist()).select(["vector", *texts]).with_row_id().to_arrow()
        if not np.array_equal(np.asarray(found["_rowid"], np.uint64), wanted):
            raise RuntimeError("rows went missing between two reads of one version")
        return Fixed(layout.vectors_of(found["vector"].combine_chunks()), *(found[name].to_pylist() for name in texts))

    return before.moved_to(spans, load)


def search(
    version: Version, query: Sequence[str], vector: NDArray[np.float32], k: int, where: SearchFilter
) -> list[Hit]:
    """The `k` best rows for a question's terms and its vector (float32, contiguous)."""
    wanted = max(CANDIDATES, k)
    if version.resident:
        resident, rows = version.resident, version.resident.visible(where)
        every = resident.keyword_scores(query, version.statistics)
        ids = np.union1d(resident.best_by_keyword(every, wanted, rows), resident.nearest(vector, wanted, rows))
        cosines, keyword = resident.cosines(ids, vector), resident.scores_of(ids, every)
    else:
        condition = layout.visible(where)
        by_keyword = _by_keyword(version.table, query, wanted, condition) if query else np.empty(0, np.uint64)
        ids = np.union1d(by_keyword, _by_vector(version.table, vector, wanted, condition))
        cosines, texts = _read(version.table, ids, vector)
        keyword = keyword_scores(query, texts, version.statistics)
    if not len(ids):
        return []
    scores = fuse(keyword, cosines)
    chosen = {int(ids[position]): float(scores[position]) for position in at_least_the_kth(scores, k)}
    table = version.table.take_row_ids(list(chosen)).select(list(layout.HIT)).with_row_id().to_arrow()
    return layout.hits(table, chosen)[:k]


def _by_keyword(table: Any, query: Sequence[str], wanted: int, condition: str) -> Ids:
    from lancedb.query import MatchQuery

    match = MatchQuery(" ".join(query), "terms")  # type: ignore[call-arg]
    found = table.search(match, query_type="fts").where(condition, prefilter=True).limit(wanted)
    return np.asarray(found.select(["_score"]).with_row_id(True).to_arrow()["_rowid"], np.uint64)


def _by_vector(table: Any, vector: NDArray[np.float32], wanted: int, condition: str) -> Ids:
    near = table.search(vector, vector_column_name="vector").distance_type("dot").where(condition, prefilter=True)
    found = near.nprobes(PROBES).refine_factor(REFINED).limit(wanted).select(["_distance"]).with_row_id(True)
    return np.asarray(found.to_arrow()["_rowid"], np.uint64)


def _read(table: Any, ids: Ids, vector: NDArray[np.float32]) -> tuple[NDArray[np.float64], list[str]]:
    """The cosines and the terms of rows, in the order of `ids`, which ascends."""
    if not len(ids):
        return np.empty(0), []
    found = table.take_row_ids(ids.tolist()).select(["vector", "terms"]).with_row_id().to_arrow()
    if not np.array_equal(np.asarray(found["_rowid"], np.uint64), ids):
        raise RuntimeError("rows went missing between two reads of one version")
    cosines: NDArray[np.float64] = (layout.vectors_of(found["vector"].combine_chunks()) @ vector).astype(np.float64)
    return cosines, found["terms"].to_pylist()
