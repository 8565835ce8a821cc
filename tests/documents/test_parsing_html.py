"""HTML is read as a reader sees it."""

from datetime import UTC, datetime

from assets.documents.model import ParsedDocument
from assets.documents.parsing.parse import parse


def read(body: str, head: str = "") -> ParsedDocument:
    return parse(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode(), "page.html")


def shown(document: ParsedDocument) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks]


def test_page_furniture_scripts_and_hidden_parts_are_left_out() -> None:
    document = read(
        "<header>Logo</header><nav><a>Home</a></nav><script>x</script><p>Kept <b>text</b>.</p>"
        "<p style='display:none'>secret</p><p hidden>hidden</p><footer>© 2024</footer>"
    )
    assert document.text == "Kept text."


def test_a_page_of_nothing_but_furniture_is_still_read() -> None:
    assert read("<header>Paid leave is due.</header>").text == "Paid leave is due."


def test_a_main_element_is_the_whole_content() -> None:
    assert (
        read("<div>Menu</div><main><header><h1>Leave</h1></header><p>Text.</p></main><div>Ads</div>").text
        == "Leave\n\nText."
    )


def test_structure_becomes_blocks() -> None:
    document = read(
        "<h1>Leave</h1>text <i>flows</i>\n on<br>here<ul><li>one<ul><li>inner</li></ul></li><li><p>two</p></li></ul>"
        "<ol start='3'><li>three</ol><dl><dt>Term</dt><dd>Meaning</dd></dl><pre>a\n  b</pre>"
    )
    assert shown(document) == [
        ("heading", 1, "Leave"),
        ("paragraph", 0, "text flows on\nhere"),
        ("list_item", 0, "- one"),
        ("list_item", 1, "- inner"),
        ("list_item", 0, "- two"),
        ("list_item", 0, "3. three"),
        ("paragraph", 0, "Term: Meaning"),
        ("code", 0, "a\n  b"),
    ]


def test_spanned_cells_stand_in_every_row_that_they_fill() -> None:
    document = read(
        "<table><caption>Days</caption><thead><tr><th>Grade</th><th>Year</th><th>Days</th></tr></thead>"
        "<tr><td rowspan=2>A</td><td>2023</td><td>20</td></tr><tr><td>2024</td><td>22</td></tr>"
        "<tr><td>B</td><td colspan=2>none</td></tr></table>"
    )
    assert document.text == (
        "Days\n\nGrade: A; Year: 2023; Days: 20\nGrade: A; Year: 2024; Days: 22\nGrade: B; Year: none; Days: none"
    )


def test_a_layout_table_is_no_table() -> None:
    assert [kind for kind, _, _ in shown(read("<table><tr><td><h2>A</h2><p>b</p></td><td>c</td></tr></table>"))] == [
        "heading",
        "paragraph",
        "paragraph",
    ]


def test_title_and_validity_come_from_the_page() -> None:
    head = "<title>Leave | Agency</title><meta name='effective_from' content='July 1, 2024'>"
    document = read("<p>Text.</p>", head)
    assert document.title == "Leave | Agency"
    assert document.valid_from == datetime(2024, 7, 1, tzinfo=UTC)
    assert read("<h1>Paid leave</h1><p>Text.</p>", head).title == "Paid leave"


def test_the_encoding_named_in_the_page_is_used() -> None:
    raw = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-2"></head><p>Łódź</p></html>'
    )
    assert parse(raw.encode("iso-8859-2"), "a.html").text == "Łódź"
