"""Measures hybrid search in the embedded index, beside a plain LanceDB hybrid query over the same table in the same run.

    python tests/benchmarks/search.py [ROWS]

Prints one JSON object: times in milliseconds, memory in MiB. Passages and questions are ObliQA's, from `../shared/data`
(override: HRDP_SHARED_DATA); vectors are drawn at random, since their values change no time.
"""

import gzip
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from assets.index import lancedb_table as layout
from assets.index.lancedb_store import LanceIndex
from assets.index.store import BEGINNING, OPEN, IndexRow, SearchFilter
from assets.index.terms import terms

DIMENSION = 384
SEARCHES = 300
WHERE = SearchFilter(generation=3, moment=1_000, kind="regulation", jurisdiction="DC")


def main(rows: int) -> dict[str, Any]:
    generator = np.random.default_rng(1)
    passages = [text for record in _records("obliqa_passages") if (text := record["text"].strip())]
    asked = [record["question"] for record in islice(_records("obliqa_dev_questions"), SEARCHES)]
    questions = list(zip(asked, _vectors(generator, SEARCHES), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        store = LanceIndex.create(Path(folder), "benchmark", DIMENSION)
        writing = _milliseconds(lambda: _fill(store, list(islice(cycle(passages), rows)), generator))
        optimizing = _milliseconds(store.optimize)
        before = _memory()
        opened: list[LanceIndex] = []
        first = _milliseconds(lambda: opened.append(LanceIndex.open(Path(folder), "benchmark")))
        first += _milliseconds(lambda: opened[0].search(questions[0][0], questions[0][1], 10, WHERE))
        held = _memory() - before
        table = _table(Path(folder))
        ours, plain, processor = [], [], 0.0
        for question, vector in questions:
            # In turn, so that whatever else the machine does weighs on both alike.
            started = time.process_time()
            ours.append(_milliseconds(lambda: opened[0].search(question, vector, 10, WHERE)))  # noqa: B023
            processor += time.process_time() - started
            plain.append(_milliseconds(lambda: _plain(table, question, vector)))  # noqa: B023
        changed = [next(store.rows()).row_id]
        store.close(changed, 9)
        after_change = _milliseconds(lambda: opened[0].search(*questions[0], 10, WHERE))
    return {
        "rows": rows,
        "searches": SEARCHES,
        "write_all": round(writing),
        "optimize": round(optimizing),
        "open_and_first_search": round(first, 1),
        "first_search_after_a_change": round(after_change, 1),
        "search": _percentiles(ours) | {"processor": round(processor / SEARCHES * 1_000, 1)},
        "plain_lancedb_hybrid": _percentiles(plain),
        "memory_of_searching": round(held, 1),
    }


def _records(name: str) -> Iterator[dict[str, str]]:
    shared = Path(os.environ.get("HRDP_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")
    with gzip.open(shared / "retrieval" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _vectors(generator: np.random.Generator, count: int) -> NDArray[np.float32]:
    drawn = generator.normal(size=(count, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _fill(store: LanceIndex, bodies: list[str], generator: np.random.Generator) -> None:
    for start in range(0, len(bodies), 2_000):
        batch = bodies[start : start + 2_000]
        store.add(
            [
                IndexRow(
                    row_id=f"{start + place:036d}",
                    chunk_id=f"{start + place:036d}",
                    document_id=f"code/{start + place}.xml",
                    source="code",
                    kind="regulation" if place % 4 else "handbook",
                    jurisdiction="DC",
                    title="Labor",
                    heading_path=("Title 32",),
                    body=body,
                    vector=vector,
                    valid_from=BEGINNING,
                    valid_to=OPEN if place % 10 else 500,
                    from_generation=1 + place % 3,
                )
                for place, (body, vector) in enumerate(zip(batch, _vectors(generator, len(batch)), strict=True))
            ]
        )


def _table(folder: Path) -> Any:
    import lancedb

    return lancedb.connect(folder).open_table("benchmark")


def _plain(table: Any, question: str, vector: NDArray[np.float32]) -> Any:
    search = table.search(query_type="hybrid", vector_column_name="vector", fts_columns="terms")
    search = search.vector(vector).text(" ".join(terms(question))).where(layout.visible(WHERE))
    return search.select(list(layout.HIT)).limit(10).to_arrow().to_pylist()


def _milliseconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1_000


def _percentiles(times: list[float]) -> dict[str, float]:
    return {"p50": round(float(np.percentile(times, 50)), 1), "p95": round(float(np.percentile(times, 95)), 1)}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 14_000), indent=2))
