"""Which form a file of labelled resumes has: its content decides, its name only where content leaves it open."""

from contextlib import closing
from enum import Enum, auto

from assets.documents.parsing.decoding import MARKS
from assets.labels.reading.characters import characters
from assets.labels.reading.content import Content
from assets.labels.reading.parquet import MAGIC
from assets.labels.reading.refusals import Unusable


class Form(Enum):
    """What a file is read as."""

    DELIMITED = auto()
    JSON_LINES = auto()
    JSON_LIST = auto()
    PARQUET = auto()
    ARCHIVE = auto()


_DELIMITED = frozenset({".csv", ".tsv", ".tab", ".psv"})
_JSON = frozenset({".jsonl", ".ndjson", ".json"})
_BINARY = frozenset({".parquet", ".pq", ".zip", ".pdf", ".docx", ".xlsx", ".xls", ".doc", ".png", ".jpg", ".jpeg"})
_RESUME = frozenset({".txt", ".md", ".html", ".htm", ".rtf"})
_UNREADABLE = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!",
    b"\x28\xb5\x2f\xfd", b"\x7fELF", b"SQLite format 3", b"ORC", b"Obj\x01",
)  # fmt: skip
_FIRST_LINES = 5
_SAMPLE = 64 * 1024


def form_of(content: Content) -> Form:
    """The form. Raises Unusable: empty, mislabelled, no_listing, unknown_format, and what reading it raises."""
    is_compressed = content.is_compressed
    with closing(content.unpacked()) as file:
        beginning = file.read(_SAMPLE)
    if not beginning.strip(b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"):
        raise Unusable("empty")
    if ".gz" in content.suffixes and not is_compressed:
        raise Unusable("mislabelled")
    if beginning.startswith(MAGIC) and not is_compressed:
        return Form.PARQUET
    if beginning.startswith((b"PK\x03\x04", b"PK\x05\x06")) and not is_compressed:
        return Form.ARCHIVE
    if beginning[:1024].lstrip().startswith(b"%PDF-"):
        raise Unusable("no_listing")
    is_text = beginning.startswith(tuple(mark for mark, _ in MARKS))
    if not is_text and beginning.startswith((*_UNREADABLE, MAGIC, b"PK\x03\x04", b"\x1f\x8b")):
        raise Unusable("unknown_format")
    return _textual(content)


def _textual(content: Content) -> Form:
    named = set(content.suffixes)
    if named & _BINARY:
        raise Unusable("mislabelled")
    if named & _RESUME:
        raise Unusable("no_listing")
    beginning = next(characters(content), "").lstrip()
    if beginning.startswith("["):
        found = Form.JSON_LIST
    elif beginning.startswith("{") or (
        # The first line may be the broken one.
        named & _JSON and any(line.lstrip().startswith("{") for line in beginning.splitlines()[:_FIRST_LINES])
    ):
        found = Form.JSON_LINES
    else:
        found = Form.DELIMITED
    if (named & _JSON and found is Form.DELIMITED) or (named & _DELIMITED and beginning.startswith(("{", "["))):
        raise Unusable("mislabelled")
    return Form.DELIMITED if named & _DELIMITED else found
