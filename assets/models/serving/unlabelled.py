"""Texts that are to be predicted: rows of a file, or one resume that is a file of its own, each anonymized before it goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.documents.model import UnreadableDocument
from assets.documents.parsing.limits import MAX_RAW_BYTES
from assets.documents.parsing.pool import ParserPool
from assets.labels.anonymizing.model import Anonymized, Masked
from assets.labels.anonymizing.parallel import MaskedRow, anonymize_rows
from assets.labels.model import LabelRow, Rejected
from assets.labels.reading.columns import Columns, column, not_recognised
from assets.labels.reading.content import Content
from assets.labels.reading.reading import read_labels
from assets.labels.reading.refusals import Unusable
from assets.labels.reading.resumes import Archive
from assets.labels.reading.values import Row, checked_text, without_first_line
from assets.labels.tasks.job_category import JobCategory

_RESUMES = frozenset({".pdf", ".docx", ".doc", ".odt", ".rtf", ".txt", ".md", ".html", ".htm"})


@dataclass(frozen=True, slots=True)
class UnlabelledText:
    """A text and what is left of it without personal items; `id` is the file's own, else the row's number, or a resume's file
    name. `original_hash` is that of the text as it came in, in which `masked` counts.
    """

    id: str
    original: str
    original_hash: str
    text: str
    masked: tuple[Masked, ...]


def read_resumes(
    path: Path, columns: Columns | None = None, drop_first_line: bool = False, parser_workers: int = 1
) -> Iterator[UnlabelledText | Rejected]:
    """The resumes of a file, in order, some hundreds in memory at most; what can't be read is told, and the rest goes on.

    Raises LabelsUnavailable where the file can't be opened, AnonymizingStopped.
    """
    if _is_resume(path):
        rows: Iterator[LabelRow | Rejected] = iter([_resume(path, drop_first_line)])
    else:
        rows = read_labels(path, _Resumes(), columns, drop_first_line, parser_workers=parser_workers)
    return _anonymized(rows)


def read_openings(path: Path, parser_workers: int = 1) -> Iterator[UnlabelledText | Rejected]:
    """The openings of a file in the same way."""
    return _anonymized(read_labels(path, _Openings(), parser_workers=parser_workers))


def _anonymized(rows: Iterator[LabelRow | Rejected]) -> Iterator[UnlabelledText | Rejected]:
    # This task's labels, of which there are none here, are carried over as they are.
    for row in anonymize_rows(rows, JobCategory.name):
        yield row if isinstance(row, Rejected) else _text(row)


def _text(row: MaskedRow) -> UnlabelledText:
    original = row.original
    return UnlabelledText(
        original.record_id or str(original.row), original.text, row.original_hash, row.text, row.masked
    )


def _is_resume(path: Path) -> bool:
    """Whether a file is a resume rather than a set of them. Raises LabelsUnavailable."""
    content = Content.of(path)
    if _RESUMES.intersection(content.suffixes):
        return True
    beginning = content.beginning(1024)
    if beginning.lstrip().startswith(b"%PDF-"):
        return True
    if not beginning.startswith(b"PK\x03\x04") or content.suffixes == (".zip",):
        return False
    try:
        with Archive(content) as archive:
            return archive.is_word_file
    except Unusable:
        return False


def _resume(path: Path, drop_first_line: bool) -> LabelRow | Rejected:
    with path.open("rb") as file:
        raw = file.read(MAX_RAW_BYTES + 1)
    with ParserPool() as pool:
        [(_, parsed)] = pool.parse_many([(None, raw, f"resume{path.suffix.lower()}", None)])
    if isinstance(parsed, UnreadableDocument):
        return Rejected(0, parsed.reason, parsed.advice)
    try:
        text = checked_text(parsed.text)
        return LabelRow(1, path.name, without_first_line(text)[0] if drop_first_line else text, "")
    except Unusable as problem:
        return problem.rejects(0)


class _Resumes:
    """Rows of resumes, as a task without labels."""

    name = "resumes"

    def check_columns(self, present: tuple[str, ...], columns: Columns) -> None:
        if not column("text", present, columns.text) and (columns.text or not column("file", present)):
            raise not_recognised("the resumes' text (or their files): name it with --text-column", present)

    def read(self, number: int, row: Row, *, drop_first_line: bool, allowed: frozenset[str]) -> LabelRow:
        return LabelRow(number, row.record_id(), row.text(drop_first_line=drop_first_line), "")

    def subject(self, row: LabelRow) -> tuple[str, ...] | None:
        return None

    def carried_over(self, label: str, anonymized: Anonymized) -> str:
        return label

    def classes(self, label: str) -> tuple[str, ...]:
        return ()


class _Openings(_Resumes):
    """Rows of openings; their text is called opening, or text."""

    name = "openings"

    def check_columns(self, present: tuple[str, ...], columns: Columns) -> None:
        if not column("opening", present) and not column("text", present):
            raise not_recognised("the openings' text: call it text or opening", present)

    def read(self, number: int, row: Row, *, drop_first_line: bool, allowed: frozenset[str]) -> LabelRow:
        identity = row.opening_id() or row.record_id()
        value = row.value("opening") if "opening" in row else row.value("text")
        if value is None:
            raise Unusable("no_opening")
        return LabelRow(number, identity, checked_text(value, empty="no_opening"), "")
