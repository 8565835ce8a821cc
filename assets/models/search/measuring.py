"""A search model beside the one that is served: the same questions asked of the served index and of one with its vectors."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from assets.index.embedding.base import Embedder
from assets.index.evaluation import average_precision, once_each, paired_test, recall
from assets.index.generation import served
from assets.index.lancedb_store import LanceIndex
from assets.index.retrieval_evaluation import Question, targets
from assets.index.searching import embedder_of, present
from assets.index.store import OPEN, IndexRow, IndexStore, SearchFilter
from assets.index.texts import ChunkTexts
from assets.lineage import schema
from assets.lineage.moments import now
from assets.platform import Platform

DEPTH = 10
CERTAIN = 0.05
"""A difference is taken for chance where the paired test gives it a probability above this."""

_PASSAGES_FOR_A_DOCUMENT = 3
_ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over the questions, at depth 10."""

    recall: float
    map: float


@dataclass(frozen=True, slots=True)
class Beside:
    """Two models on the same `n` questions, and how probable a difference of MAP as large is between two that are alike."""

    n: int
    served: Figures
    candidate: Figures
    probability: float

    @property
    def is_better(self) -> bool:
        return self.candidate.map > self.served.map and self.probability <= CERTAIN


def beside_the_served(platform: Platform, candidate: Embedder, questions: Sequence[Question]) -> Beside:
    """Asks both. Raises NothingServed, ModelMismatch, IndexUnavailable, and ValueError without questions."""
    current = present(platform)
    wanted = [_wanted(platform, question) for question in questions]
    before = platform.indexes.open(current.index_version)
    with tempfile.TemporaryDirectory() as folder:
        index = LanceIndex.create(Path(folder), "candidate", candidate.dimension)
        with platform.catalogue.read() as connection:
            _fill(connection, platform, candidate, index)
        index.optimize()
        ours = _measured(candidate, index, 0, questions, wanted)
        theirs = _measured(embedder_of(platform, current), before, current.generation, questions, wanted)
    return Beside(
        len(questions),
        _means(theirs),
        _means(ours),
        paired_test([each.map for each in theirs], [each.map for each in ours]),
    )


def _fill(connection: Connection, platform: Platform, embedder: Embedder, index: LanceIndex) -> None:
    """Every row that is served now, with vectors of another model, as of generation 0."""
    current = served(connection)
    table = schema.rows
    query = select(table).where(
        table.c.index_version == (current.index_version if current else ""), table.c.to_generation == OPEN
    )
    rows = connection.execute(query).all()
    texts = ChunkTexts(platform.blobs)
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = rows[start : start + _ROWS_AT_ONCE]
        known = {each.chunk_id: each for each in texts.read(connection, [row.chunk_id for row in part])}
        vectors = embedder.embed([known[row.chunk_id].embedded for row in part])
        index.add(
            [
                IndexRow(
                    row_id=row.row_id,
                    chunk_id=row.chunk_id,
                    document_id=row.document_id,
                    source=row.source,
                    kind="",
                    jurisdiction="",
                    title=known[row.chunk_id].title,
                    heading_path=known[row.chunk_id].heading_path,
                    body=known[row.chunk_id].body,
                    vector=vector,
                    valid_from=row.valid_from,
                    valid_to=row.valid_to,
                    from_generation=0,
                )
                for row, vector in zip(part, vectors, strict=True)
            ]
        )


def _wanted(platform: Platform, question: Question) -> set[str]:
    """Chunk ids where the question gives quotes, else document ids; never empty, so that an answer that is gone counts as not
    found."""
    if any(quote for _, quote in question.relevant):
        return {chunk_id for chunk_id in targets(platform, question) if chunk_id} or {"nothing that is served"}
    return {document_id for document_id, _ in question.relevant}


def _measured(
    embedder: Embedder,
    index: IndexStore,
    generation: int,
    questions: Sequence[Question],
    wanted: Sequence[set[str]],
) -> list[Figures]:
    moment = now()
    found = []
    vectors = embedder.embed([question.text for question in questions])
    for question, vector, right in zip(questions, vectors, wanted, strict=True):
        where = SearchFilter(generation, moment if question.as_of is None else question.as_of)
        hits = index.search(question.text, vector, _PASSAGES_FOR_A_DOCUMENT * DEPTH, where)
        by_chunk = any(quote for _, quote in question.relevant)
        ranking = once_each((hit.chunk_id if by_chunk else hit.document_id for hit in hits), DEPTH)
        found.append(Figures(recall(ranking, right, DEPTH), average_precision(ranking, right, DEPTH)))
    return found


def _means(found: Sequence[Figures]) -> Figures:
    count = len(found)
    return Figures(
        round(sum(each.recall for each in found) / count, 4), round(sum(each.map for each in found) / count, 4)
    )
