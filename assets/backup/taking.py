"""Takes a backup: tables at one moment, then every object, and last the manifest that makes it one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from assets.backup import tables
from assets.backup.manifest import Manifest, Part, ServedIndex, TableContent
from assets.backup.objects import content_hash_of, keep_all
from assets.backup.store import BackupStore
from assets.index.generation import Served, served
from assets.index.store import OPEN, IndexUnavailable
from assets.lineage import label_tables, ledger, schema
from assets.lineage.catalogue import SCHEMA_REVISION
from assets.lineage.moments import iso, now
from assets.platform import Platform

Progress = Callable[[str, int, int | None], None]
"""Hears of a step's name, how much of it is done, and how much there is in all, where that is known."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was taken. `copied` of its objects were not there from an earlier one.
    `index_checksum` is None where the index could not be reached, or nothing is served."""

    backup: str
    prefix: str
    sha256: str
    generation: int
    index_version: str | None
    index_checksum: str | None
    tables: dict[str, int]
    objects: int
    size_bytes: int
    copied: int
    copied_bytes: int


class BackupFailed(Exception):
    """The platform is not whole, or changed in a way that a backup can't follow; no backup was taken."""


def backup(platform: Platform, prefix: str, progress: Progress = lambda _step, _done, _all: None) -> BackupReport:
    """Copies the whole platform, as it is at this moment, to an object-store prefix (`file:///…`, `s3://bucket/prefix`).

    Refreshes may go on meanwhile. What lies there from earlier backups is not copied again. A killed call leaves no
    backup, and the next one goes on with what it had copied. Raises BackupUnusable, BackupFailed, StorageError.
    """
    store = BackupStore(prefix, platform.settings)
    with platform.catalogue.read() as connection:
        taken_at = now()
        current = served(connection)
        chain = ledger.check(connection)
        if not chain.intact:
            raise BackupFailed(
                f"the ledger is broken at entry {chain.broken_at}, so that no backup of it could be restored: run hrdp verify"
            )
        rows, served_rows = _rows(connection, current), _rows(connection, current, schema.rows.c.to_generation == OPEN)
        contents: list[TableContent] = []
        for content in tables.export(connection, store):
            contents.append(content)
            progress("tables", len(contents), len(tables.kept_tables()))
        needed = {bytes.fromhex(name) for name in _named_objects(connection)}
    index = None if current is None else _index(platform, current, rows, served_rows, progress)
    count = size = copied = copied_size = 0

    def inventory() -> Iterator[list[object]]:
        nonlocal count, size, copied, copied_size
        for kept in keep_all(platform.objects, store):
            needed.discard(_hash(kept.key))
            count, size = count + 1, size + kept.size
            copied, copied_size = copied + kept.copied, copied_size + kept.size * kept.copied
            progress("objects", count, None)
            yield kept.entry()

    parts: tuple[Part, ...] = tuple(store.put_entries(inventory()))
    if needed:
        raise BackupFailed(
            f"{len(needed)} objects that the catalogue names are not in the object store, one of them"
            f" {min(needed).hex()}: run hrdp verify; if something was erased just now, take the backup again"
        )
    made = Manifest(
        taken_at=str(iso(taken_at)),
        schema_revision=SCHEMA_REVISION,
        served=index,
        ledger_entries=chain.entries,
        ledger_head=chain.head,
        tables=tuple(contents),
        inventory=parts,
        objects=count,
        size=size,
    )
    store.seal(made)
    with platform.catalogue.write() as connection:
        ledger.append(
            connection, "backup.taken", f"backup/{made.backup_id}", {"prefix": store.address, "manifest": made.sha256}
        )
    return BackupReport(
        backup=made.backup_id,
        prefix=store.address,
        sha256=made.sha256,
        generation=current.generation if current else 0,
        index_version=current.index_version if current else None,
        index_checksum=index.checksum if index else None,
        tables={content.name: content.rows for content in contents},
        objects=count,
        size_bytes=size,
        copied=copied,
        copied_bytes=copied_size,
    )


def _rows(connection: Connection, current: Served | None, *conditions: ColumnElement[bool]) -> int:
    if current is None:
        return 0
    table = schema.rows
    query = select(func.count()).select_from(table).where(table.c.index_version == current.index_version, *conditions)
    return int(connection.execute(query).scalar_one())


def _index(platform: Platform, current: Served, rows: int, served_rows: int, progress: Progress) -> ServedIndex:
    progress("index", 0, None)
    try:
        index = platform.indexes.open(current.index_version)
        # Right after a switch, the rows that it has superseded still have to get their end.
        checksum = index.checksum(current.generation) if index.count(current.generation) == served_rows else None
    except IndexUnavailable:
        # What is needed to make the index again is kept all the same.
        checksum = None
    return ServedIndex(current.generation, current.index_version, rows, checksum)


def _named_objects(connection: Connection) -> set[str]:
    """The hashes of the objects that versions, chunks, vectors and labels can't do without."""
    versions, batches = schema.versions, label_tables.label_batches
    named: set[str] = set()
    for column in (
        versions.c.version,
        versions.c.raw,
        versions.c.structure,
        schema.chunks.c.version,
        batches.c.rows_blob,
        batches.c.originals_blob,
    ):
        named.update(connection.execute(select(column).distinct()).scalars())
    named.update(connection.execute(select(schema.segments.c.blob)).scalars())
    return named


def _hash(key: str) -> bytes:
    try:
        return bytes.fromhex(content_hash_of(key))
    except ValueError:
        return b""
