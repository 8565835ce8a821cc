"""`read_labels`: the rows of a file, a folder or an archive of labelled resumes."""

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path, PurePosixPath

from assets.documents.model import UnreadableDocument
from assets.documents.parsing.pool import ParserPool
from assets.labels.model import LabelRow, Rejected
from assets.labels.reading.columns import Columns
from assets.labels.reading.content import Content, LabelsUnavailable
from assets.labels.reading.forms import Form, form_of
from assets.labels.reading.refusals import Unusable
from assets.labels.reading.resumes import Archive, Folder, Nowhere, Place, file_named, listing
from assets.labels.reading.rows import rows_of
from assets.labels.reading.values import Row
from assets.labels.tasks.task import Task

# As many rows without the form of a row are enough to say that the file is of another kind.
_STRANGE_ROWS = 1_000


def read_labels(
    source: Path | bytes,
    task: Task,
    columns: Columns | None = None,
    drop_first_line: bool = False,
    *,
    allowed: frozenset[str] = frozenset(),
    parser_workers: int = 1,
) -> Iterator[LabelRow | Rejected]:
    """The rows in order, counted from 1, each as it is read; what can't be taken is given as Rejected and the rest goes on.

    `source` is a file, a folder, or a file's content. `drop_first_line` takes the first line off each resume (many public
    sets carry the label there). `allowed` are the labels that may occur (empty: any). Row 0 is the file as a whole; it may
    be rejected more than once, and beside rows that were taken.

    Rows are not compared with one another: what the same id with other labels means is for `settling` to say.

    Nothing that the file holds raises an exception. Raises LabelsUnavailable where it can't be opened.
    """
    reading = _Reading(task, columns or Columns(), drop_first_line, allowed, parser_workers)
    is_empty = True
    for result in reading.results(source):
        is_empty = False
        yield result
    if is_empty:
        yield Unusable("no_rows").rejects(0)


class _Reading:
    """What a file's rows are read for and how."""

    def __init__(
        self, task: Task, columns: Columns, drop_first_line: bool, allowed: frozenset[str], parser_workers: int
    ) -> None:
        self._task = task
        self._columns = columns
        self._drop_first_line = drop_first_line
        self._allowed = allowed
        self._parser_workers = parser_workers

    def results(self, source: Path | bytes) -> Iterator[LabelRow | Rejected]:
        try:
            if isinstance(source, Path) and source.is_dir():
                yield from self._of_place(Folder(source))
                return
            content = Content.of(source)
            form = form_of(content)
            if form is not Form.ARCHIVE:
                place = Folder(source.parent) if isinstance(source, Path) else Nowhere()
                yield from self._of_file(content, form, place, PurePosixPath(), set())
                return
            with Archive(content) as archive:
                if archive.is_word_file:
                    raise Unusable("no_listing")
                yield from self._of_place(archive)
        except Unusable as problem:
            yield problem.rejects(0)
        except OSError as problem:
            raise LabelsUnavailable(
                f"Reading failed ({problem.strerror}): check that the files are there and readable, and try again."
            ) from None

    def _of_place(self, place: Place) -> Iterator[LabelRow | Rejected]:
        name = listing(place)
        content = place.content(name)
        named = {name}
        yield from self._of_file(content, form_of(content), place, name.parent, named)
        count = sum(each not in named for each in place.names())
        if count:
            advice = f"{count:,} files are named by no row: add rows for them, or take them out."
            yield Unusable("unlisted_files", advice).rejects(0)

    def _of_file(
        self, content: Content, form: Form, place: Place, beside: PurePosixPath, named: set[PurePosixPath]
    ) -> Iterator[LabelRow | Rejected]:
        """The rows of a file; the files that they name are added to `named`."""
        failures: list[Unusable] = []
        rows = _until_failure(enumerate(rows_of(content, form, self._task, self._columns), 1), failures)
        beginning: list[tuple[int, Row | Unusable]] = []
        for number, row in rows:
            beginning.append((number, row))
            if isinstance(row, Row):
                break
        rows = chain(beginning, rows)
        if any(isinstance(row, Row) and row.names_a_file for _, row in beginning):
            rows = self._with_texts(rows, place, beside, named)
        for number, row in rows:
            yield self._result(number, row)
        for failure in failures:
            yield failure.rejects(0)

    def _result(self, number: int, row: Row | Unusable) -> LabelRow | Rejected:
        if isinstance(row, Unusable):
            return row.rejects(number)
        try:
            return self._task.read(number, row, drop_first_line=self._drop_first_line, allowed=self._allowed)
        except Unusable as problem:
            return problem.rejects(number)

    def _with_texts(
        self, rows: Iterable[tuple[int, Row | Unusable]], place: Place, beside: PurePosixPath, named: set[PurePosixPath]
    ) -> Iterator[tuple[int, Row | Unusable]]:
        """The rows with the texts of the files that they name, parsed in processes that are bounded."""

        def files() -> Iterator[tuple[tuple[int, Row | Unusable], bytes, str, None]]:
            for number, row in rows:
                raw, ending = b"", ""
                if isinstance(row, Row):
                    try:
                        name = file_named(row.value("file"), beside)
                        named.add(name)
                        raw, ending = place.read(name), name.suffix
                    except Unusable as problem:
                        row = problem
                yield (number, row), raw, f"resume{ending}", None

        with ParserPool(self._parser_workers) as pool:
            for (number, row), outcome in pool.parse_many(files()):
                if isinstance(row, Unusable):
                    yield number, row
                elif isinstance(outcome, UnreadableDocument):
                    yield number, Unusable(outcome.reason, outcome.advice)
                else:
                    yield number, row.with_text(outcome.text)


def _until_failure(
    rows: Iterable[tuple[int, Row | Unusable]], failures: list[Unusable]
) -> Iterator[tuple[int, Row | Unusable]]:
    """The rows up to where the file can't be read on; what was wrong is added to `failures`."""
    is_known = False
    first: Unusable | None = None
    try:
        for number, row in rows:
            yield number, row
            if isinstance(row, Row):
                is_known = True
            elif not is_known:
                first = first or row
                if number >= _STRANGE_ROWS:
                    advice = f"None of the first {number:,} rows has the form of a row. {first.advice}"
                    failures.append(Unusable(first.reason, advice))
                    return
    except Unusable as problem:
        failures.append(problem)
