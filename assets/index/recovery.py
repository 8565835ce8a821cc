"""Serves an index again whose files are lost: made anew from catalogue and objects, with the same rows and generation."""

import json
from collections.abc import Callable

from sqlalchemy import Connection, delete, insert, select, update

from assets.documents import registry
from assets.documents.intake import DocumentCounts
from assets.index.generation import Served, served
from assets.index.recreating import recreate
from assets.index.staged import SourceResult, recordable
from assets.lineage import ledger, schema
from assets.lineage.moments import now
from assets.platform import Platform

_WAIT_SECONDS = 6 * 3600.0


def recover(platform: Platform, run_id: str, progress: Callable[[int], None] = lambda _: None) -> list[SourceResult]:
    """Makes the served index again beside where it was and switches to it in one transaction; returns what there is of each
    source. Nothing is embedded. A kill leaves an index that nobody sees, which the next refresh or recovery removes.

    Raises RecreationFailed, IndexUnavailable, StorageError where an object is lost too.
    """
    with platform.locks.hold("serve", wait_seconds=_WAIT_SECONDS):
        with platform.catalogue.read() as connection:
            current = served(connection)
        if current is None or platform.indexes.exists(current.index_version):
            return []
        index_version = _next_name(current.index_version)
        platform.indexes.drop(index_version)
        with platform.catalogue.write() as connection:
            unfinished = schema.unfinished
            connection.execute(delete(unfinished).where(unfinished.c.index_version == index_version))
            connection.execute(insert(unfinished).values(index_version=index_version, begun_at=now()))
        recreate(platform, current, platform.indexes.create(index_version, current.dimension), progress)
        results = [
            SourceResult(
                source=source.spec.name,
                documents=DocumentCounts(unchanged=source.documents),
                chunks_added=0,
                chunks_kept=source.rows,
                chunks_closed=0,
                embedded=0,
            )
            for source in registry.listed(platform.catalogue, with_removed=True)
        ]
        with platform.catalogue.write() as connection:
            _rename(connection, current, index_version)
            _record(connection, current, index_version, run_id, results)
        platform.indexes.announce(index_version)
    return results


def _next_name(index_version: str) -> str:
    """An index version ends with its first generation, and with how often it was recovered, if ever."""
    recipe, generation, *recoveries = index_version.split("-")
    return f"{recipe}-{generation}-{int(recoveries[0]) + 1 if recoveries else 1}"


def _rename(connection: Connection, current: Served, index_version: str) -> None:
    versions = schema.index_versions
    before = connection.execute(select(versions).where(versions.c.index_version == current.index_version)).one()
    connection.execute(insert(versions).values({**before._mapping, "index_version": index_version}))
    for table in (schema.rows, schema.generations, schema.served):
        connection.execute(
            update(table).where(table.c.index_version == current.index_version).values(index_version=index_version)
        )
    connection.execute(delete(versions).where(versions.c.index_version == current.index_version))
    connection.execute(delete(schema.unfinished).where(schema.unfinished.c.index_version == index_version))


def _record(
    connection: Connection, current: Served, index_version: str, run_id: str, results: list[SourceResult]
) -> None:
    at = now()
    for result in results:
        connection.execute(
            insert(schema.refreshes).values(
                run_id=run_id,
                source=result.source,
                generation=current.generation,
                at=at,
                result=json.dumps(recordable(result), sort_keys=True),
            )
        )
    ledger.append(
        connection,
        "index.recovered",
        f"generation/{current.generation}",
        {"index_version": index_version, "lost": current.index_version, "run_id": run_id},
    )
