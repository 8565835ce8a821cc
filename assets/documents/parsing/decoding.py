"""From bytes to characters: byte order marks first, then UTF-8, then what the bytes themselves suggest."""

import codecs
import re

from assets.documents.parsing.refusals import refusal

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 64 * 1024
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# Typographic quotes, dashes, the section sign and accented letters: what Western office text has beyond ASCII.
_WESTERN = frozenset(b"\x80\x82\x84\x85\x8a\x8c\x8e\x91\x92\x93\x94\x95\x96\x97\x99\x9a\x9c\x9e\x9f") | frozenset(
    range(0xA0, 0x100)
)


def decode(raw: bytes, declared: str | None = None) -> str:
    """The text of `raw`; `declared` is the encoding that the document itself names, used where it fits.

    Raises UnreadableDocument: unknown_format for binary content, truncated where the last character is cut,
    bad_encoding where no encoding fits.
    """
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _checked(_strictly(raw[len(mark) :], encoding))
    if b"\x00" in raw[:_SAMPLE]:
        return _checked(_strictly(raw, wide_encoding(raw)))
    if declared and (text := _declared(raw, declared)) is not None:
        return _checked(text)
    try:
        return _checked(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        failed_at = error.start
    if any(byte >= 0x80 for byte in raw[max(0, failed_at - _SAMPLE) : failed_at]):
        # Valid multi-byte characters came before, so that it is UTF-8, cut or spoilt.
        raise refusal("truncated" if len(raw) - failed_at < 4 else "bad_encoding")
    return _checked(_strictly(raw, legacy_encoding(raw)))


def _declared(raw: bytes, declared: str) -> str | None:
    try:
        return raw.decode(codecs.lookup(declared).name)
    except (LookupError, UnicodeDecodeError):
        return None


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        cut = len(raw) - error.start < 4
        raise refusal("truncated" if cut else "bad_encoding") from error


def wide_encoding(raw: bytes) -> str:
    """The encoding of two bytes a character without a mark that its beginning shows. Raises UnreadableDocument."""
    # Mostly Latin text in UTF-16 has its zero bytes all at even or all at odd places.
    sample = raw[:_SAMPLE]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > half * 0.5 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.5 and odd < half * 0.05:
        return "utf-16-be"
    raise refusal("unknown_format")


def legacy_encoding(raw: bytes) -> str:
    """The encoding of one byte or more a character, other than UTF-8, that its beginning shows. Raises UnreadableDocument."""
    sample = raw[:_SAMPLE]
    high = [byte for byte in sample if byte >= 0x80]
    if high and len(high) < 0.2 * len(sample) and all(byte in _WESTERN for byte in high):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    if best is None:
        raise refusal("bad_encoding")
    return best.encoding


def _checked(text: str) -> str:
    # Escape is let through: terminal colours are stripped later and are no sign of binary content.
    if len(_CONTROLS.findall(text, 0, _SAMPLE)) > max(2, len(text[:_SAMPLE]) // 100):
        raise refusal("unknown_format")
    return text
