"""Writes what a refresh has staged into the index, verifies it, serves it in one transaction, and ends what that supersedes."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from assets.documents import intake
from assets.documents.registry import RegisteredSource
from assets.index.applying import apply_files, apply_quarantine, apply_rows, apply_versions
from assets.index.closing import end_superseded
from assets.index.generation import Served, served
from assets.index.physical import PhysicalIndexes
from assets.index.recipe import Recipe
from assets.index.recreating import recreate
from assets.index.rows import row_id
from assets.index.staged import SourceResult, changes_anything, recordable, staged_additions, staged_row_counts
from assets.index.store import IndexRow, IndexStore
from assets.index.texts import ChunkTexts
from assets.index.vectors import VectorStore
from assets.lineage import ledger, schema
from assets.lineage.catalogue import Catalogue
from assets.lineage.locks import Locks
from assets.lineage.moments import now
from assets.storage.blobs import Blobs

_ROWS_A_READ = 2000
_WAIT_SECONDS = 6 * 3600.0

_ROWS_WORTH_HOUSEKEEPING = 500
_GENERATIONS_BETWEEN_HOUSEKEEPING = 16
"""An edit of one section should not wait for files to be merged: that is done after large refreshes, and now and then."""


class IndexMismatch(Exception):
    """The index does not hold what was written to it. Nothing was served; the next refresh writes it again."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a complete scan leaves for the next one."""

    state: str | None
    fingerprint: str | None
    full: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """What serving works with."""

    catalogue: Catalogue
    blobs: Blobs
    locks: Locks
    indexes: PhysicalIndexes
    vectors: VectorStore
    recipe: Recipe
    dimension: int
    judge: Callable[[Served, IndexStore, int], None] = lambda _before, _index, _generation: None
    """Called with the served index and one built beside it before that is served; what it raises keeps the served one."""


def serve(
    parts: Parts,
    sources: Sequence[RegisteredSource],
    results: Sequence[SourceResult],
    looks: dict[str, Look],
    *,
    run_id: str,
    rebuild: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Serves the staged refresh of one source, or of all with `rebuild`, as the next generation; returns the one that is
    served then. Without any change of documents the generation stays and only what was seen of the source is kept.

    New rows are written and counted before the switch, superseded ones get their end after it; a kill at any moment leaves
    rows that nobody sees, which the next call removes or ends. Raises IndexMismatch.
    """
    names = [source.spec.name for source in sources]
    with parts.locks.hold("serve", wait_seconds=_WAIT_SECONDS):
        with parts.catalogue.read() as connection:
            before = served(connection)
            counts = {name: staged_row_counts(connection, name) for name in names}
            changed = rebuild or any(changes_anything(connection, name) for name in names)
            unfinished: list[str] = list(connection.execute(select(schema.unfinished.c.index_version)).scalars())
        _undo(parts, before, unfinished)
        if before is not None and not rebuild:
            _take_back_late_writes(parts, before)
        if before is not None:
            # A kill may have come between the last switch and what is told of it.
            parts.indexes.announce(before.index_version)
        if not changed:
            _commit(parts, sources, results, looks, before, None, None, run_id=run_id, rebuild=False)
            return before.generation if before else 0
        generation = before.generation + 1 if before else 1
        kept = None if rebuild else before
        index_version = kept.index_version if kept else parts.recipe.index_version(generation)
        with parts.catalogue.write() as connection:
            connection.execute(insert(schema.unfinished).values(index_version=index_version, begun_at=now()))
        index = parts.indexes.open(index_version) if kept else parts.indexes.create(index_version, parts.dimension)
        for source in sources:
            _write_rows(parts, index, source, generation, progress)
        additions = sum(added for added, _ in counts.values())
        closings = sum(closed for _, closed in counts.values()) if kept else 0
        _verify_added(parts, index, generation, additions, fresh=kept is None)
        if kept is None:
            # A new index is served with its keyword statistics; an old one goes on with those that it has.
            index.optimize()
            if before is not None:
                parts.judge(before, index, generation)
        parts.blobs.flush()
        _commit(
            parts,
            sources,
            results,
            looks,
            before,
            generation,
            index_version,
            run_id=run_id,
            rebuild=rebuild,
            finished=not closings,
        )
        if closings:
            _end_superseded(parts, index, closings)
        parts.indexes.announce(index_version)
        if rebuild:
            _drop_older(parts, {index_version, before.index_version} if before else {index_version})
    if kept and (
        additions + closings >= _ROWS_WORTH_HOUSEKEEPING or generation % _GENERATIONS_BETWEEN_HOUSEKEEPING == 0
    ):
        index.optimize()
    return generation


def _undo(parts: Parts, before: Served | None, unfinished: Sequence[str]) -> None:
    """Takes back what killed refreshes have written: an index that was never served as a whole, else the rows."""
    for index_version in unfinished:
        if before is not None and index_version == before.index_version:
            if parts.indexes.exists(index_version):
                index = parts.indexes.open(index_version)
                index.sweep(before.generation)
                end_superseded(parts.catalogue, index, before)
        else:
            parts.indexes.drop(index_version)
        with parts.catalogue.write() as connection:
            connection.execute(delete(schema.unfinished).where(schema.unfinished.c.index_version == index_version))


def _take_back_late_writes(parts: Parts, before: Served) -> None:
    """Makes the served index what the catalogue says where it is not. A server may carry out what a refresh asked of it after
    that refresh has lost its locks, even after another one has served what it wrote: no store can refuse a write for that,
    but the catalogue knows every row. Where locks end only with their holder, nothing is under way afterwards.
    """
    if parts.catalogue.embedded:
        return
    index, following = parts.indexes.open(before.index_version), before.generation + 1
    if index.count_added(following) or index.count_closed(following):
        index.sweep(before.generation)
    with parts.catalogue.read() as connection:
        expected = _served_rows(connection)
    if index.count(before.generation) != expected:
        recreate(parts, before, index)


def _drop_older(parts: Parts, kept: set[str]) -> None:
    """Removes the indexes before the last switch; the one that it left may still be read by a search. The catalogue keeps
    their rows and the object store their vectors, so that any of them can be made again."""
    with parts.catalogue.read() as connection:
        versions: list[str] = list(connection.execute(select(schema.index_versions.c.index_version)).scalars())
    for index_version in versions:
        if index_version not in kept:
            parts.indexes.drop(index_version)


def _write_rows(
    parts: Parts, index: IndexStore, source: RegisteredSource, generation: int, progress: Callable[[int], None]
) -> None:
    texts = ChunkTexts(parts.blobs)
    after = 0
    while True:
        with parts.catalogue.read() as connection:
            batch = staged_additions(connection, source.spec.name, after)
            if not batch:
                return
            read = texts.read(connection, sorted({stay.chunk_id for _, stay in batch}))
            chunks = {text.chunk_id: text for text in read}
        after = batch[-1][0]
        vectors = parts.vectors.get([chunk.text_hash for chunk in chunks.values()])
        index.add(
            [
                IndexRow(
                    row_id=row_id(stay, generation),
                    chunk_id=stay.chunk_id,
                    document_id=chunks[stay.chunk_id].document_id,
                    source=source.spec.name,
                    kind=source.spec.kind,
                    jurisdiction=source.spec.jurisdiction or "",
                    title=chunks[stay.chunk_id].title,
                    heading_path=chunks[stay.chunk_id].heading_path,
                    body=chunks[stay.chunk_id].body,
                    vector=vectors[chunks[stay.chunk_id].text_hash],
                    valid_from=stay.valid_from,
                    valid_to=stay.valid_to,
                    from_generation=generation,
                )
                for _, stay in batch
            ]
        )
        progress(len(batch))


def _verify_added(parts: Parts, index: IndexStore, generation: int, additions: int, *, fresh: bool) -> None:
    """Before the switch: what it will serve is there, beside what it will supersede."""
    with parts.catalogue.read() as connection:
        before = 0 if fresh else _served_rows(connection)
    found, expected = (index.count_added(generation), index.count(generation)), (additions, before + additions)
    if found != expected:
        raise IndexMismatch(
            f"the index holds {found[0]} new rows of {found[1]} where {expected[0]} of {expected[1]} were expected; nothing"
            " was served. Run hrdp verify to see what is missing"
        )


def _end_superseded(parts: Parts, index: IndexStore, closings: int) -> None:
    """After the switch: what it has superseded gets its end. The mark of an unfinished refresh stays until then."""
    with parts.catalogue.read() as connection:
        current, rows = served(connection), _served_rows(connection)
    assert current is not None
    end_superseded(parts.catalogue, index, current)
    found, expected = (index.count_closed(current.generation), index.count(current.generation)), (closings, rows)
    if found != expected:
        raise IndexMismatch(
            f"the index holds {found[0]} ended and {found[1]} served rows where {expected[0]} and {expected[1]} were"
            " expected; searches leave out what has ended. Run the refresh again, which ends the others"
        )
    with parts.catalogue.write() as connection:
        connection.execute(delete(schema.unfinished))


def _served_rows(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.sum(schema.sources.c.rows), 0))).scalar_one())


def _commit(
    parts: Parts,
    sources: Sequence[RegisteredSource],
    results: Sequence[SourceResult],
    looks: dict[str, Look],
    before: Served | None,
    generation: int | None,
    index_version: str | None,
    *,
    run_id: str,
    rebuild: bool,
    finished: bool = True,
) -> None:
    """The switch. With no generation, nothing that is served changes. It is not `finished` where rows are to be ended yet."""
    at = now()
    with parts.catalogue.write() as connection:
        if generation is not None and index_version is not None:
            summary = {result.source: recordable(result) for result in results}
            if finished:
                connection.execute(delete(schema.unfinished))
            _record_generation(
                connection, parts, before, generation, index_version, sources, run_id, at, summary, rebuild
            )
        for source, result in zip(sources, results, strict=True):
            name = source.spec.name
            additions, closings = staged_row_counts(connection, name)
            if generation is not None and index_version is not None:
                apply_versions(connection, name, generation)
                apply_rows(connection, name, generation, index_version, rebuild=rebuild)
            apply_files(connection, name)
            apply_quarantine(connection, name, at)
            values: dict[str, object] = {
                "documents": source.documents + result.documents.added - result.documents.removed,
                "rows": additions if rebuild else source.rows + additions - closings,
            }
            if name in looks:
                look = looks[name]
                values |= {"state": look.state, "fingerprint": look.fingerprint, "refreshed_at": at}
                if look.full:
                    values["full_look_at"] = at
            elif rebuild:
                # What could not be parsed before may be parsed now: the next look reads everything.
                values["full_look_at"] = None
            connection.execute(update(schema.sources).where(schema.sources.c.name == name).values(values))
            connection.execute(
                insert(schema.refreshes).values(
                    run_id=run_id,
                    source=name,
                    generation=generation or (before.generation if before else 0),
                    at=at,
                    result=json.dumps(recordable(result), sort_keys=True),
                )
            )
            intake.clear(connection, name)


def _record_generation(
    connection: Connection,
    parts: Parts,
    before: Served | None,
    generation: int,
    index_version: str,
    sources: Sequence[RegisteredSource],
    run_id: str,
    at: int,
    summary: dict[str, dict[str, object]],
    rebuild: bool,
) -> None:
    table = schema.index_versions
    if before is None or before.index_version != index_version:
        connection.execute(
            insert(table).values(
                index_version=index_version,
                recipe=parts.recipe.dump(),
                model=parts.recipe.model,
                dimension=parts.dimension,
                created_at=at,
            )
        )
    connection.execute(
        insert(schema.generations).values(
            generation=generation,
            index_version=index_version,
            source=None if rebuild else sources[0].spec.name,
            run_id=run_id,
            recorded_at=at,
            summary=json.dumps(summary, sort_keys=True),
        )
    )
    if before is None:
        connection.execute(insert(schema.served).values(only=1, generation=generation, index_version=index_version))
    else:
        connection.execute(update(schema.served).values(generation=generation, index_version=index_version))
    ledger.append(
        connection,
        "index.rebuilt" if rebuild else "index.refreshed",
        f"generation/{generation}",
        {
            "index_version": index_version,
            "run_id": run_id,
            "sources": summary,
            "recipe": json.loads(parts.recipe.dump()),
        },
    )
