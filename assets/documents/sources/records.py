"""A file of records as a source: one JSON object a line, plain or gzip-compressed, a document for each id."""

import gzip
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any

from assets.documents.sources.base import (
    Change,
    Changed,
    Known,
    Removed,
    Revision,
    SourceSpec,
    SourceUnavailable,
    Unchanged,
    Unreadable,
)
from assets.documents.sources.comparison import compare
from assets.documents.sources.directory import stat_fingerprint
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.record_lines import (
    RecordLine,
    as_date,
    chain_fingerprints,
    describe_line,
    line_name,
    order_revisions,
    parse_line,
)
from assets.documents.sources.selection import Selection
from assets.documents.sources.spool import Spool
from assets.documents.sources.state import dump_state, load_state

_TYPE = "file of records"
# JSON may write each byte of a text in six, and there are other fields beside it.
_LINE_BYTES_PER_TEXT_BYTE = 6
_LINE_BYTES_BESIDE_TEXT = 65_536

_Entry = list[RecordLine] | Unreadable


class RecordsSource:
    """The records of a `.jsonl` or `.jsonl.gz` file: `id` and `text`, optionally `title, valid_from, valid_to, uri,
    media_type`.

    Records with one id and different dates are revisions of one document. A line that cannot be used is unreadable and
    stops no other; while one has no readable id, no record counts as removed.
    """

    def __init__(self, spec: SourceSpec, *, options: SourceOptions) -> None:
        """Raises BadSource for a glob (over ids) that cannot be one."""
        self._path = Path(spec.location).expanduser().resolve()
        self._selection = Selection(spec.include)
        self._options = options
        self._state: str | None = None

    def look(self) -> str:
        """Size, times and inode of the file. Raises SourceUnavailable."""
        try:
            return self._looks(os.stat(self._path))
        except OSError as error:
            raise self._unavailable(error) from None

    def scan(self, known: Known, *, full: bool = False) -> Iterator[Change]:
        """Every change since `known`. The file is read once; its records are sorted on disk. Raises
        SourceUnavailable.
        """
        self._state = None
        before = load_state(known, _TYPE)
        with ExitStack() as stack:
            try:
                file: IO[bytes] = stack.enter_context(open(self._path, "rb"))
                status = os.fstat(file.fileno())
            except OSError as error:
                raise self._unavailable(error) from None
            looks = self._looks(status)
            if before and before["file"] == looks and not full:
                if before["count"]:
                    yield Unchanged(before["count"])
                self._state = known.state
                return
            if status.st_size == 0:
                raise SourceUnavailable(
                    f"{self._path} is empty, as if its writing had only begun. If it is to hold no records, write one "
                    "empty line."
                )
            if self._path.suffix == ".gz":
                file = stack.enter_context(self._decompressed(file))
            spool = stack.enter_context(Spool(columns=len(RecordLine._fields)))
            lost_lines = 0
            for line in self._lines(file):
                if isinstance(line, Unreadable):
                    lost_lines += 1
                    yield line
                else:
                    spool.add(line)
            count = unusable = 0

            def listing() -> Iterator[tuple[str, str, _Entry]]:
                nonlocal count, unusable
                for path, rows in spool.groups():
                    entry = order_revisions(map(RecordLine._make, rows))
                    if isinstance(entry, Unreadable):
                        unusable += 1
                        yield path, "", entry
                    else:
                        count += 1
                        yield path, chain_fingerprints(entry)[-1], entry

            def missing(path: str) -> Change:
                if not lost_lines:
                    return Removed(path)
                return Unreadable(
                    path, "removal_uncertain", "Repair the unreadable lines: one of them may be this record."
                )

            yield from compare(listing(), known.files(), partial(self._describe, file), full=full, missing=missing)
            # What could not be used is to be told again, for which the next scan has to read the file again.
            self._state = dump_state(_TYPE, file="" if lost_lines or unusable else looks, count=count)

    def state(self) -> str:
        """The look of the file and how many documents it holds, as JSON; after a complete scan only."""
        if self._state is None:
            raise RuntimeError("The state of a source is known only after a complete scan.")
        return self._state

    def _looks(self, status: os.stat_result) -> str:
        return f"{stat_fingerprint(status)}:{self._selection.digest}"

    def _decompressed(self, file: IO[bytes]) -> IO[bytes]:
        """The content in a temporary file, so that a record can be read again at its offset."""
        plain = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes it)
        try:
            with gzip.open(file) as content:
                shutil.copyfileobj(content, plain, 1 << 20)
        except (OSError, EOFError, zlib.error) as error:
            plain.close()
            raise SourceUnavailable(
                f"{self._path} is not a complete gzip file ({error}). Write or copy it again."
            ) from None
        plain.seek(0)
        return plain

    def _lines(self, file: IO[bytes]) -> Iterator[RecordLine | Unreadable]:
        """Every line that the globs select; empty ones are passed over."""
        limit = self._options.max_bytes * _LINE_BYTES_PER_TEXT_BYTE + _LINE_BYTES_BESIDE_TEXT
        offset = number = 0
        while line := file.readline(limit):
            number += 1
            start, offset = offset, offset + len(line)
            if len(line) == limit and not line.endswith(b"\n"):
                while rest := file.readline(limit):
                    offset += len(rest)
                    if rest.endswith(b"\n"):
                        break
                advice = f"Split it, or raise the limit of {self._options.max_bytes} bytes a text."
                yield Unreadable(line_name(number), "too_large", advice)
            elif line.strip():
                described = self._described(line, start, number)
                if isinstance(described, Unreadable) or self._selection.includes(described.path):
                    yield described

    def _described(self, line: bytes, offset: int, number: int) -> RecordLine | Unreadable:
        return describe_line(
            parse_line(line), offset=offset, length=len(line), number=number, max_bytes=self._options.max_bytes
        )

    def _describe(self, file: IO[bytes], path: str, _fingerprint: str, entry: _Entry) -> Change:
        if isinstance(entry, Unreadable):
            return entry
        ends = [as_date(line.valid_from) for line in entry[1:]]
        revisions: list[Revision] = []
        for line, fingerprint, superseded in zip(entry, chain_fingerprints(entry), [*ends, None], strict=True):
            record = self._record(file, line)
            valid_to = as_date(line.valid_to)
            if valid_to is not None and superseded is not None:
                valid_to = min(valid_to, superseded)
            revision = Revision(
                fingerprint=fingerprint,
                read=partial(self._text, file, line),
                uri=record.get("uri") or f"{self._path.as_uri()}#{path}",
                valid_from=as_date(line.valid_from),
                valid_to=valid_to,
                title=record.get("title"),
                media_type=record.get("media_type"),
            )
            revisions.append(revision)
        return Changed(path, tuple(revisions), history=any(line.valid_from or line.valid_to for line in entry))

    def _text(self, file: IO[bytes], line: RecordLine) -> bytes:
        text: str = self._record(file, line)["text"]
        return text.encode()

    def _record(self, file: IO[bytes], line: RecordLine) -> dict[str, Any]:
        file.seek(line.offset)
        content = file.read(line.length)
        record = parse_line(content)
        if record is None or self._described(content, line.offset, line.number) != line:
            raise SourceUnavailable(
                f"{self._path} was written to while it was read. Write a new file and rename it over the old one."
            )
        return record

    def _unavailable(self, error: OSError) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self._path} cannot be read ({error.strerror}). Check that it exists, is mounted, and that the "
            "platform's user may read it; nothing was taken as deleted."
        )
