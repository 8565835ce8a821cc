"""A snapshot's objects under `datasets/TASK/VERSION/`: how they are written, and read back with everything verified."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.quality.classes import SPLITS
from assets.labels.snapshots.frozen import ROW_COLUMNS, Frozen, counts_of, rows_sha256
from assets.labels.tasks import task_named
from assets.storage.hashing import content_hash
from assets.storage.objects import ObjectMissing, ObjectStore, PreconditionFailed

if TYPE_CHECKING:
    import pyarrow

PREFIX = "datasets/"
MANIFEST, ROWS, TEXTS, OPENINGS = "manifest.json", "rows.parquet", "texts.parquet", "openings.parquet"
CROISSANT, DATASHEET = "croissant.json", "datasheet.md"
_TRIES = 5


class SnapshotDamaged(Exception):
    """A snapshot's objects are no longer what was written; the message says what to do."""

    def __init__(self, version: str, what: str) -> None:
        super().__init__(
            f"the dataset {version[:12]} is damaged ({what}): restore it from a backup, or build it again with hrdp dataset"
            " build"
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """A snapshot as it was read back and verified. `erased` are the hashes of texts that were taken out of it since."""

    version: str
    manifest: Mapping[str, Any]
    rows: "pyarrow.Table"
    texts: Mapping[str, str]
    openings: Mapping[str, str]
    erased: tuple[str, ...]


def folder(task: str, version: str) -> str:
    """The beginning of the keys of a version's objects."""
    return f"{PREFIX}{task}/{version}/"


def write(store: ObjectStore, frozen: Frozen) -> dict[str, bytes]:
    """Writes rows, texts, openings and last the manifest, each where it is not there yet; returns them as they are now.

    What a killed build left is completed; a text that was erased since and came in anew is there again.
    """
    place = folder(frozen.task, frozen.version)
    tables = {ROWS: frozen.rows, TEXTS: frozen.texts}
    if frozen.openings is not None:
        tables[OPENINGS] = frozen.openings
    written = {name: _put_table(store, place + name, table) for name, table in tables.items()}
    written[MANIFEST] = put_right(store, place + MANIFEST, frozen.manifest, lambda data: data == frozen.manifest)
    return written


def read(store: ObjectStore, task: str, version: str) -> Stored:
    """Reads a snapshot and compares everything with its hashes. Raises SnapshotDamaged, StorageError."""
    known, rows = read_rows(store, task, version)
    texts = _texts(version, TEXTS, _get(store, task, version, TEXTS))
    wanted = dict(zip(rows["text_hash"].to_pylist(), rows["text_sha256"].to_pylist(), strict=True))
    _compare(version, TEXTS, texts, wanted)
    openings: dict[str, str] = {}
    if known["openings"]:
        openings = _texts(version, OPENINGS, _get(store, task, version, OPENINGS))
        hashes = dict(zip(rows["opening_hash"].to_pylist(), rows["opening_sha256"].to_pylist(), strict=True))
        _compare(version, OPENINGS, openings, hashes)
        if hashes.keys() - openings.keys() - {None}:
            raise SnapshotDamaged(version, f"an opening is missing in {OPENINGS}")
    return Stored(version, known, rows, texts, openings, tuple(sorted(wanted.keys() - texts.keys())))


def read_rows(store: ObjectStore, task: str, version: str) -> "tuple[Mapping[str, Any], pyarrow.Table]":
    """The manifest and the rows of a snapshot, compared with their hashes; no text is read. Raises what `read` does."""
    manifest = _get(store, task, version, MANIFEST)
    if content_hash(manifest) != version:
        raise SnapshotDamaged(version, f"{MANIFEST} is not what the version is named by")
    known = json.loads(manifest)
    rows = table_of(version, ROWS, _get(store, task, version, ROWS))
    if tuple(rows.column_names) != ROW_COLUMNS or rows_sha256(rows) != known["rows"]["sha256"]:
        raise SnapshotDamaged(version, f"{ROWS} does not hold the rows that the manifest names")
    counts = counts_of(rows, task_named(task))
    if any(known[name] != value for name, value in counts.items()):
        raise SnapshotDamaged(version, f"{MANIFEST} does not count what {ROWS} holds")
    return known, rows


def split_sizes(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Rows by split."""
    return {split: int(manifest["splits"][split]["rows"]) for split in SPLITS}


def put_right(store: ObjectStore, key: str, data: bytes, is_right: Callable[[bytes], bool]) -> bytes:
    """Writes an object unless what is there already is right; returns what is there then. Raises StorageError."""
    for _ in range(_TRIES):
        try:
            store.put(key, data, if_absent=True)
        except PreconditionFailed:
            before = store.head(key)
            try:
                present = store.get(key)
            except ObjectMissing:
                continue
            if is_right(present):
                return present
            if before is None:
                continue
            try:
                store.put(key, data, if_match=before.etag)
            except PreconditionFailed:
                continue
        return data
    raise PreconditionFailed(key)


def parquet(table: "pyarrow.Table") -> bytes:
    """A table as Parquet. No statistics: they would hold texts in clear beside the compressed pages."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd", write_statistics=False, store_schema=False, version="2.6")
    return buffer.getvalue()


def table_of(version: str, name: str, data: bytes) -> "pyarrow.Table":
    """The table in an object of a version. Raises SnapshotDamaged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(io.BytesIO(data))
    except (pa.ArrowException, OSError):
        raise SnapshotDamaged(version, f"{name} can't be read") from None


def _get(store: ObjectStore, task: str, version: str, name: str) -> bytes:
    try:
        return store.get(folder(task, version) + name)
    except ObjectMissing:
        raise SnapshotDamaged(version, f"{name} is missing") from None


def _put_table(store: ObjectStore, key: str, table: "pyarrow.Table") -> bytes:
    def is_right(data: bytes) -> bool:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            present = pq.read_table(io.BytesIO(data))
        except (pa.ArrowException, OSError):
            return False
        return bool(present.column_names == table.column_names and present.to_pydict() == table.to_pydict())

    return put_right(store, key, parquet(table), is_right)


def _texts(version: str, name: str, data: bytes) -> dict[str, str]:
    table = table_of(version, name, data)
    keys, texts = (column.to_pylist() for column in table.columns)
    return dict(zip(keys, texts, strict=True))


def _compare(version: str, name: str, texts: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    for key, text in texts.items():
        if wanted.get(key) != content_hash(text.encode()):
            raise SnapshotDamaged(version, f"{name} holds a text that the rows do not name")
