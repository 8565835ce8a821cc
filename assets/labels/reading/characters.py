"""From a file's bytes to characters, in pieces: the encoding is that of the whole file, as the documents' parsers see it.

Bytes that are not in it become halves of surrogate pairs, which no sound text holds, so that only their rows are refused.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import closing

from assets.documents.model import UnreadableDocument
from assets.documents.parsing.decoding import MARKS, legacy_encoding, wide_encoding
from assets.labels.reading.content import Content, Reader
from assets.labels.reading.limits import PIECE
from assets.labels.reading.refusals import Unusable

_HALF = "\udcff"
_MARKED = "hrdp-mark"
_BEYOND_ASCII = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]")
_CONTROLS = re.compile(b"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 64 * 1024


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _HALF, error.end


codecs.register_error(_MARKED, _mark)


def characters(content: Content) -> Iterator[str]:
    """The text in pieces, without a byte order mark. Raises Unusable where the content is no text or ends too early."""
    decoder = codecs.getincrementaldecoder(encoding_of(content))(_MARKED)
    is_first = True
    with closing(content.unpacked()) as file:
        while raw := file.read(PIECE):
            piece = decoder.decode(raw)
            if is_first and piece:
                piece, is_first = piece.removeprefix("\ufeff"), False
            if piece:
                yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest


def encoding_of(content: Content) -> str:
    """The encoding of a text. Raises Unusable: unknown_format, bad_encoding, and what unpacking raises at the beginning."""
    with closing(content.unpacked()) as file:
        sample = file.read(_SAMPLE)
        for mark, encoding in MARKS:
            if sample.startswith(mark):
                return encoding
        if b"\x00" in sample:
            try:
                return wide_encoding(sample)
            except UnreadableDocument:
                # A null byte here and there spoils its row only.
                pass
        if len(_CONTROLS.findall(sample)) > max(100, len(sample) // 20):
            raise Unusable("unknown_format")
        try:
            return _narrow_encoding(sample, file)
        except UnreadableDocument:
            raise Unusable("bad_encoding") from None


def _narrow_encoding(piece: bytes, file: Reader) -> str:
    """UTF-8 where the file, which goes on after the piece, has any sound character of it beyond ASCII, or nothing else."""
    decoder = codecs.getincrementaldecoder("utf-8")(_MARKED)
    suspect = b""
    try:
        while piece:
            text = decoder.decode(piece)
            if not text.isascii():
                if _BEYOND_ASCII.search(text):
                    return "utf-8"
                suspect = suspect or piece
            piece = file.read(PIECE)
    except Unusable:
        # Where it ends too early is told when its rows are read.
        pass
    return legacy_encoding(suspect) if suspect else "utf-8"
