"""What holds for every document of every format: canonical text, blocks that hold all of it, and the same again."""

import html
import re
from io import BytesIO
from xml.sax.saxutils import escape

from hostile import assert_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.documents.model import BlockKind, ParsedDocument, UnreadableDocument
from assets.documents.parsing.canonical import DocumentBuilder, normalize
from assets.documents.parsing.parse import parse
from assets.documents.parsing.refusals import ADVICE

ANY = st.text(max_size=300)
WORDS = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20), max_size=20)
PIECES = (
    "# ", "\n", "\n\n", "- ", "1. ", "  ", "> ", "*", "_", "`", "```\n", "|", "|-|\n", "[a](b)", "<b>", "<td>",
    "<li>", "<tr>", "<table>", "</table>", "<th>", "<ul>", "<p>", "</p>", "<h2>", "</h2>", "<dl>", "<dt>",
    "<dd>", "<pre>", "&amp;", "<!--", "-->", "---\n", "title: x\n", "{% x 'y' %}", "word", "Straße", "e\u0301",
    "\u200b", "\xa0", "\t", "\r", "===\n", "CAPS",
)  # fmt: skip
MARKUP = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def outcome(raw: bytes, path: str) -> ParsedDocument | str:
    try:
        return parse(raw, path)
    except UnreadableDocument as error:
        return error.reason


def assert_sound(raw: bytes, path: str) -> None:
    document = outcome(raw, path)
    if isinstance(document, ParsedDocument):
        assert_whole(document)
        assert normalize(document.text) == document.text
    # A defect of our own would hide behind this reason.
    assert document != "corrupt"
    assert outcome(raw, path) == document


@given(st.text())
def test_normalizing_twice_changes_nothing(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(
    st.text(
        st.sampled_from("a\u0301\u0323\u0307 \n\t\u200b\u00ad<\u0338\u1100\u1161\u11a8\u0340\u2000\u212b"), max_size=200
    )
)
def test_normalizing_twice_changes_nothing_with_marks_that_combine(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(
    st.lists(st.tuples(st.sampled_from(BlockKind), st.text(max_size=80), st.integers(1, 6)), min_size=1, max_size=20)
)
def test_a_builder_places_every_block_exactly(pieces: list[tuple[BlockKind, str, int]]) -> None:
    builder = DocumentBuilder()
    for kind, text, level in pieces:
        builder.add(kind, text, level)
    if len(builder):
        document = builder.build("text/plain")
        assert_whole(document)
        assert normalize(document.text) == document.text


@given(st.sampled_from(["a.txt", "a.md", "a.html"]), st.one_of(ANY, MARKUP))
@settings(max_examples=300)
def test_any_text_gives_a_sound_document(path: str, text: str) -> None:
    assert_sound(text.encode("utf-8", "replace"), path)


@given(WORDS)
def test_no_word_of_plain_text_is_lost(words: list[str]) -> None:
    raw = "\n".join(words).encode()
    assert_sound(raw, "a.txt")
    shown = normalize("\n".join(words))
    if shown and not re.match(r"\s*<", shown):
        assert "".join(parse(raw, "a.txt").text.split()) == "".join(shown.split())


@given(st.recursive(ANY, lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_any_section_of_law_gives_a_sound_document(tree: object) -> None:
    def element(node: object) -> str:
        if isinstance(node, list):
            return f"<para><num>({len(node)})</num>{''.join(map(element, node))}</para>"
        return f"<text>{escape(_xml_text(str(node)))}</text>"

    xml = f'<section xmlns="https://code.dccouncil.us/schemas/dc-library"><num>1</num>{element(tree)}</section>'
    assert_sound(xml.encode(), "a.xml")


@given(
    st.recursive(ANY, lambda inner: st.lists(inner, max_size=4), max_leaves=12),
    st.sampled_from(["div", "ul", "table", "dl", "p"]),
)
def test_any_page_gives_a_sound_document(tree: object, outer: str) -> None:
    inner = {"ul": "li", "table": "td", "dl": "dd"}.get(outer, "span")

    def element(node: object) -> str:
        if isinstance(node, list):
            return f"<{outer}>{''.join(f'<{inner}>{element(child)}</{inner}>' for child in node)}</{outer}>"
        return html.escape(str(node))

    assert_sound(f"<!doctype html><html><body>{element(tree)}</body></html>".encode("utf-8", "replace"), "a.html")


@given(
    st.lists(
        st.tuples(ANY, st.sampled_from(["Normal", "Heading 1", "List Bullet", "List Number", "Title"])), max_size=6
    )
)
@settings(max_examples=25, deadline=None)
def test_any_word_file_gives_a_sound_document(paragraphs: list[tuple[str, str]]) -> None:
    from docx import Document

    document = Document()
    for text, style in paragraphs:
        document.add_paragraph(_xml_text(text), style=style)
    file = BytesIO()
    document.save(file)
    assert_sound(file.getvalue(), "a.docx")


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 780), st.sampled_from([9, 11, 18]), ANY), max_size=12))
@settings(max_examples=25, deadline=None)
def test_any_pdf_gives_a_sound_document(strings: list[tuple[int, int, int, str]]) -> None:
    from reportlab.pdfgen.canvas import Canvas

    file = BytesIO()
    canvas = Canvas(file, invariant=1)
    for x, y, size, text in strings:
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, y, text.encode("latin-1", "replace").decode("latin-1"))
    canvas.showPage()
    canvas.save()
    assert_sound(file.getvalue(), "a.pdf")


@given(st.binary(max_size=400), st.sampled_from(["a.txt", "a.md", "a.html", "a.xml", "a.bin", "a"]))
@settings(max_examples=200)
def test_any_bytes_give_a_sound_document_or_a_reason(raw: bytes, path: str) -> None:
    document = outcome(raw, path)
    assert outcome(raw, path) == document
    if isinstance(document, ParsedDocument):
        assert_whole(document)
    else:
        assert document in ADVICE


def _xml_text(text: str) -> str:
    return re.sub("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
