"""Objects that perhaps nobody refers to: noted before they are written or given up, and removed when nobody does.

An intake writes its objects before the catalogue names them, erasing deletes them after it no longer does; a process that
is killed between leaves its note, by which the next one cleans up.
"""

import json
from collections.abc import Iterable

from sqlalchemy import or_, select

from assets.lineage.label_tables import label_batches
from assets.platform import Platform

_PREFIX = "labels/unsettled/"


def note(platform: Platform, name: str, blobs: Iterable[str]) -> None:
    """Notes objects before they are written, or before the catalogue gives them up."""
    platform.objects.put(f"{_PREFIX}{name}", json.dumps(sorted(blobs)).encode())
    platform.objects.flush()


def settle_all(platform: Platform) -> int:
    """Removes every noted object that no batch refers to, and the notes; returns how many objects. The caller holds the
    intake."""
    removed = 0
    for info in list(platform.objects.list(_PREFIX)):
        for blob in json.loads(platform.objects.get(info.key)):
            if not _is_referred_to(platform, blob) and platform.blobs.exists(blob):
                platform.blobs.delete(blob)
                removed += 1
        # The objects go for good before what tells of them.
        platform.objects.flush()
        platform.objects.delete(info.key)
    return removed


def _is_referred_to(platform: Platform, blob: str) -> bool:
    query = select(label_batches.c.batch_id).where(
        or_(label_batches.c.rows_blob == blob, label_batches.c.originals_blob == blob)
    )
    with platform.catalogue.read() as connection:
        return connection.execute(query.limit(1)).first() is not None
