"""What a backup consists of, as it is written down: which parts hold the tables and the objects, each with its hash."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from assets.storage.hashing import content_hash

FORMAT = 1
"""Changes whenever a backup is written in another way; an earlier one is refused by name."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of content that lies in the backup under its SHA-256; `size` in bytes, `entries` the rows or objects in it."""

    sha256: str
    size: int
    entries: int


@dataclass(frozen=True, slots=True)
class TableContent:
    """One table of the catalogue: its rows in parts, in the order of the columns."""

    name: str
    columns: tuple[str, ...]
    rows: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ServedIndex:
    """What was served. `checksum` is that of the index itself; None where the index could not be reached."""

    generation: int
    index_version: str
    rows: int
    checksum: str | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One backup. `taken_at` is ISO 8601 in UTC; `inventory` lists the platform's objects, `size` is theirs in all, in bytes."""

    taken_at: str
    schema_revision: str
    served: ServedIndex | None
    ledger_entries: int
    ledger_head: str
    tables: tuple[TableContent, ...]
    inventory: tuple[Part, ...]
    objects: int
    size: int

    @property
    def sha256(self) -> str:
        """The hash over everything else in the manifest."""
        return content_hash(_canonical({"format": FORMAT, **asdict(self)}))

    @property
    def backup_id(self) -> str:
        """Sorts by time."""
        moment = datetime.fromisoformat(self.taken_at)
        return f"{moment:%Y%m%dT%H%M%S.%f}Z-{self.sha256[:8]}"

    def dump(self) -> bytes:
        """As it is stored, with its own hash."""
        content = {"format": FORMAT, **asdict(self)}
        return json.dumps({"manifest": content, "sha256": self.sha256}, ensure_ascii=False, indent=1).encode()


def load(data: bytes) -> Manifest:
    """A manifest as it was dumped. Raises ValueError where it is damaged or of another format, saying which."""
    try:
        document = json.loads(data)
        content, digest = document["manifest"], document["sha256"]
        written_as = content.pop("format")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("damaged") from None
    if content_hash(_canonical({"format": written_as, **content})) != digest:
        raise ValueError("damaged")
    if written_as != FORMAT:
        raise ValueError(f"written in the format {written_as}, which this release does not read")
    return Manifest(
        **{
            **content,
            "served": None if content["served"] is None else ServedIndex(**content["served"]),
            "tables": tuple(
                TableContent(
                    **{**table, "columns": tuple(table["columns"]), "parts": tuple(map(_part, table["parts"]))}
                )
                for table in content["tables"]
            ),
            "inventory": tuple(map(_part, content["inventory"])),
        }
    )


def _part(content: Mapping[str, Any]) -> Part:
    return Part(**content)


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
