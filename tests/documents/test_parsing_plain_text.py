"""Plain text and records: encodings, paragraphs, items, unmistakable headings; and content that denies its name."""

import pytest

from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.parse import parse


def shown(text: str) -> list[tuple[str, int, str]]:
    document = parse(text.encode(), "a.txt", "text/plain")
    return [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks]


def test_headings_are_those_that_cannot_be_mistaken() -> None:
    assert shown("Handbook\n========\n\nPAID LEAVE\n\n1.2 Accrual\n\nEmployees accrue.\nOne hour.\n\nI AGREE.\n") == [
        ("heading", 1, "Handbook"),
        ("heading", 2, "PAID LEAVE"),
        ("heading", 2, "1.2 Accrual"),
        ("paragraph", 0, "Employees accrue.\nOne hour."),
        ("paragraph", 0, "I AGREE."),
    ]


def test_items_are_told_from_the_text_around_them() -> None:
    assert shown("You may:\n- ask\n  twice\n- wait\n  (a) at home\n") == [
        ("paragraph", 0, "You may:"),
        ("list_item", 0, "- ask twice"),
        ("list_item", 0, "- wait"),
        ("list_item", 1, "(a) at home"),
    ]


def test_a_record_without_any_structure_is_one_paragraph() -> None:
    assert shown("A person must apply to the Regulator.") == [("paragraph", 0, "A person must apply to the Regulator.")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_an_encoding_changes_nothing(encoding: str) -> None:
    text = "The employee’s leave – § 12 – is paid."
    assert parse(text.encode(encoding), "a.txt").text == text


def test_content_decides_over_the_name() -> None:
    def media_type(raw: bytes, path: str, declared: str | None = None) -> str:
        return parse(raw, path, declared).media_type

    assert media_type(b"<!DOCTYPE html><p>x", "a.txt") == "text/html"
    assert media_type(b"# x", "a.md", "text/plain; charset=utf-8") == "text/markdown"
    assert media_type(b"# x", "served", "text/markdown") == "text/markdown"
    assert media_type(b"# x", "a") == "text/plain"


def test_text_under_the_name_of_a_binary_format_is_refused() -> None:
    with pytest.raises(UnreadableDocument) as caught:
        parse(b"plain text", "a.pdf")
    assert caught.value.reason == "mislabelled"


def test_parsing_is_deterministic() -> None:
    raw = "Ünïcode\u200b text\n\n- a\n".encode()
    documents: list[ParsedDocument] = [parse(raw, "a.txt") for _ in range(3)]
    assert documents[0] == documents[1] == documents[2]
