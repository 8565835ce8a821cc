"""Writes what a refresh has staged into the index, verifies it, and serves it: the last step, in one transaction."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from assets.documents import intake
from assets.documents.registry import RegisteredSource
from assets.index.generation import Served, served
from assets.index.physical import PhysicalIndexes
from assets.index.recipe import Recipe
from assets.index.rows import Stay, row_id
from assets.index.store import IndexRow, IndexStore
from assets.index.texts import ChunkTexts
from assets.index.vectors import VectorStore
from assets.lineage import ledger, schema
from assets.lineage.catalogue import Catalogue
from assets.lineage.locks import Locks
from assets.lineage.moments import OPEN, now
from assets.storage.blobs import Blobs

_ROWS_A_WRITE = 2000
_WAIT_SECONDS = 6 * 3600.0


class IndexMismatch(Exception):
    """The index does not hold what was written to it. Nothing was served; the next refresh writes it again."""


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What a refresh did to one source; `rows` counts index rows, `seconds` the work from the look to the switch."""

    source: str
    documents: intake.DocumentCounts
    chunks_added: int
    chunks_kept: int
    chunks_closed: int
    embedded: int


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


def recorded_result(connection: Connection, run_id: str, source_name: str) -> SourceResult:
    """What a refresh that ended well recorded of itself."""
    table = schema.refreshes
    text: str = connection.execute(
        select(table.c.result).where(table.c.run_id == run_id, table.c.source == source_name)
    ).scalar_one()
    values = json.loads(text)
    values["documents"] = intake.DocumentCounts(**values["documents"])
    return SourceResult(source=source_name, **values)


def staged_result(connection: Connection, source: RegisteredSource, embedded: int) -> SourceResult:
    """The counts of a staged refresh of one source."""
    table = schema.staged_documents
    added, closed = connection.execute(
        select(
            func.coalesce(func.sum(table.c.chunks_added), 0), func.coalesce(func.sum(table.c.chunks_closed), 0)
        ).where(table.c.source == source.spec.name)
    ).one()
    _, row_closings = _staged_row_counts(connection, source.spec.name)
    return SourceResult(
        source=source.spec.name,
        documents=intake.staged_counts(connection, source.spec.name, source.documents),
        chunks_added=int(added),
        chunks_kept=source.rows - row_closings,
        chunks_closed=int(closed),
        embedded=embedded,
    )


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

    New rows are written and counted before the switch; a kill at any moment leaves rows that nobody sees, which the next
    call removes. Raises IndexMismatch.
    """
    names = [source.spec.name for source in sources]
    with parts.locks.hold("serve", wait_seconds=_WAIT_SECONDS):
        with parts.catalogue.read() as connection:
            before = served(connection)
            counts = {name: _staged_row_counts(connection, name) for name in names}
            changed = rebuild or any(_changes_anything(connection, name) for name in names)
            unfinished: list[str] = list(connection.execute(select(schema.unfinished.c.index_version)).scalars())
        _undo(parts, before, unfinished)
        if not changed:
            _commit(parts, sources, results, looks, before, None, None, run_id=run_id, rebuild=False)
            return before.generation if before else 0
        generation = before.generation + 1 if before else 1
        if before is None or rebuild:
            index_version = parts.recipe.index_version(generation)
        else:
            index_version = before.index_version
        with parts.catalogue.write() as connection:
            connection.execute(insert(schema.unfinished).values(index_version=index_version, begun_at=now()))
        if before is None or rebuild:
            index = parts.indexes.create(index_version, parts.dimension)
        else:
            index = parts.indexes.open(index_version)
        for source in sources:
            _write_rows(parts, index, source, generation, progress)
            if not rebuild:
                _close_rows(parts, index, source.spec.name, generation)
        _verify(parts, index, generation, counts, rebuild=rebuild or before is None)
        parts.blobs.flush()
        _commit(parts, sources, results, looks, before, generation, index_version, run_id=run_id, rebuild=rebuild)
    index.optimize()
    return generation


def _undo(parts: Parts, before: Served | None, unfinished: Sequence[str]) -> None:
    """Takes back what killed refreshes have written: an index that was never served as a whole, else the rows."""
    for index_version in unfinished:
        if before is not None and index_version == before.index_version:
            parts.indexes.open(index_version).sweep(before.generation)
        else:
            parts.indexes.drop(index_version)
        with parts.catalogue.write() as connection:
            connection.execute(delete(schema.unfinished).where(schema.unfinished.c.index_version == index_version))


def _staged_row_counts(connection: Connection, source_name: str) -> tuple[int, int]:
    """Staged rows to add and to close."""
    table = schema.staged_rows
    total, closings = connection.execute(
        select(func.count(), func.count(table.c.closes)).where(table.c.source == source_name)
    ).one()
    return total - closings, closings


def _changes_anything(connection: Connection, source_name: str) -> bool:
    table = schema.staged_documents
    return (
        connection.execute(
            select(table.c.document_id)
            .where(table.c.source == source_name, table.c.outcome.not_in(("unchanged", "quarantined")))
            .limit(1)
        ).first()
        is not None
    )


def _staged_additions(connection: Connection, source_name: str, after: int) -> list[tuple[int, Stay]]:
    table = schema.staged_rows
    query = (
        select(table.c.staged_key, table.c.chunk_id, table.c.valid_from, table.c.valid_to)
        .where(table.c.source == source_name, table.c.closes.is_(None), table.c.staged_key > after)
        .order_by(table.c.staged_key)
        .limit(_ROWS_A_WRITE)
    )
    return [
        (row.staged_key, Stay(row.chunk_id, row.valid_from, row.valid_to)) for row in connection.execute(query).all()
    ]


def _write_rows(
    parts: Parts, index: IndexStore, source: RegisteredSource, generation: int, progress: Callable[[int], None]
) -> None:
    texts = ChunkTexts(parts.blobs)
    after = 0
    while True:
        with parts.catalogue.read() as connection:
            batch = _staged_additions(connection, source.spec.name, after)
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


def _close_rows(parts: Parts, index: IndexStore, source_name: str, generation: int) -> None:
    table = schema.staged_rows
    with parts.catalogue.read() as connection:
        query = select(table.c.closes).where(table.c.source == source_name, table.c.closes.is_not(None))
        closings: list[str] = list(connection.execute(query).scalars())
    if closings:
        index.close(closings, generation)


def _verify(
    parts: Parts, index: IndexStore, generation: int, counts: dict[str, tuple[int, int]], *, rebuild: bool
) -> None:
    added = sum(additions for additions, _ in counts.values())
    closed = 0 if rebuild else sum(closings for _, closings in counts.values())
    with parts.catalogue.read() as connection:
        before = (
            0 if rebuild else connection.execute(select(func.coalesce(func.sum(schema.sources.c.rows), 0))).scalar_one()
        )
    found = (index.count_added(generation), index.count_closed(generation), index.count(generation))
    expected = (added, closed, before + added - closed)
    if found != expected:
        raise IndexMismatch(
            f"the index holds {found[0]} new, {found[1]} closed and {found[2]} served rows where {expected[0]},"
            f" {expected[1]} and {expected[2]} were expected; nothing was served. Run hrdp verify to see what is missing"
        )


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
) -> None:
    """The switch. With no generation, nothing that is served changes."""
    at = now()
    with parts.catalogue.write() as connection:
        if generation is not None and index_version is not None:
            summary = {result.source: _without_name(result) for result in results}
            connection.execute(delete(schema.unfinished))
            _record_generation(
                connection, parts, before, generation, index_version, sources, run_id, at, summary, rebuild
            )
        for source, result in zip(sources, results, strict=True):
            name = source.spec.name
            additions, closings = _staged_row_counts(connection, name)
            if generation is not None and index_version is not None:
                _apply_versions(connection, name, generation)
                _apply_rows(connection, name, generation, index_version, rebuild=rebuild)
            _apply_files(connection, name)
            _apply_quarantine(connection, name, at)
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
                    result=json.dumps(_without_name(result), sort_keys=True),
                )
            )
            intake.clear(connection, name)


def _without_name(result: SourceResult) -> dict[str, object]:
    values = asdict(result)
    del values["source"]
    return values


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


def _apply_versions(connection: Connection, source_name: str, generation: int) -> None:
    versions, staged, documents = schema.versions, schema.staged_versions, schema.staged_documents
    touched = select(documents.c.document_id).where(
        documents.c.source == source_name, documents.c.outcome.not_in(("unchanged", "quarantined"))
    )
    kept = select(staged.c.kept_key).where(staged.c.source == source_name, staged.c.kept_key.is_not(None))
    connection.execute(
        update(versions)
        .where(
            versions.c.source == source_name,
            versions.c.to_generation == OPEN,
            versions.c.document_id.in_(touched),
            versions.c.version_key.not_in(kept),
        )
        .values(to_generation=generation)
    )
    copied = (
        "source", "document_id", "version", "valid_from", "valid_to", "recorded_at", "title", "title_stated", "uri", "media_type", "raw",
        "structure", "fingerprint", "layout_id",
    )  # fmt: skip
    connection.execute(
        insert(versions).from_select(
            [*copied, "from_generation", "to_generation"],
            select(*(staged.c[name] for name in copied), _literal(generation), _literal(OPEN)).where(
                staged.c.source == source_name, staged.c.kept_key.is_(None)
            ),
        )
    )


def _apply_rows(
    connection: Connection, source_name: str, generation: int, index_version: str, *, rebuild: bool
) -> None:
    rows, staged = schema.rows, schema.staged_rows
    closing = update(rows).where(rows.c.to_generation == OPEN).values(to_generation=generation)
    if rebuild:
        connection.execute(closing.where(rows.c.source == source_name))
    else:
        closings = select(staged.c.closes).where(staged.c.source == source_name, staged.c.closes.is_not(None))
        connection.execute(closing.where(rows.c.row_id.in_(closings)))
    after = 0
    while batch := _staged_additions(connection, source_name, after):
        after = batch[-1][0]
        documents = _documents_of(connection, [stay.chunk_id for _, stay in batch])
        connection.execute(
            insert(rows),
            [
                {
                    "row_id": row_id(stay, generation),
                    "index_version": index_version,
                    "source": source_name,
                    "document_id": documents[stay.chunk_id],
                    "chunk_id": stay.chunk_id,
                    "valid_from": stay.valid_from,
                    "valid_to": stay.valid_to,
                    "from_generation": generation,
                    "to_generation": OPEN,
                }
                for _, stay in batch
            ],
        )


def _documents_of(connection: Connection, chunk_ids: Sequence[str]) -> dict[str, str]:
    table = schema.chunks
    found: dict[str, str] = {}
    for start in range(0, len(chunk_ids), 500):
        query = select(table.c.chunk_id, table.c.document_id).where(
            table.c.chunk_id.in_(chunk_ids[start : start + 500])
        )
        found.update({row.chunk_id: row.document_id for row in connection.execute(query)})
    return found


def _apply_files(connection: Connection, source_name: str) -> None:
    files, staged = schema.files, schema.staged_files
    looked_at = select(staged.c.path).where(staged.c.source == source_name)
    connection.execute(delete(files).where(files.c.source == source_name, files.c.path.in_(looked_at)))
    connection.execute(
        insert(files).from_select(
            ["source", "path", "fingerprint", "raw"],
            select(staged.c.source, staged.c.path, staged.c.fingerprint, staged.c.raw).where(
                staged.c.source == source_name, staged.c.fingerprint.is_not(None)
            ),
        )
    )


def _apply_quarantine(connection: Connection, source_name: str, at: int) -> None:
    """Resolves what no longer stands of the documents that were looked at, and adds what is new."""
    standing, staged, documents = schema.quarantine, schema.staged_quarantine, schema.staged_documents
    same = (
        select(staged.c.staged_key)
        .where(
            staged.c.source == source_name,
            staged.c.document_id == standing.c.document_id,
            staged.c.reason == standing.c.reason,
        )
        .exists()
    )
    looked_at = select(documents.c.document_id).where(documents.c.source == source_name)
    connection.execute(
        update(standing)
        .where(
            standing.c.source == source_name,
            standing.c.resolved_at == OPEN,
            standing.c.document_id.in_(looked_at),
            ~same,
        )
        .values(resolved_at=at)
    )
    already = (
        select(standing.c.quarantine_id)
        .where(
            standing.c.source == source_name,
            standing.c.resolved_at == OPEN,
            standing.c.document_id == staged.c.document_id,
            standing.c.reason == staged.c.reason,
        )
        .exists()
    )
    copied = ("source", "document_id", "stage", "reason", "advice", "raw")
    connection.execute(
        insert(standing).from_select(
            [*copied, "noticed_at", "resolved_at"],
            select(*(staged.c[name] for name in copied), _literal(at), _literal(OPEN)).where(
                staged.c.source == source_name, ~already
            ),
        )
    )


def _literal(value: int):  # type: ignore[no-untyped-def]
    from sqlalchemy import BigInteger, literal

    return literal(value, BigInteger)
