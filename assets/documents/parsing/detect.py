"""Which format a file is in: its content decides, its name and declared type only where content leaves it open."""

import re
import zipfile
from enum import StrEnum
from io import BytesIO
from pathlib import PurePosixPath

from assets.documents.parsing.decoding import decode
from assets.documents.parsing.refusals import refusal


class Format(StrEnum):
    """The formats that are parsed; the value is the media type of the resulting document."""

    PLAIN = "text/plain"
    MARKDOWN = "text/markdown"
    HTML = "text/html"
    XML = "application/xml"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


_EXTENSIONS = {
    ".md": Format.MARKDOWN,
    ".markdown": Format.MARKDOWN,
    ".mdown": Format.MARKDOWN,
    ".mkd": Format.MARKDOWN,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".xhtml": Format.HTML,
    ".xml": Format.XML,
    ".pdf": Format.PDF,
    ".docx": Format.DOCX,
    ".docm": Format.DOCX,
    ".dotx": Format.DOCX,
}
_MEDIA_TYPES = {
    "text/markdown": Format.MARKDOWN,
    "text/x-markdown": Format.MARKDOWN,
    "text/html": Format.HTML,
    "application/xhtml+xml": Format.HTML,
    "application/xml": Format.XML,
    "text/xml": Format.XML,
    "application/pdf": Format.PDF,
    Format.DOCX.value: Format.DOCX,
}
_BINARY_EXTENSIONS = frozenset({
    ".doc", ".dot", ".xls", ".xlsx", ".ppt", ".pptx", ".odt", ".ods", ".odp", ".epub", ".png", ".jpg", ".jpeg", ".gif",
    ".bmp", ".tif", ".tiff", ".webp", ".ico", ".zip", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".zst",
    ".exe", ".dll", ".so", ".class", ".jar", ".mp3", ".mp4", ".wav", ".avi", ".mov", ".ttf", ".otf", ".woff", ".woff2",
    ".sqlite", ".parquet"
})  # fmt: skip
_KNOWN_BINARIES = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"SQLite format 3\x00", "a database"),
    (b"PAR1", "a Parquet file"),
    (b"{\\rtf", "a rich text (RTF) file"),
    (b"ID3", "an audio file"),
    (b"OggS", "an audio file"),
    (b"RIFF", "an image, audio or video file"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x00asm", "a program"),
    (b"%!PS", "a PostScript file"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HTML_START = re.compile(r"\s*(?:<!--.{0,2000}?-->\s*){0,5}<(?:!doctype\s+html|html|head|body)[\s>]", re.I | re.S)
_XHTML_START = re.compile(r"\s*<\?xml[^>]{0,200}\?>\s*(?:<!doctype\s+html|<html[\s>])", re.I)
_XML_START = re.compile(r"\s*<\?xml[\s?]")


def detect(raw: bytes, path: str, media_type: str | None = None) -> Format:
    """The format of `raw`.

    A file whose content is a PDF or DOCX is that, and text that opens like HTML or XML is that, whatever it is called.
    Text under the name of a binary format is refused as mislabelled. Raises UnreadableDocument: empty, mislabelled,
    encrypted, truncated, zip_bomb, unknown_format, bad_encoding.
    """
    if not raw.strip(b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"):
        raise refusal("empty")
    claimed = _claimed(path, media_type)
    binary = _binary(raw, claimed)
    if binary is not None:
        return binary
    text = decode(raw)
    return _textual(text, path, claimed)


def _claimed(path: str, media_type: str | None) -> Format | None:
    bare = (media_type or "").split(";")[0].strip().lower()
    # Servers and records call Markdown and HTML text/plain, so that an ending says more than that.
    return _MEDIA_TYPES.get(bare) or _EXTENSIONS.get(_extension(path))


def _extension(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _binary(raw: bytes, claimed: Format | None) -> Format | None:
    start = raw[:1024]
    if start.lstrip(b" \t\r\n\x00\xef\xbb\xbf").startswith(b"%PDF-") or (claimed is Format.PDF and b"%PDF-" in start):
        return Format.PDF
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(raw, claimed)
    if start.startswith(_OLE):
        if _OLE_ENCRYPTED in raw:
            raise refusal("encrypted")
        raise refusal("unknown_format", "The file is in an old Office format (such as .doc): save it as .docx or PDF.")
    for magic, name in _KNOWN_BINARIES:
        if start.startswith(magic):
            raise refusal("unknown_format", f"The file is {name}, not a document: export its text, or take it out.")
    return None


def _zipped(raw: bytes, claimed: Format | None) -> Format:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        if claimed is not Format.DOCX:
            raise refusal("unknown_format", "The file is a damaged archive, not a document: take it out.") from error
        raise refusal("corrupt" if b"PK\x05\x06" in raw[-65_600:] else "truncated") from error
    if "[Content_Types].xml" in names and any(name.startswith("word/") for name in names):
        return Format.DOCX
    raise refusal(
        "unknown_format",
        "The file is an archive or an Office file other than Word: export its text as DOCX or PDF.",
    )


def _textual(text: str, path: str, claimed: Format | None) -> Format:
    if claimed in (Format.PDF, Format.DOCX) or _extension(path) in _BINARY_EXTENSIONS:
        raise refusal("mislabelled")
    if _HTML_START.match(text) or _XHTML_START.match(text):
        return Format.HTML
    if _XML_START.match(text):
        return Format.XML
    if claimed is Format.XML and not text.lstrip().startswith("<"):
        raise refusal("mislabelled")
    return claimed or Format.PLAIN
