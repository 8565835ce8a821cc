"""What a person is shown of a published dataset, after everything of it was verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.snapshots import storing
from assets.labels.snapshots.croissant import croissant
from assets.labels.snapshots.datasheet import datasheet
from assets.labels.snapshots.reading import find
from assets.labels.snapshots.storing import CROISSANT, DATASHEET, SnapshotDamaged, folder
from assets.lineage.moments import iso
from assets.storage.objects import ObjectMissing

if TYPE_CHECKING:
    from assets.platform import Platform


@dataclass(frozen=True, slots=True)
class Shown:
    """A version: rows by split, groups, rows by class and split, its checks when it was built, and where it lies.

    `erased` counts the texts that were taken out of it since, `address` is the beginning of its objects' keys.
    """

    version: str
    task: str
    train: int
    validation: int
    test: int
    groups: int
    classes: Mapping[str, Mapping[str, int]]
    checks: Mapping[str, Mapping[str, Any]]
    created_at: str
    run_id: str
    erased: int
    address: str


def show(platform: "Platform", version: str | None) -> Shown:
    """A version, or the last that was built. Raises NoDataset, SnapshotDamaged and StorageError."""
    with platform.catalogue.read() as connection:
        known = find(connection, version)
    stored = storing.read(platform.objects, known.task, known.version)
    place = folder(known.task, known.version)
    try:
        present = {
            info.key.removeprefix(place): platform.objects.get(info.key) for info in platform.objects.list(place)
        }
    except ObjectMissing as missing:
        raise SnapshotDamaged(known.version, f"{missing.key} is missing") from None
    expected = {
        CROISSANT: croissant(stored.manifest, known.version, present),
        DATASHEET: datasheet(stored.manifest, known.version),
    }
    for name, data in expected.items():
        if present.get(name) != data:
            raise SnapshotDamaged(known.version, f"{name} does not describe the objects that are there")
    return Shown(
        version=known.version,
        task=known.task,
        groups=stored.manifest["groups"],
        classes=stored.manifest["classes"],
        checks=known.summary["checks"],
        created_at=str(iso(known.created_at)),
        run_id=known.run_id,
        erased=len(stored.erased),
        address=place,
        **storing.split_sizes(stored.manifest),
    )
