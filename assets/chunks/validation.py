"""Great Expectations over a batch of chunks: which checks there are, and which chunks fail them for what reason."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from assets.chunks.identity import text_hash

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation
    from pandas import DataFrame

CHECK_NAMES = {
    "unique_ids": "No two chunks of one cutting of a document have the same id.",
    "coverage": "The chunks of a document hold all of its text.",
    "length": "A chunk with its header is within what the embedding model reads.",
    "printable_text": "A chunk holds text, and next to no characters that a failed decoding leaves.",
    "spans": "A chunk's span lies in its document and is as long as its text.",
    "metadata": "Source, kind, ids and validity are there and well formed.",
    "text_hash": "A chunk is named by the hash of exactly the text that is embedded.",
}
"""The checks by name, with what each asserts."""

DAMAGED_SHARE = 0.01
"""Of a chunk's characters, the share that may be control or replacement ones."""

_DAMAGED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffd\ufffe\uffff\ud800-\udfff]")
_UUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_SHA256 = r"^[0-9a-f]{64}$"


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk with what it has to agree with.

    `version` is the hash of its document's text, `layout` names the one cutting of that text that it belongs to; `tokens`
    and `token_limit` count header and body, special tokens included; `start`, `end` and `document_characters` are
    characters; `covered` is the share, 0 to 1, of the document's characters other than white space that its chunks hold;
    `valid_from` and `valid_to` are moments in microseconds.
    """

    chunk_id: str
    document_id: str
    version: str
    layout: str
    text_hash: str
    header: str
    body: str
    tokens: int
    token_limit: int
    start: int
    end: int
    document_characters: int
    covered: float
    source: str
    kind: str
    title: str
    valid_from: int
    valid_to: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A chunk that failed a check, and why. It holds no text."""

    chunk_id: str
    document_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check found in `tried` chunks."""

    name: str
    tried: int
    failures: tuple[Failure, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def failed_documents(self) -> list[str]:
        """The ids of the documents with a chunk that failed, in ascending order."""
        return sorted({failure.document_id for failure in self.failures})

    def plus(self, other: "CheckOutcome") -> "CheckOutcome":
        """This outcome and that of the same check on other chunks, as one."""
        return CheckOutcome(self.name, self.tried + other.tried, self.failures + other.failures)


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """The outcome of every check, in the order of CHECK_NAMES."""

    checks: tuple[CheckOutcome, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def as_json(self) -> dict[str, object]:
        """The same as plain values."""
        return {
            check.name: {
                "passed": check.passed,
                "tried": check.tried,
                "failures": [asdict(failure) for failure in check.failures],
            }
            for check in self.checks
        }


class ValidationBroken(RuntimeError):
    """A check could not be carried out; nothing may be concluded about the chunks."""


_COLUMNS = [field.name for field in fields(ChunkRow) if field.name not in ("header", "body")]


def validate(batch: Sequence[ChunkRow]) -> ValidationResult:
    """Runs every check over a batch of chunks (some thousands at most). Raises ValidationBroken."""
    if not batch:
        return ValidationResult(tuple(CheckOutcome(name, 0) for name in CHECK_NAMES))
    failures: dict[str, dict[tuple[int, str], Failure]] = {name: {} for name in CHECK_NAMES}
    for name, reason, position in _unexpected(batch):
        row = batch[position]
        failures[name][position, reason] = Failure(row.chunk_id, row.document_id, reason)
    return ValidationResult(
        tuple(
            CheckOutcome(name, len(batch), tuple(found[key] for key in sorted(found)))
            for name, found in failures.items()
        )
    )


def quarantine(result: ValidationResult, rows: Sequence[ChunkRow]) -> dict[str, str]:
    """The documents of a batch that may not be served, in its order, with the names of the checks that each failed."""
    failed: dict[str, list[str]] = {}
    for check in result.checks:
        for document_id in check.failed_documents:
            failed.setdefault(document_id, []).append(check.name)
    return {row.document_id: ", ".join(failed[row.document_id]) for row in rows if row.document_id in failed}


def _unexpected(batch: Sequence[ChunkRow]) -> Iterator[tuple[str, str, int]]:
    """Check, reason and position in the batch of everything that is not as expected."""
    # Great Expectations reports each use to its maker unless this is set before it is imported.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    suite = gx.ExpectationSuite(name="chunks", expectations=list(_expectations()))
    data = context.data_sources.pandas_default.read_dataframe(_frame(batch))
    for result in data.validate(suite, result_format={"result_format": "COMPLETE"}).results:
        if result.success:
            continue
        meta = (result.expectation_config and result.expectation_config.meta) or {}
        positions = result.result.get("unexpected_index_list")
        if not positions:
            raise ValidationBroken(f"The check {meta.get('check')} could not be carried out: report this as an error.")
        for position in positions:
            yield meta["check"], meta["reason"], int(position)


def _frame(batch: Sequence[ChunkRow]) -> "DataFrame":
    import pandas as pd

    frame = pd.DataFrame({name: [_plain(getattr(row, name)) for row in batch] for name in _COLUMNS})
    frame["length_difference"] = [row.end - row.start - len(row.body) for row in batch]
    frame["damaged_share"] = [len(_DAMAGED.findall(row.body)) / max(1, len(row.body)) for row in batch]
    frame["visible"] = [len(row.body.strip()) for row in batch]
    frame["hash_of_text"] = [_hash(f"{row.header}\n{row.body}" if row.header else row.body) for row in batch]
    return frame


def _plain(value: object) -> object:
    """The value itself; an empty text for none, which patterns would pass over; for a text that cannot be written as UTF-8,
    one that can."""
    if value is None:
        return ""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def _hash(text: str) -> str:
    try:
        return text_hash(text)
    except UnicodeEncodeError:
        return "not text"


def _expectations() -> "Iterator[Expectation]":
    """Every expectation, with the name of its check and the reason that a chunk fails it for."""
    import great_expectations as gx

    # Its package names what it exports in a way that type checkers don't see.
    expect: Any = gx.expectations

    def about(check: str, reason: str) -> dict[str, Any]:
        return {"meta": {"check": check, "reason": reason}}

    yield expect.ExpectCompoundColumnsToBeUnique(
        # One batch may hold several versions of a document, and those share the chunks that did not change.
        column_list=["layout", "chunk_id"],
        **about("unique_ids", "another chunk of the same cutting has this id"),
    )
    yield expect.ExpectColumnValuesToBeBetween(
        column="covered", min_value=1, max_value=1, **about("coverage", "the document's chunks do not hold all of it")
    )
    yield expect.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="token_limit",
        column_B="tokens",
        or_equal=True,
        **about("length", "header and body are longer than the embedding model reads"),
    )
    yield expect.ExpectColumnValuesToBeBetween(column="tokens", min_value=1, **about("length", "it has no tokens"))
    yield expect.ExpectColumnValuesToBeBetween(
        column="damaged_share",
        max_value=DAMAGED_SHARE,
        **about("printable_text", "too many control or replacement characters"),
    )
    yield expect.ExpectColumnValuesToBeBetween(
        # Not words: a ruled line of a broken table is no reason to withhold the page around it.
        column="visible",
        min_value=1,
        **about("printable_text", "nothing in it but white space"),
    )
    yield expect.ExpectColumnValuesToBeBetween(
        column="start", min_value=0, **about("spans", "it begins before the document")
    )
    yield expect.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="end", column_B="start", **about("spans", "it ends before it begins")
    )
    yield expect.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="document_characters",
        column_B="end",
        or_equal=True,
        **about("spans", "it ends after the document"),
    )
    yield expect.ExpectColumnValuesToBeBetween(
        column="length_difference", min_value=0, max_value=0, **about("spans", "its span is not as long as its text")
    )
    well_formed = {
        "source": r"\S",
        "kind": r"^\S+$",
        "document_id": r"^[^/]+/.+$",
        "chunk_id": _UUID,
        "version": _SHA256,
    }
    for column, pattern in well_formed.items():
        yield expect.ExpectColumnValuesToMatchRegex(
            column=column, regex=pattern, **about("metadata", f"{column} is missing or not well formed")
        )
    yield expect.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="valid_to", column_B="valid_from", **about("metadata", "its validity ends before it begins")
    )
    yield expect.ExpectColumnValuesToMatchRegex(
        column="text_hash", regex=_SHA256, **about("text_hash", "it is no SHA-256 in hexadecimal")
    )
    yield expect.ExpectColumnPairValuesToBeEqual(
        column_A="text_hash", column_B="hash_of_text", **about("text_hash", "it is not the hash of header and body")
    )
