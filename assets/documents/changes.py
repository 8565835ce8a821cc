"""What a source's changes mean for its documents: reads and parses new revisions and joins them with the served timelines.

Nothing is written here but raw bytes, through the `keep` that the caller gives: a plan gives one that only hashes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from assets.documents import structure, timeline
from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.pool import ParserPool
from assets.documents.sources.base import (
    Change,
    Changed,
    Known,
    Removed,
    Revision,
    Source,
    SourceUnavailable,
    Unchanged,
    Unreadable,
)
from assets.documents.timeline import DatedRevision, TimelineEntry
from assets.lineage import schema
from assets.lineage.catalogue import Catalogue
from assets.lineage.moments import BEGINNING, OPEN, moment
from assets.storage.hashing import content_hash


@dataclass(frozen=True, slots=True)
class Problem:
    """A text that could not be read or parsed. `raw` is the hash of its bytes, where they could be read."""

    stage: str
    reason: str
    advice: str
    raw: str | None = None


@dataclass(slots=True)
class DocumentChange:
    """What becomes of one document. `outcome` is added, changed, removed, ended (known only from history), unchanged (its
    file was touched) or quarantined; added and removed say whether the source holds it, not whether it applies now. `gone`
    says that the path is no longer there; `fingerprint` is None then, and where the path could not be read, so that it is
    looked at again. `parsed` holds the newly parsed documents by (version, structure)."""

    document_id: str
    path: str
    outcome: str
    served: list[TimelineEntry]
    wanted: list[TimelineEntry]
    fingerprint: str | None
    raw: str | None
    gone: bool
    parsed: dict[tuple[str, str], ParsedDocument] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def known_of(catalogue: Catalogue, source_name: str, state: str | None) -> Known:
    """What the last refresh of a source left behind, streamed from the catalogue."""

    def files() -> Iterator[tuple[str, str]]:
        table = schema.files
        query = select(table.c.path, table.c.fingerprint).where(table.c.source == source_name).order_by(table.c.path)
        with catalogue.read() as connection:
            for row in connection.execution_options(yield_per=5000).execute(query):
                yield row.path, row.fingerprint

    return Known(state=state, files=files)


def served_timeline(connection: Connection, document_id: str) -> list[TimelineEntry]:
    """The timeline of a document that is served, oldest first."""
    table = schema.versions
    query = (
        select(table)
        .where(table.c.document_id == document_id, table.c.to_generation == OPEN)
        .order_by(table.c.valid_from)
    )
    return [
        TimelineEntry(
            version=row.version,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            title=row.title,
            title_stated=row.title_stated,
            uri=row.uri,
            media_type=row.media_type,
            raw=row.raw,
            structure=row.structure,
            fingerprint=row.fingerprint,
            key=row.version_key,
        )
        for row in connection.execute(query)
    ]


def document_changes(
    catalogue: Catalogue,
    source_name: str,
    source: Source,
    known: Known,
    pool: ParserPool,
    keep: Callable[[bytes], str],
    *,
    at: int,
    full: bool = False,
    is_kept: Callable[[TimelineEntry], bool] = lambda _: True,
) -> Iterator[DocumentChange]:
    """Every document that a scan says has changed, with its timeline as it should be, in the order of the scan.

    `at` is the moment of this look: the date of undated changes. What `is_kept` says is lost of a served entry is parsed
    again, although its bytes are the same. Raises SourceUnavailable; what was yielded before has to be
    dropped then.
    """
    first_look = known.state is None
    reader = _Reader(catalogue, source_name, keep, is_kept, at)
    groups = reader.groups(source.scan(known, full=full))
    for group, results in _in_groups(groups, pool):
        yield _joined(group, results, at=at, first_look=first_look)


@dataclass(slots=True)
class _Group:
    """One path's change on its way through the parsers. `listed` says whether the path is among the known files."""

    document_id: str
    path: str
    change: Changed | Removed | Unreadable
    served: list[TimelineEntry]
    listed: bool
    revisions: list["_Read"]


@dataclass(slots=True)
class _Read:
    """A revision whose bytes were read. `raw` is None where they could not be; `known` is the served entry that was parsed
    from the same bytes."""

    revision: Revision
    raw: str | None
    data: bytes | None
    known: TimelineEntry | None
    problem: Problem | None


class _Reader:
    """Reads the bytes of changed paths; leaves out what is served already."""

    def __init__(
        self,
        catalogue: Catalogue,
        source_name: str,
        keep: Callable[[bytes], str],
        is_kept: Callable[[TimelineEntry], bool],
        at: int,
    ) -> None:
        self._catalogue = catalogue
        self._source_name = source_name
        self._keep = keep
        self._is_kept = is_kept
        self._at = at

    def groups(self, changes: Iterable[Change]) -> Iterator[_Group]:
        for change in changes:
            if isinstance(change, Unchanged):
                continue
            document_id = f"{self._source_name}/{change.path}"
            with self._catalogue.read() as connection:
                served = served_timeline(connection, document_id)
                listed = _is_listed(connection, self._source_name, change.path)
            revisions = change.revisions if isinstance(change, Changed) else ()
            yield _Group(
                document_id=document_id,
                path=change.path,
                change=change,
                served=served,
                listed=listed,
                # A source hands out the bytes of a change only until it is asked for the next one.
                revisions=[self._read(revision, served, change) for revision in revisions],
            )

    def _read(self, revision: Revision, served: Sequence[TimelineEntry], change: Change) -> _Read:
        try:
            data = revision.read()
        except UnreadableDocument as error:
            return _Read(revision, None, None, None, Problem("read", error.reason, error.advice))
        raw = self._keep(data)
        history = isinstance(change, Changed) and change.history
        # What was only touched need not be parsed. Within a history it is not known which entry a revision belongs to, and
        # of an entry that has ended not whether the text said so itself.
        same = bool(served) and served[-1].raw == raw and revision.title in (None, served[-1].title)
        if same and not history and served[-1].valid_to > self._at and self._is_kept(served[-1]):
            return _Read(revision, raw, None, served[-1], None)
        return _Read(revision, raw, data, None, None)


def _is_listed(connection: Connection, source_name: str, path: str) -> bool:
    table = schema.files
    query = select(table.c.path).where(table.c.source == source_name, table.c.path == path)
    return connection.execute(query).first() is not None


def _in_groups(
    groups: Iterator[_Group], pool: ParserPool
) -> Iterator[tuple[_Group, list[ParsedDocument | UnreadableDocument]]]:
    """Sends what has to be parsed through the pool, which keeps the order, and puts each path's results together again."""
    waiting: deque[tuple[_Group, int, list[ParsedDocument | UnreadableDocument]]] = deque()

    def tasks() -> Iterator[tuple[int, bytes, str, str | None]]:
        for group in groups:
            to_parse = [read for read in group.revisions if read.data is not None]
            waiting.append((group, len(to_parse), []))
            for read in to_parse:
                data, read.data = read.data, b""
                assert data is not None
                yield 0, data, group.path, read.revision.media_type

    for _, result in pool.parse_many(tasks()):
        while waiting[0][1] == 0:
            group, _, results = waiting.popleft()
            yield group, results
        group, expected, results = waiting[0]
        results.append(result)
        if len(results) == expected:
            waiting.popleft()
            yield group, results
    while waiting:
        group, _, results = waiting.popleft()
        yield group, results


def _joined(
    group: _Group, results: list[ParsedDocument | UnreadableDocument], *, at: int, first_look: bool
) -> DocumentChange:
    remaining = iter(results)
    dated: list[DatedRevision] = []
    parsed: dict[tuple[str, str], ParsedDocument] = {}
    problems: list[Problem] = []
    for read in group.revisions:
        if read.problem is not None:
            problems.append(read.problem)
        elif read.known is not None:
            dated.append(_dated_again(read.revision, read.known))
        else:
            result = next(remaining)
            if isinstance(result, UnreadableDocument):
                problems.append(Problem("parse", result.reason, result.advice, read.raw))
            else:
                revision = _dated(read.revision, result, str(read.raw))
                parsed[(revision.version, revision.structure)] = result
                dated.append(revision)
    return _outcome(group, dated, parsed, problems, at=at, first_look=first_look)


def _outcome(
    group: _Group,
    dated: list[DatedRevision],
    parsed: dict[tuple[str, str], ParsedDocument],
    problems: list[Problem],
    *,
    at: int,
    first_look: bool,
) -> DocumentChange:
    change, served = group.change, group.served
    match change:
        case Unreadable():
            problems.append(Problem("read", change.reason, change.advice))
            wanted = served
        case Removed():
            wanted = timeline.ended(served, at)
        case Changed(history=True):
            wanted = timeline.from_history(dated, _moment_or_none(change)) if dated or not problems else served
        case Changed():
            undated_from = BEGINNING if first_look and not served else at
            wanted = timeline.followed_by(served, dated, _moment_or_none(change), undated_from=undated_from)
    wanted = timeline.keep_served(wanted, served)
    last = group.revisions[-1] if group.revisions else None
    gone = isinstance(change, Removed) or (isinstance(change, Changed) and change.removed_at is not None)
    fingerprint = None if gone or last is None or last.problem else last.revision.fingerprint
    before = _is_held(served, at, listed=group.listed)
    after = not gone and _is_held(wanted, at, listed=group.listed or fingerprint is not None)
    return DocumentChange(
        document_id=group.document_id,
        path=group.path,
        outcome=_named(served, wanted, problems, before=before, after=after),
        served=served,
        wanted=wanted,
        fingerprint=fingerprint,
        raw=last.raw if last is not None else (served[-1].raw if served else None),
        gone=gone,
        parsed={
            key: document for key, document in parsed.items() if any((e.version, e.structure) == key for e in wanted)
        },
        problems=problems,
    )


def _is_held(entries: Sequence[TimelineEntry], at: int, *, listed: bool) -> bool:
    """Whether a document is one that the source holds: also one that says of itself that it applies no longer."""
    return bool(entries) and (listed or timeline.is_present(entries, at))


def _named(
    served: Sequence[TimelineEntry],
    wanted: Sequence[TimelineEntry],
    problems: Sequence[Problem],
    *,
    before: bool,
    after: bool,
) -> str:
    if before != after:
        return "added" if after else "removed"
    if list(served) == list(wanted):
        return "quarantined" if problems else "unchanged"
    return "changed" if after else "ended"


def _moment_or_none(change: Changed) -> int | None:
    return None if change.removed_at is None else moment(change.removed_at)


def _dated(revision: Revision, document: ParsedDocument, raw: str) -> DatedRevision:
    valid_from, valid_to = revision.valid_from, revision.valid_to
    if valid_from is None and valid_to is None:
        # What the source knows of dates counts before what a text says of itself.
        valid_from, valid_to = document.valid_from, document.valid_to
    return DatedRevision(
        version=content_hash(document.text.encode()),
        valid_from=None if valid_from is None else moment(valid_from),
        valid_to=None if valid_to is None else moment(valid_to),
        title=document.title if revision.title is None else revision.title,
        title_stated=revision.title is not None,
        uri=revision.uri,
        media_type=document.media_type,
        raw=raw,
        structure=content_hash(structure.dump(document)),
        fingerprint=revision.fingerprint,
    )


def _dated_again(revision: Revision, known: TimelineEntry) -> DatedRevision:
    """A revision whose bytes are those of the latest served entry."""
    return DatedRevision(
        version=known.version,
        valid_from=None if revision.valid_from is None else moment(revision.valid_from),
        valid_to=None if revision.valid_to is None else moment(revision.valid_to),
        title=known.title,
        title_stated=known.title_stated,
        uri=revision.uri,
        media_type=known.media_type,
        raw=known.raw,
        structure=known.structure,
        fingerprint=revision.fingerprint,
    )


__all__ = ["DocumentChange", "Problem", "SourceUnavailable", "document_changes", "known_of", "served_timeline"]
