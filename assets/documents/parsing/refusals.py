"""Why files are refused and what a person can do about each; the one place that words it."""

from assets.documents.model import UnreadableDocument
from assets.documents.parsing.limits import MAX_DEPTH, MAX_RAW_BYTES, MAX_TEXT_CHARACTERS

ADVICE: dict[str, str] = {
    "empty": "The file is empty: put the finished document in its place, or remove it.",
    "no_text": "The file opens but holds no text: if it is a scan, run text recognition (OCR) and save the result.",
    "encrypted": "The file is password-protected or encrypted: save an unprotected copy and put it in its place.",
    "truncated": "The file ends before its content does, as after a broken download or copy: fetch or export it again.",
    "corrupt": "The file is damaged: open it in the program it was made with and save it again.",
    "mislabelled": "The file's name says one format, its content another: give it the right ending or export it again.",
    "too_large": f"The file is larger than {MAX_RAW_BYTES // (1024 * 1024)} MiB or holds more than "
    f"{MAX_TEXT_CHARACTERS // 1_000_000} million characters: split it into parts.",
    "too_deep": f"The file's lists, tables or elements are nested more than {MAX_DEPTH} deep: flatten its structure.",
    "entity_expansion": "The XML declares a document type, whose entities can expand without end: save it without one.",
    "zip_bomb": "The file unpacks to far more than a document holds: check where it comes from, and save it again.",
    "unknown_format": "The file is of no kind that can be read: export it as Markdown, HTML, PDF, DOCX or plain text.",
    "unknown_schema": "The XML follows a schema that is not known: convert it to HTML or Markdown.",
    "bad_encoding": "The file's characters cannot be told apart reliably: save it as UTF-8.",
    "too_slow": "Reading the file took longer than is allowed: simplify it or split it into parts.",
    "too_much_memory": "Reading the file needed more memory than is allowed: simplify it or split it into parts.",
    "parser_crashed": "The file brought down the program that reads it, so it is probably damaged: save it again.",
}


def refusal(reason: str, advice: str = "") -> UnreadableDocument:
    """The exception for `reason`, with the standing advice unless a more exact one is given; the caller raises it."""
    return UnreadableDocument(reason, advice or ADVICE[reason])
