"""Takes texts out of every version that holds them. Rows and manifest stay, so that the version stays verifiable."""

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import select

from assets.labels.snapshots.croissant import croissant
from assets.labels.snapshots.storing import CROISSANT, MANIFEST, OPENINGS, PREFIX, ROWS, TEXTS, parquet, table_of
from assets.lineage.label_tables import datasets
from assets.storage.objects import ObjectStore

if TYPE_CHECKING:
    from assets.platform import Platform


def forget(platform: "Platform", text_hashes: Collection[str]) -> list[str]:
    """Removes the texts from all objects of all versions, also from what killed builds left; returns the published versions
    that held one of them, in ascending order.

    Can be repeated: a version is named also when the text is already gone. The caller holds the locks `labels/TASK` of the
    tasks. Raises SnapshotDamaged and StorageError.
    """
    wanted = frozenset(text_hashes)
    with platform.catalogue.read() as connection:
        known: set[str] = set(connection.execute(select(datasets.c.version)).scalars())
    held = set()
    store = platform.objects
    keys = [info.key for info in store.list(PREFIX)]
    for place in sorted({key.rpartition("/")[0] + "/" for key in keys}):
        version = place.split("/")[-2]
        if wanted and _remove(store, place, set(keys), wanted, version):
            held.add(version)
    store.flush()
    return sorted(held & known)


def _remove(store: ObjectStore, place: str, keys: Collection[str], wanted: frozenset[str], version: str) -> bool:
    """Removes the texts from one version; whether its rows name one of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    named = False
    if place + ROWS in keys:
        hashes = table_of(version, ROWS, store.get(place + ROWS))["text_hash"]
        named = not wanted.isdisjoint(hashes.to_pylist())
    if place + TEXTS not in keys:
        return named
    texts = table_of(version, TEXTS, store.get(place + TEXTS))
    gone = pc.is_in(texts["text_hash"], value_set=pa.array(sorted(wanted), pa.string()))
    if pc.any(gone).as_py():
        named = True
        store.put(place + TEXTS, parquet(texts.filter(pc.invert(gone))))
    if named and place + MANIFEST in keys:
        # Also where a killed process had taken the texts out before.
        written = {name: store.get(place + name) for name in (ROWS, TEXTS, OPENINGS) if place + name in keys}
        manifest = json.loads(store.get(place + MANIFEST))
        store.put(place + CROISSANT, croissant(manifest, version, written))
    return named
