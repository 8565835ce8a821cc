"""Sectioned legal XML: the rule with its numbers first, notes and history as a part of their own."""

import pytest

from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.parse import parse

LIBRARY = "https://code.dccouncil.us/schemas/dc-library"


def read(body: str, root: str = "section") -> ParsedDocument:
    others = 'xmlns:codify="https://code.dccouncil.us/schemas/codify" xmlns:xi="http://www.w3.org/2001/XInclude"'
    names = f'xmlns="{LIBRARY}" {others}'
    return parse(f"<{root} {names}>{body}</{root}>".encode(), "a.xml")


def shown(document: ParsedDocument) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks]


def test_paragraphs_carry_their_numbers_as_law_is_cited() -> None:
    document = read(
        "<num>32-531.02</num><heading>Provision of paid leave.</heading><text>Intro.</text>"
        "<para><num>(a)</num>"
        "<para><num>(1)</num><text>First <em>rule</em> of § <cite path='x'>32-1</cite>.</text></para>"
        "<para><num>(2)</num><text>Second:</text><para><num>(A)</num><text>deep.</text></para><aftertext>After.</aftertext>"
        "</para></para><para><num>(b)</num><heading>Reports.</heading><text>Third.</text></para>"
    )
    assert document.title == "§ 32-531.02. Provision of paid leave."
    assert shown(document) == [
        ("heading", 1, "§ 32-531.02. Provision of paid leave."),
        ("paragraph", 0, "Intro."),
        ("list_item", 1, "(a)(1) First rule of § 32-1."),
        ("list_item", 1, "(2) Second:"),
        ("list_item", 2, "(A) deep."),
        ("paragraph", 0, "After."),
        ("list_item", 0, "(b) Reports. Third."),
    ]


def test_notes_and_history_stand_apart_from_the_rule() -> None:
    document = read(
        "<num>32-1</num><heading>Leave.</heading><annotations><annotation type='History'>May 13, 2008</annotation>"
        "<annotation type='History' doc='D.C. Law 1-2' path='§3|(a)' eff='2020-01-02' prefix='as added'/>"
        "<annotation type='History' display='false'/><annotation type='Cross References'>See § 5.</annotation>"
        "</annotations><text>The rule.</text>"
        "<codify:insert before='heading'><text>*NOTE: expires.*</text></codify:insert>"
        "<codify:find-replace><find>one</find><replace>two</replace></codify:find-replace>"
    )
    assert document.text == (
        "§ 32-1. Leave.\n\nNOTE: expires.\n\nThe rule.\n\nAnnotations\n\nHistory\n\n- May 13, 2008\n"
        "- as added, D.C. Law 1-2, § 3(a), effective 2020-01-02\n\nCross References\n\n- See § 5.\n\n"
        "Editorial Corrections\n\n- “one” is read as “two”."
    )


def test_a_repealed_section_says_so() -> None:
    assert read("<num>32-9</num><reason>Repealed</reason><text>Repealed.</text>").title == "§ 32-9. [Repealed]"


def test_tables_and_unforeseen_elements_keep_their_text() -> None:
    document = read(
        "<num>1</num><text>Rates:<table><tr><th>Year</th><th>Rate</th></tr><tr><td>2024</td><td>5%</td></tr></table>"
        "as set.</text><novel>New <part>element</part> kept</novel>"
    )
    assert "Year: 2024; Rate: 5%" in document.text
    for words in ("Rates:", "as set.", "New", "element", "kept"):
        assert words in document.text


def test_a_container_lists_its_sections() -> None:
    document = read(
        "<prefix>Title</prefix><num>32</num><heading>Labor.</heading><container><prefix>Chapter</prefix><num>1</num>"
        "<heading>Leave.</heading><xi:include href='./sections/32-101.xml'/></container>",
        "container",
    )
    assert document.title == "Title 32. Labor."
    assert shown(document)[1:] == [("heading", 2, "Chapter 1. Leave."), ("list_item", 0, "- § 32-101")]


def test_an_unknown_schema_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnreadableDocument, match=r"known: D\.C\. Code") as caught:
        parse(b"<?xml version='1.0'?><law><p>x</p></law>", "a.xml")
    assert caught.value.reason == "unknown_schema"
