"""Stages what a look at a source found: the first step of a refresh. Nothing of it is seen before it is served."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, delete, insert, literal, select

from assets.documents import structure
from assets.documents.changes import DocumentChange
from assets.lineage import schema
from assets.lineage.catalogue import Catalogue
from assets.lineage.moments import OPEN
from assets.storage.blobs import Blobs
from assets.storage.concurrency import at_once

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Documents by what became of them; `renamed` counts pairs that are among the added and the removed too."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    renamed: int = 0
    quarantined: int = 0


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items, streamed."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def clear(connection: Connection, source_name: str) -> None:
    """Forgets what an earlier, unfinished refresh of a source has staged."""
    for table in schema.STAGED:
        connection.execute(delete(table).where(table.c.source == source_name))


def stage(
    catalogue: Catalogue,
    blobs: Blobs,
    source_name: str,
    changes: Iterable[DocumentChange],
    *,
    at: int,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Writes changes to the staging tables in batches; `progress` hears of the documents done so far."""
    done = 0
    for batch in in_batches(changes, 256):
        for _ in at_once(blobs.put, _contents(batch)):
            pass
        with catalogue.write() as connection:
            _stage_batch(connection, source_name, batch, at)
        done += len(batch)
        progress(done)


def _contents(batch: Iterable[DocumentChange]) -> Iterator[bytes]:
    """What is kept of the documents of some changes: their texts and their structures."""
    for change in batch:
        for document in change.parsed.values():
            yield document.text.encode()
            yield structure.dump(document)


def stage_settled(connection: Connection, source_name: str) -> None:
    """Stages as looked at what is in quarantine because it could not be read, and of which a complete scan now said nothing:
    it is gone, or is again as it was."""
    standing, documents = schema.quarantine, schema.staged_documents
    told = (
        select(documents.c.document_id)
        .where(documents.c.source == source_name, documents.c.document_id == standing.c.document_id)
        .exists()
    )
    settled = (
        select(standing.c.source, standing.c.document_id, literal("unchanged"), literal(0), literal(0))
        .where(standing.c.source == source_name, standing.c.stage == "read", standing.c.resolved_at == OPEN, ~told)
        .distinct()
    )
    columns = ["source", "document_id", "outcome", "chunks_added", "chunks_closed"]
    connection.execute(insert(documents).from_select(columns, settled))


def count(outcomes: Iterable[tuple[str, str | None]], quarantined: int, present_before: int) -> DocumentCounts:
    """Counts documents from (outcome, hash of the latest bytes) of each. A removed document whose bytes an added one holds
    was renamed."""
    by_outcome: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    come: Counter[str] = Counter()
    for outcome, raw in outcomes:
        by_outcome[outcome] += 1
        if raw is not None and outcome in ("removed", "added"):
            (gone if outcome == "removed" else come)[raw] += 1
    return DocumentCounts(
        added=by_outcome["added"],
        changed=by_outcome["changed"],
        removed=by_outcome["removed"],
        unchanged=max(0, present_before - by_outcome["changed"] - by_outcome["removed"]),
        renamed=(gone & come).total(),
        quarantined=quarantined,
    )


def staged_counts(connection: Connection, source_name: str, present_before: int) -> DocumentCounts:
    """The documents of a staged refresh by what became of them."""
    documents, problems = schema.staged_documents, schema.staged_quarantine
    staged = connection.execution_options(yield_per=5000).execute(
        select(documents.c.outcome, documents.c.raw).where(
            documents.c.source == source_name, documents.c.outcome != "unchanged"
        )
    )
    gone: set[str | None] = set(
        connection.execute(
            select(documents.c.raw).where(documents.c.source == source_name, documents.c.outcome == "removed")
        ).scalars()
    )
    quarantined = connection.execute(
        select(problems.c.document_id).where(problems.c.source == source_name).distinct()
    ).all()
    # Only bytes that went away can have come back elsewhere: a first refresh need not remember a hash a document.
    outcomes = ((row.outcome, row.raw if row.raw in gone else None) for row in staged)
    return count(outcomes, len(quarantined), present_before)


def _stage_batch(connection: Connection, source_name: str, batch: Sequence[DocumentChange], at: int) -> None:
    documents, versions, files, problems = [], [], [], []
    for change in batch:
        documents.append(
            {"source": source_name, "document_id": change.document_id, "outcome": change.outcome, "raw": change.raw}
        )
        if change.gone or change.fingerprint is not None:
            files.append(
                {"source": source_name, "path": change.path, "fingerprint": change.fingerprint, "raw": change.raw}
            )
        problems += [
            {"source": source_name, "document_id": change.document_id, **asdict(problem)} for problem in change.problems
        ]
        if change.outcome in ("unchanged", "quarantined"):
            continue
        versions += [
            {
                "source": source_name,
                "document_id": change.document_id,
                "version": entry.version,
                "valid_from": entry.valid_from,
                "valid_to": entry.valid_to,
                "recorded_at": at,
                "title": entry.title,
                "title_stated": entry.title_stated,
                "uri": entry.uri,
                "media_type": entry.media_type,
                "raw": entry.raw,
                "structure": entry.structure,
                "fingerprint": entry.fingerprint,
                "kept_key": entry.key,
            }
            for entry in change.wanted
        ]
    for table, rows in (
        (schema.staged_documents, documents),
        (schema.staged_versions, versions),
        (schema.staged_files, files),
        (schema.staged_quarantine, _distinct(problems)),
    ):
        if rows:
            connection.execute(insert(table), rows)


def _distinct(problems: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    """One row a document and reason: a history can hold many revisions that fail alike."""
    return list({(row["document_id"], row["reason"]): row for row in problems}.values())
