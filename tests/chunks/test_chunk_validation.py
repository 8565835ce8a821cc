import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from assets.chunks.chunker import Chunker
from assets.chunks.identity import text_hash
from assets.chunks.validation import CHECK_NAMES, ChunkRow, quarantine, validate
from assets.documents.model import ParsedDocument

TEXT = "# Leave\n\nIntroduction.\n\n## Sick leave\n\nFive days a year.\n\n## Vacation\n\nTen days a year.\n"


@pytest.fixture
def rows(chunker: Chunker, markdown: Callable[[str], ParsedDocument]) -> list[ChunkRow]:
    """Two documents of three chunks each, as the chunker makes them."""
    found: list[ChunkRow] = []
    for name in ("a.md", "b.md"):
        document = markdown(TEXT.replace("Introduction.", f"Introduction to {name}."))
        for chunk in chunker.chunk(f"handbook/{name}", document):
            found.append(
                ChunkRow(
                    chunk_id=chunk.chunk_id,
                    document_id=f"handbook/{name}",
                    version=text_hash(document.text),
                    layout=f"layout of {name}",
                    text_hash=chunk.text_hash,
                    header=chunk.header,
                    body=document.text[chunk.start : chunk.end],
                    tokens=chunker.count_tokens([chunk.text])[0],
                    token_limit=chunker.max_tokens,
                    start=chunk.start,
                    end=chunk.end,
                    document_characters=len(document.text),
                    covered=1.0,
                    source="handbook",
                    kind="handbook",
                    title=document.title,
                    valid_from=-(2**62),
                    valid_to=2**62,
                )
            )
    return found


def test_what_the_chunker_makes_passes_every_check(rows: list[ChunkRow]) -> None:
    result = validate(rows)
    assert result.passed
    assert [(check.name, check.tried, check.passed) for check in result.checks] == [(n, 6, True) for n in CHECK_NAMES]
    assert quarantine(result, rows) == {}


@pytest.mark.parametrize(
    ("check", "change"),
    [
        ("coverage", {"covered": 0.999}),
        ("length", {"tokens": 257}),
        ("length", {"tokens": 0}),
        ("spans", {"start": 40, "end": 30}),
        ("spans", {"start": -1, "end": 21}),
        ("spans", {"end": 10_000}),
        ("metadata", {"source": None}),
        ("metadata", {"kind": ""}),
        ("metadata", {"chunk_id": "12"}),
        ("metadata", {"version": "v1"}),
        ("metadata", {"document_id": ""}),
        ("metadata", {"valid_to": -(2**62)}),
        ("text_hash", {"text_hash": "0" * 64}),
        ("text_hash", {"text_hash": "abc"}),
        ("text_hash", {"header": "Another title"}),
    ],
    ids=str,
)
def test_a_wrong_chunk_is_named_with_its_check(rows: list[ChunkRow], check: str, change: dict[str, Any]) -> None:
    rows[1] = replace(rows[1], **change)
    failed = {outcome.name: outcome for outcome in validate(rows).checks if not outcome.passed}
    assert check in failed
    assert {failure.chunk_id for failure in failed[check].failures} == {rows[1].chunk_id}
    assert set(failed) <= {check, "spans"}


@pytest.mark.parametrize("body", ["", "\ufffd\ufffd leave", "le\x00ave", "le\ud800ave"])
def test_text_that_a_person_cannot_read_fails(rows: list[ChunkRow], body: str) -> None:
    rows[4] = replace(rows[4], body=body, start=0, end=len(body))
    failed = {outcome.name: outcome for outcome in validate(rows).checks if not outcome.passed}
    assert [failure.chunk_id for failure in failed["printable_text"].failures] == [rows[4].chunk_id]


def test_an_id_may_come_again_in_another_layout_but_not_in_the_same(rows: list[ChunkRow]) -> None:
    later = [replace(row, version=text_hash("later"), layout=f"later {row.layout}") for row in rows]
    assert validate([*rows, *later]).passed
    result = validate([*rows, rows[2]])
    assert [check.name for check in result.checks if not check.passed] == ["unique_ids"]


def test_a_document_with_one_bad_chunk_is_quarantined_whole_and_the_others_are_not(rows: list[ChunkRow]) -> None:
    rows[1] = replace(rows[1], tokens=300, covered=0.5)
    result = validate(rows)
    assert quarantine(result, rows) == {"handbook/a.md": "coverage, length"}


def test_a_result_is_plain_json_without_any_text(rows: list[ChunkRow]) -> None:
    rows[1] = replace(rows[1], tokens=300)
    written = json.dumps(validate(rows).as_json())
    assert rows[1].chunk_id in written
    assert "Five days" not in written


def test_outcomes_of_batches_add_up(rows: list[ChunkRow]) -> None:
    bad = [replace(rows[0], tokens=300)]
    length = [
        next(check for check in validate(batch).checks if check.name == "length") for batch in (rows[:3], bad, rows[3:])
    ]
    together = length[0].plus(length[1]).plus(length[2])
    assert (together.tried, together.passed, together.failed_documents) == (7, False, ["handbook/a.md"])


def test_an_empty_batch_passes() -> None:
    assert validate([]).passed
