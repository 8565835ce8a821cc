"""What a line of a file of records says, and how the lines of one id make one document: pure functions, no files."""

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from assets.documents.sources.base import Unreadable

OPTIONAL_TEXTS = ("title", "uri", "media_type")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_NAME = re.compile(r"unreadable line \d+")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class RecordLine(NamedTuple):
    """Where a record stands and what tells it from others, without its text.

    `digest` is the hash of what it says; `valid_from` and `valid_to` are ISO 8601 in UTC. Where `reason` is set the
    record cannot be used, and `advice` says what to do.
    """

    path: str
    digest: str
    offset: int
    length: int
    valid_from: str | None
    valid_to: str | None
    number: int
    reason: str | None = None
    advice: str | None = None


def parse_line(line: bytes) -> dict[str, Any] | None:
    """The JSON object on a line, None where there is none."""
    try:
        record = json.loads(line.removeprefix(_BYTE_ORDER_MARK))
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def line_name(number: int) -> str:
    """What a line is called whose record has no id; no record may be called so."""
    return f"unreadable line {number}"


def describe_line(
    record: dict[str, Any] | None, *, offset: int, length: int, number: int, max_bytes: int
) -> RecordLine | Unreadable:
    """What a line says; Unreadable, under its `line_name`, where not even its id can be told."""
    if record is None:
        return Unreadable(line_name(number), "not_json", "Write one JSON object on the line, in UTF-8.")
    identity = record.get("id")
    path = str(identity) if isinstance(identity, str | int) and not isinstance(identity, bool) else ""
    if not path.strip() or _CONTROL.search(path) or _LINE_NAME.fullmatch(path):
        return Unreadable(
            line_name(number), "bad_id", "Give it an `id`: a whole number or a text without control characters."
        )
    problem = _problem(record, max_bytes)
    if problem is not None:
        return RecordLine(path, "", offset, length, None, None, number, problem[0], f"Line {number}: {problem[1]}")
    dates = [_stated_date(record, name) for name in ("valid_from", "valid_to")]
    valid_from, valid_to = (date.isoformat() if date else None for date in dates)
    meaning = [record["text"], valid_from, valid_to, *(record.get(name) for name in OPTIONAL_TEXTS)]
    digest = hashlib.sha256(json.dumps(meaning, ensure_ascii=False).encode()).hexdigest()
    return RecordLine(path, digest, offset, length, valid_from, valid_to, number)


def order_revisions(lines: Iterable[RecordLine]) -> list[RecordLine] | Unreadable:
    """The records of one id by the date that they are valid from, repetitions once; Unreadable where one of them cannot
    be used, or where two that differ are valid from the same date.
    """
    different: dict[str, RecordLine] = {}
    for line in lines:
        if line.reason is not None:
            return Unreadable(line.path, line.reason, line.advice or "")
        different.setdefault(line.digest, line)
    records = list(different.values())
    starts = {line.valid_from for line in records}
    if len(starts) < len(records) or (None in starts and len(records) > 1):
        numbers = ", ".join(str(line.number) for line in records[:5])
        advice = f"Lines {numbers} differ: give each its own `id`, or its own `valid_from` where they are revisions."
        return Unreadable(records[0].path, "duplicate_id", advice)
    return sorted(records, key=lambda line: as_date(line.valid_from) or datetime.min.replace(tzinfo=UTC))


def chain_fingerprints(revisions: Iterable[RecordLine]) -> list[str]:
    """A fingerprint for each revision that takes in those before it, so that the last notices a change in any of
    them.
    """
    chain: list[str] = []
    for line in revisions:
        chain.append(hashlib.sha256(((chain[-1] if chain else "") + line.digest).encode()).hexdigest())
    return chain


def as_date(text: str | None) -> datetime | None:
    """An ISO 8601 date in UTC; one without a time is the start of its day, one without a zone is UTC. Raises
    ValueError.
    """
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def _stated_date(record: dict[str, Any], name: str) -> datetime | None:
    value = record.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(name)
    return as_date(value)


def _problem(record: dict[str, Any], max_bytes: int) -> tuple[str, str] | None:
    """Reason and advice where the record cannot be used."""
    for name in ("text", *OPTIONAL_TEXTS):
        value = record.get(name)
        if value is None and name != "text":
            continue
        if not isinstance(value, str):
            return f"bad_{name}", f"let `{name}` be a text."
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            return f"bad_{name}", f"`{name}` holds half of a surrogate pair; write it in valid Unicode."
        if size > max_bytes:
            return "too_large", f"split it, or raise the limit of {max_bytes} bytes a text."
    dates: list[datetime | None] = []
    for name in ("valid_from", "valid_to"):
        try:
            dates.append(_stated_date(record, name))
        except ValueError:
            return "bad_date", f"write `{name}` in ISO 8601, such as 2024-07-01."
    start, end = dates
    if start is not None and end is not None and end <= start:
        return "bad_date", "let `valid_to` be later than `valid_from`."
    return None
