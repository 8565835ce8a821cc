"""Restores a backup into an empty platform, on whatever stores its settings name; the catalogue's tables come last."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import delete, insert, select

from assets.backup import tables
from assets.backup.manifest import Manifest
from assets.backup.objects import bring_back
from assets.backup.store import BackupStore, BackupUnusable
from assets.backup.taking import Progress
from assets.documents.registry import without_secrets
from assets.index.generation import Served, served
from assets.index.recreating import open_or_create, recreate
from assets.index.verification import VerifyReport, verify
from assets.lineage import ledger, schema
from assets.lineage.catalogue import SCHEMA_REVISION
from assets.lineage.moments import now
from assets.platform import Platform

_MASKED = "***"


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What was restored. `copied` of the objects were not there yet; `sources_without_password` are sources whose address
    had a password or token in it, which no backup holds."""

    backup: str
    prefix: str
    generation: int
    index_version: str | None
    index_checksum: str | None
    index_rows: int
    documents: int
    chunks: int
    objects: int
    copied: int
    ledger_entries: int
    sources_without_password: list[str]


class PlatformNotEmpty(Exception):
    """A backup is restored into an empty platform only; the message says what is there."""


class RestoreFailed(Exception):
    """What was restored is not what was backed up. The platform is empty still."""


def restore(
    platform: Platform,
    prefix: str,
    backup_id: str | None = None,
    progress: Progress = lambda _step, _done, _all: None,
) -> RestoreReport:
    """Brings a platform back from a backup under a prefix: the latest one, or the one with that id.

    Everything is verified by its hash, the index is made again and compared with the one that was backed up, and what
    `verify` looks at is found whole before the catalogue's tables are written, in one transaction. Until then the
    platform is empty: a killed call is repeated, and goes on with what is there. Raises PlatformNotEmpty, BackupUnusable,
    RestoreFailed, RecreationFailed, Busy, StorageError, IndexUnavailable, CatalogueUnavailable.
    """
    store = BackupStore(prefix, platform.settings)
    made = store.manifest(backup_id)
    if made.schema_revision > SCHEMA_REVISION:
        raise BackupUnusable(
            f"the backup {made.backup_id} was taken by a newer release (schema {made.schema_revision}, this one knows"
            f" {SCHEMA_REVISION}): install that release"
        )
    with platform.locks.hold("serve"):
        present = _present(platform, store, made)
        folder = platform.home / "restoring"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            return _restore(platform, store, made, present, folder / "catalogue.db", progress)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _present(platform: Platform, store: BackupStore, made: Manifest) -> set[str]:
    """The keys of the objects that an interrupted restore has brought. Raises PlatformNotEmpty."""
    with platform.catalogue.read() as connection:
        found = tables.contents(connection)
        begun: set[str] = set(connection.execute(select(schema.unfinished.c.index_version)).scalars())
    if found:
        listed = ", ".join(f"{rows:,} {name}" for name, rows in sorted(found.items()))
        raise PlatformNotEmpty(
            f"a backup is restored into an empty platform, and this catalogue holds {listed}: set HRDP_HOME, and"
            " HRDP_CATALOGUE and HRDP_OBJECTS where they are set, to new places"
        )
    present = {info.key for info in platform.objects.list()}
    others = set(present)
    if present:
        others.difference_update(key for key, _, _ in store.entries(made.inventory))
    if others:
        raise PlatformNotEmpty(
            f"a backup is restored into an empty platform, and the object store at"
            f" {without_secrets(platform.settings.objects_url)} holds {len(others):,} objects that are not of the backup"
            f" {made.backup_id}, one of them {min(others)}: set HRDP_OBJECTS to a new place (what an interrupted restore"
            " left is taken over by restoring the same backup again: --backup ID)"
        )

    # Backends may be shared: an index that no restore of this platform has begun belongs to another one.
    index_version = made.served.index_version if made.served else None
    if index_version is not None and index_version not in begun and platform.indexes.exists(index_version):
        raise PlatformNotEmpty(
            f"a backup is restored into an empty platform, and the {platform.settings.index} index {index_version} is there"
            " already, perhaps that of the platform that was backed up: set HRDP_HOME"
            + (" and HRDP_WEAVIATE_ALIAS to new places" if platform.settings.index == "weaviate" else " to a new place")
        )
    return present


def _restore(
    platform: Platform, store: BackupStore, made: Manifest, present: set[str], scratch: Path, progress: Progress
) -> RestoreReport:
    progress("tables", 0, len(made.tables))
    tables.fill(scratch, made.schema_revision, made.tables, store)
    # The platform as it will be, on its own objects and index, but with a catalogue that nobody else sees.
    coming = Platform(replace(platform.settings, catalogue=f"sqlite:///{scratch}"))
    try:
        with coming.catalogue.read() as connection:
            chain = ledger.check(connection)
            current = served(connection)
        if not chain.intact or (chain.entries, chain.head) != (made.ledger_entries, made.ledger_head):
            raise RestoreFailed(
                f"the ledger in the backup {made.backup_id} does not fit together (entry {chain.broken_at}): restore"
                " another backup (--backup)"
            )
        copied = 0
        brought = bring_back(store.entries(made.inventory), store, platform.objects, present)
        for done, kept in enumerate(brought, start=1):
            copied += kept.copied
            progress("objects", done, made.objects)
        platform.objects.flush()
        rows, checksum = (0, None) if current is None else _index(platform, coming, current, made, progress)
        progress("verifying", 0, None)
        report = verify(coming)
        if not report.ok:
            raise RestoreFailed(_sentence(made, report))
        masked = _commit(platform, coming, store, made, current, progress)
        if current is not None:
            platform.indexes.announce(current.index_version)
    finally:
        coming.catalogue.close()
    return RestoreReport(
        backup=made.backup_id,
        prefix=store.address,
        generation=report.generation,
        index_version=current.index_version if current else None,
        index_checksum=checksum,
        index_rows=rows,
        documents=report.documents,
        chunks=report.chunks,
        objects=made.objects,
        copied=copied,
        ledger_entries=chain.entries + 1,
        sources_without_password=masked,
    )


def _index(
    platform: Platform, coming: Platform, current: Served, made: Manifest, progress: Progress
) -> tuple[int, str]:
    """Makes the index again; returns its rows and the checksum of the served generation."""
    table = schema.unfinished
    with platform.catalogue.write() as connection:
        # Should the restore never be finished, the first refresh of this platform removes the index.
        connection.execute(delete(table))
        connection.execute(insert(table).values(index_version=current.index_version, begun_at=now()))
    target = open_or_create(platform.indexes, current)
    done = 0

    def heard(rows: int) -> None:
        nonlocal done
        done += rows
        progress("index", done, made.served.rows if made.served else None)

    rows = recreate(coming, current, target, heard)
    checksum = target.checksum(current.generation)
    if made.served is not None and made.served.checksum not in (None, checksum):
        raise RestoreFailed(
            f"the index has the checksum {checksum[:16]}… where the backup {made.backup_id} was taken of one with"
            f" {str(made.served.checksum)[:16]}…: restore another backup (--backup), or run hrdp verify where this one was taken"
        )
    return rows, checksum


def _commit(
    platform: Platform,
    coming: Platform,
    store: BackupStore,
    made: Manifest,
    current: Served | None,
    progress: Progress,
) -> list[str]:
    """Writes the tables, with an entry of the ledger that says so; returns the sources whose address was masked."""
    done, rows = 0, sum(content.rows for content in made.tables)

    def heard(more: int) -> None:
        nonlocal done
        done += more
        progress("catalogue", done, rows)

    with coming.catalogue.read() as origin, platform.catalogue.write() as target:
        if tables.contents(target):
            raise PlatformNotEmpty("another process has begun to use this platform meanwhile: restore into another one")
        tables.copy(origin, target, heard)
        payload = {"prefix": store.address, "manifest": made.sha256, "generation": current.generation if current else 0}
        ledger.append(target, "backup.restored", f"backup/{made.backup_id}", payload)
        sources = schema.sources
        query = select(sources.c.name).where(sources.c.location.contains(f"{_MASKED}@", autoescape=True))
        return list(target.execute(query.order_by(sources.c.name)).scalars())


def _sentence(made: Manifest, report: VerifyReport) -> str:
    return (
        f"the backup {made.backup_id} is not whole: {report.missing} things are missing, {report.mismatched} are not what"
        f" they should be, {report.orphans + report.duplicates} are too many: restore another backup (--backup)"
    )
