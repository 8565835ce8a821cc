"""What a snapshot is made of, in its one order and form, so that the same labels give the same bytes to hash anywhere.

The identity is the manifest. It holds the hash of the rows, and each row holds the hashes of its texts. Neither is taken
over Parquet's bytes: those carry the version of the library that wrote them.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.quality.classes import SPLITS, count_classes
from assets.labels.snapshots.recipe import recipe
from assets.storage.hashing import content_hash

if TYPE_CHECKING:
    import pyarrow

    from assets.labels.tasks.task import Task

ROW_COLUMNS = ("text_hash", "opening_hash", "label", "group_id", "split", "text_sha256", "opening_sha256")
"""`text_hash` and `opening_hash` are hashes of the normalized texts, the other two of the texts to the letter."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A dataset that may become a snapshot: rows in order, each text and each opening once, and the manifest's bytes."""

    task: str
    rows: "pyarrow.Table"
    texts: "pyarrow.Table"
    openings: "pyarrow.Table | None"
    manifest: bytes

    @property
    def version(self) -> str:
        """SHA-256 of the manifest, in hexadecimal."""
        return content_hash(self.manifest)


def freeze(dataset: "pyarrow.Table", task: "Task", withheld: Collection[str] = ()) -> Frozen:
    """The mart's rows without those of withheld texts (by text hash), ready to be published."""
    import pyarrow as pa

    rows = [row for row in dataset.to_pylist() if row["text_hash"] not in set(withheld)]
    texts = _smallest((row["text_hash"], row["text"]) for row in rows)
    openings = _smallest((row["opening_hash"], row["opening_text"]) for row in rows if row["opening_hash"])
    exact = {key: content_hash(text.encode()) for key, text in (texts | openings).items()}
    ordered = sorted(rows, key=lambda row: (row["text_hash"], row["opening_hash"] or ""))
    columns = {name: [row.get(name) for row in ordered] for name in ROW_COLUMNS[:5]}
    columns["text_sha256"] = [exact[row["text_hash"]] for row in ordered]
    columns["opening_sha256"] = [exact[row["opening_hash"]] if row["opening_hash"] else None for row in ordered]
    table = pa.table(columns, schema=rows_schema())
    manifest = canonical(_manifest(table, task, len(openings)))
    return Frozen(
        task.name,
        table,
        _texts_table("text_hash", "text", texts),
        _texts_table("opening_hash", "opening_text", openings) if openings else None,
        manifest,
    )


def rows_schema() -> "pyarrow.Schema":
    """Of the rows' table."""
    import pyarrow as pa

    return pa.schema([(name, pa.string()) for name in ROW_COLUMNS])


def rows_sha256(rows: "pyarrow.Table") -> str:
    """The hash of the rows: of a line of JSON for each, in their order."""
    digest = hashlib.sha256()
    columns = [rows[name].to_pylist() for name in ROW_COLUMNS]
    for row in zip(*columns, strict=True):
        digest.update(canonical(list(row)) + b"\n")
    return digest.hexdigest()


def counts_of(rows: "pyarrow.Table", task: "Task") -> dict[str, Any]:
    """How many rows, resumes and groups each split holds, and rows by class and split."""
    columns = {name: rows[name].to_pylist() for name in ("text_hash", "group_id", "label", "split")}
    splits = Counter(columns["split"])
    texts = Counter(split for _, split in set(zip(columns["text_hash"], columns["split"], strict=True)))
    groups = Counter(split for _, split in set(zip(columns["group_id"], columns["split"], strict=True)))
    return {
        "splits": {
            split: {"rows": splits[split], "resumes": texts[split], "groups": groups[split]} for split in SPLITS
        },
        "groups": len(set(columns["group_id"])),
        "classes": count_classes(zip(columns["label"], columns["split"], strict=True), task.classes),
    }


def canonical(value: object) -> bytes:
    """JSON in its one form: keys in order, no blanks, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _manifest(rows: "pyarrow.Table", task: "Task", openings: int) -> dict[str, Any]:
    """No time, no run, no person: the same labels give the same manifest."""
    return {
        "format": 1,
        "task": task.name,
        "recipe": recipe(),
        "rows": {"count": rows.num_rows, "sha256": rows_sha256(rows)},
        "openings": openings,
        **counts_of(rows, task),
    }


def _smallest(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Of several spellings of one normalized text, which one stays does not depend on which came first."""
    found: dict[str, str] = {}
    for key, text in pairs:
        found[key] = min(text, found.get(key, text))
    return found


def _texts_table(key: str, name: str, texts: Mapping[str, str]) -> "pyarrow.Table":
    import pyarrow as pa

    keys = sorted(texts)
    # A list of long texts can be more than a plain column of Arrow holds.
    schema = pa.schema([(key, pa.string()), (name, pa.large_string())])
    return pa.table({key: keys, name: [texts[each] for each in keys]}, schema=schema)
