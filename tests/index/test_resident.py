"""Vectors and terms in memory, carried from version to version."""

import random

import numpy as np

from assets.index.keywords import collect, keyword_scores
from assets.index.resident import Fixed, Ids, Resident, Spans
from assets.index.store import SearchFilter

GENERATOR = np.random.default_rng(2)


def spans_of(rows: dict[int, tuple[int, int]]) -> Spans:
    ids = np.array(sorted(rows), np.uint64)
    starts, ends = (np.array([rows[int(name)][side] for name in ids], np.int64) for side in (0, 1))
    return Spans(ids, np.zeros(len(ids), np.int64), np.full(len(ids), 100, np.int64), starts, ends)


def text_of(name: int) -> str:
    """No terms for some rows, repeated ones and pairs for others."""
    return " ".join(f"t{(name + place * name) % 7}" for place in range(name % 9))


def test_any_sequence_of_versions_is_searched_exactly_and_loads_only_what_is_new() -> None:
    chance = random.Random(6)
    vectors: dict[int, np.ndarray] = {}
    loaded: list[int] = []

    def load(ids: Ids) -> Fixed:
        names = ids.tolist()
        loaded.extend(names)
        kinds = ["handbook" if name % 3 else "regulation" for name in names]
        return Fixed(
            np.stack([vectors[name] for name in names]),
            [text_of(name) for name in names],
            kinds,
            [""] * len(names),
            ["s"] * len(names),
        )

    statistics = collect(text_of(name) for name in range(300))
    rows: dict[int, tuple[int, int]] = {}
    resident, earlier = Resident.empty(6), []
    for _ in range(60):
        new = [max(rows, default=0) + 1 + number for number in range(chance.choice((0, 1, 1, 40)))]
        for name in new:
            vectors[name] = GENERATOR.normal(size=6).astype(np.float32)
            rows[name] = (chance.randrange(3), chance.randrange(3, 6))
        gone = [name for name in rows if name not in new and chance.random() < chance.choice((0, 0.02, 0.6))]
        rows = {name: span for name, span in rows.items() if name not in gone}
        loaded.clear()
        resident = resident.moved_to(spans_of(rows), load)
        assert loaded == new
        assert len(resident.vectors) <= max(2 * len(rows), 1)
        earlier.append((resident, dict(rows)))
    for version, held in earlier:
        where = SearchFilter(chance.randrange(6), 50, kind=chance.choice((None, "handbook")))
        query = GENERATOR.normal(size=6).astype(np.float32)
        allowed = [
            name
            for name, (start, end) in held.items()
            if start <= where.generation < end and (where.kind is None or name % 3)
        ]
        exact = sorted(allowed, key=lambda name: -float(vectors[name] @ query))[:5]
        seen = version.visible(where)
        nearest = version.nearest(query, 5, seen)
        assert set(nearest.tolist()) == set(exact)
        words = [f"t{name % 7}" for name in chance.sample(range(7), 2)]
        texts = [text_of(int(name)) for name in version.spans.ids]
        expected = keyword_scores(words, texts, statistics)
        scores = version.keyword_scores(words, statistics)
        assert np.allclose(version.scores_of(version.spans.ids, scores), expected)
        found = {int(version.spans.ids[row]): expected[row] for row in seen if expected[row] > 0}
        best = version.best_by_keyword(scores, 5, seen).tolist()
        assert len(best) == min(5, len(found))
        assert min((found[name] for name in best), default=0) >= max(
            (score for name, score in found.items() if name not in best), default=0
        )
        assert np.allclose(version.cosines(nearest, query), [vectors[int(name)] @ query for name in nearest], atol=1e-5)


def test_what_changes_in_place_is_seen_without_loading_again() -> None:
    def load(ids: Ids) -> Fixed:
        names = [""] * len(ids)
        return Fixed(np.eye(4, dtype=np.float32)[: len(ids)], names, names, names, names)

    def never(_: Ids) -> Fixed:
        raise AssertionError

    first = Resident.empty(4).moved_to(spans_of({1: (0, 9), 2: (0, 9)}), load)
    second = first.moved_to(spans_of({1: (0, 5), 2: (0, 9)}), never)
    query = np.ones(4, np.float32)

    def seen(version: Resident, where: SearchFilter) -> set[int]:
        return set(version.nearest(query, 5, version.visible(where)).tolist())

    assert seen(first, SearchFilter(6, 50)) == {1, 2}
    assert seen(second, SearchFilter(6, 50)) == {2}
    assert seen(second, SearchFilter(6, 50, kind="unknown")) == set()
