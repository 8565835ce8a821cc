"""Searching a Weaviate collection: candidates from its keyword and vector indexes, scored and fused here.

The server's own hybrid search is not asked: its keyword scores count every generation as the collection and know no pairs of
terms. Candidates are scored as the embedded index scores them, so that both give the same ranking.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.index import weaviate_filters as filters
from assets.index import weaviate_schema as layout
from assets.index.fusion import DENSE_WEIGHT, at_least_the_kth, fuse
from assets.index.keywords import Statistics, keyword_scores
from assets.index.store import Hit, SearchFilter

CANDIDATES = 100
"""How many rows each side proposes at least; all of them are scored on both sides."""


def search(
    collection: Any,
    beside: Executor,
    query: Sequence[str],
    vector: NDArray[np.float32],
    k: int,
    where: SearchFilter,
    statistics: Statistics,
) -> list[Hit]:
    """The `k` best rows for a question's terms and its vector (float32). The vector index is asked `beside` the keyword index."""
    wanted, condition = max(CANDIDATES, k), filters.visible(where)
    asked = beside.submit(_nearest, collection, vector.tolist(), wanted, condition)
    try:
        texts = _by_keyword(collection, query, wanted, condition) if query else {}
    finally:
        nearest = asked.result()
    texts |= {row: text for row, (_, text) in nearest.items()}
    rows = list(texts)
    if not rows:
        return []
    keyword = keyword_scores(query, list(texts.values()), statistics)
    cosines = np.array([nearest[row][0] if row in nearest else np.nan for row in rows])
    # A row that the vector index did not propose is no nearer than the last one that it did.
    bound = max(min(cosine for cosine, _ in nearest.values()), 0.0) if len(nearest) == wanted else 1.0
    found = _read(collection, [rows[position] for position in contenders(keyword, cosines, bound, k)])
    for position, row in enumerate(rows):
        if np.isnan(cosines[position]):
            cosines[position] = layout.vector_of(found[row]) @ vector if row in found else 0.0
    scores = dict(zip(rows, fuse(keyword, cosines, DENSE_WEIGHT), strict=True))
    hits = [layout.hit(each, float(scores[row])) for row, each in found.items()]
    return sorted(hits, key=lambda hit: (-hit.score, hit.row_id))[:k]


def contenders(keyword: NDArray[np.float64], cosines: NDArray[np.float64], bound: float, k: int) -> list[int]:
    """The positions of candidates that may be among the `k` best, so that only these are read. A cosine that is not known is
    NaN, and at most `bound`."""
    unknown = np.isnan(cosines)
    least = fuse(keyword, np.where(unknown, 0.0, cosines), DENSE_WEIGHT)
    if not unknown.any():
        return at_least_the_kth(least, k)
    if bound > np.nanmax(cosines, initial=0.0):
        # Even the scale of that side is open.
        return sorted({*at_least_the_kth(least, k), *np.flatnonzero(unknown).tolist()})
    most = fuse(keyword, np.where(unknown, bound, cosines), DENSE_WEIGHT)
    kth = np.partition(least, -k)[-k] if len(least) > k else 0.0
    return [int(position) for position in np.flatnonzero(most >= kth)]


def _by_keyword(collection: Any, query: Sequence[str], wanted: int, condition: Any) -> dict[Any, str]:
    """Stored terms by object id."""
    found = collection.query.bm25(
        " ".join(query), query_properties=["terms"], limit=wanted, filters=condition, return_properties=["terms"]
    )
    return {each.uuid: each.properties["terms"] for each in found.objects}


def _nearest(
    collection: Any, question: Sequence[float], wanted: int, condition: Any
) -> Mapping[Any, tuple[float, str]]:
    """Cosines and stored terms by object id."""
    from weaviate.classes.query import MetadataQuery

    found = collection.query.near_vector(
        question,
        limit=wanted,
        filters=condition,
        return_properties=["terms"],
        return_metadata=MetadataQuery(distance=True),
    )
    return {each.uuid: (-each.metadata.distance, each.properties["terms"]) for each in found.objects}


def _read(collection: Any, rows: Sequence[Any]) -> dict[Any, Any]:
    """What a hit shows and the vector, by object id; without those that have been removed meanwhile."""
    from weaviate.classes.query import Filter

    found = collection.query.fetch_objects(
        filters=Filter.by_id().contains_any(list(rows)),
        limit=len(rows),
        return_properties=list(layout.HIT),
        include_vector=True,
    )
    return {each.uuid: each for each in found.objects}
