"""Which batch a file is: a hash of its content, its task and how it is read, so that the same file comes in once."""

import hashlib
import json
import os
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from assets.documents.sources.directory import stat_fingerprint
from assets.labels.reading.columns import Columns

_PIECE = 1024 * 1024
_DIGITS = 32


class FileChanged(Exception):
    """A file was written to while it was read; nothing of it was taken in."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a person wants a file to be read, beside its task."""

    columns: Columns = field(default_factory=Columns)
    drop_first_line: bool = False

    def dump(self) -> str:
        """As JSON; equal ones are the same text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)


def load_options(text: str) -> ReadOptions:
    """Options as they were dumped."""
    values = json.loads(text)
    return ReadOptions(Columns(**values["columns"]), values["drop_first_line"])


def reading_of(task: str, options: ReadOptions, allowed: Collection[str]) -> str:
    """16 hexadecimal digits for how a file is read; `allowed` are the labels that may occur (empty: any)."""
    return hashlib.sha256(json.dumps([task, options.dump(), sorted(allowed)]).encode()).hexdigest()[:16]


def batch_id(content: str, reading: str) -> str:
    """32 hexadecimal digits; `content` is a hash of what is read, `reading` says how (see `reading_of`)."""
    return hashlib.sha256(f"{content} {reading}".encode()).hexdigest()[:_DIGITS]


def content_of(source: Path | bytes) -> str:
    """A hash of a file's bytes; of a folder's files with their paths below it."""
    digest = hashlib.sha256()
    if isinstance(source, bytes):
        digest.update(source)
    elif source.is_dir():
        for path, file in _files(source):
            digest.update(f"{path}\0{content_of(file)}\n".encode("utf-8", "surrogateescape"))
    else:
        with source.open("rb") as opened:
            while piece := opened.read(_PIECE):
                digest.update(piece)
    return digest.hexdigest()


def look_of(source: Path | bytes) -> str:
    """What changes whenever a file, or one of a folder, may have changed; nothing is read."""
    if isinstance(source, bytes):
        return ""
    if source.is_dir():
        return "\n".join(f"{path}\0{stat_fingerprint(file.stat())}" for path, file in _files(source))
    return stat_fingerprint(source.stat())


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    found = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    yield from sorted((str(path.relative_to(folder)), path) for path in found if path.is_file())
