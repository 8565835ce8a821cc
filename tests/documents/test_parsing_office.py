"""PDF and DOCX files as real programs write them."""

from io import BytesIO
from typing import Any

from assets.documents.model import ParsedDocument
from assets.documents.parsing.parse import parse


def shown(document: ParsedDocument) -> list[tuple[str, int, str]]:
    return [(block.kind.value, block.level, document.text[block.start : block.end]) for block in document.blocks]


def pdf(pages: list[list[tuple[float, float, str, str, float]]], title: str = "") -> bytes:
    """Pages of (x, y, text, font, size)."""
    from reportlab.pdfgen.canvas import Canvas

    file = BytesIO()
    canvas = Canvas(file, pagesize=(612, 792), invariant=1)
    if title:
        canvas.setTitle(title)
    for page in pages:
        for x, y, text, font, size in page:
            canvas.setFont(font, size)
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def lines(
    top: float, *texts: str, x: float = 72, font: str = "Helvetica", size: float = 11
) -> list[tuple[float, float, str, str, float]]:
    return [(x, top - 14 * number, text, font, size) for number, text in enumerate(texts)]


def test_pdf_lines_become_paragraphs_and_broken_words_whole() -> None:
    page = [
        *lines(720, "Leave Policy", font="Helvetica-Bold", size=18),
        *lines(
            690,
            "Each employee of the District may take annual leave after six months of employ-",
            "ment. Self-",
            "service requests are approved by the supervisor of the office, who answers",
            "within a week.",
        ),
        *lines(620, "Accrual", font="Helvetica-Bold"),
        *lines(600, "Leave is accrued by the hour."),
        *lines(570, "• one item", "• another item"),
    ]
    document = parse(pdf([page], title="policy_final_v2.docx"), "a.pdf")
    assert document.title == "Leave Policy"
    assert shown(document) == [
        ("heading", 1, "Leave Policy"),
        (
            "paragraph",
            0,
            "Each employee of the District may take annual leave after six months of employment. Self-service "
            "requests are approved by the supervisor of the office, who answers within a week.",
        ),
        ("heading", 2, "Accrual"),
        ("paragraph", 0, "Leave is accrued by the hour."),
        ("list_item", 0, "- one item"),
        ("list_item", 0, "- another item"),
    ]


def test_pdf_running_headers_and_page_numbers_are_left_out() -> None:
    pages = [
        [
            *lines(770, "Employee Handbook"),
            *lines(
                700,
                f"Rule {word} says what is due to all.",
            ),
            *lines(30, f"Page {number} of 4"),
        ]
        for number, word in enumerate(("alpha", "beta", "gamma", "delta"), 1)
    ]
    document = parse(pdf(pages), "a.pdf")
    assert "Handbook" not in document.text
    assert "Page" not in document.text
    assert all(word in document.text for word in ("alpha", "beta", "gamma", "delta"))


def test_pdf_paragraphs_go_on_over_a_page_break() -> None:
    pages = [
        [*lines(100, "The employee shall give notice to"), *lines(30, "1")],
        [*lines(720, "the supervisor in writing."), *lines(30, "2")],
    ]
    assert parse(pdf(pages), "a.pdf").text == "The employee shall give notice to the supervisor in writing."


def test_pdf_columns_are_read_one_after_the_other() -> None:
    left = [f"left column line number {word}" for word in ("one", "two", "three", "four", "five")]
    right = [f"right column line number {word}" for word in ("one", "two", "three", "four", "five")]
    page = [cell for pair in zip(lines(700, *left), lines(700, *right, x=330), strict=True) for cell in pair]
    text = parse(pdf([page]), "a.pdf").text
    assert text.index("left column line number five") < text.index("right column line number one")


def test_pdf_table_of_contents_makes_no_headings() -> None:
    page = [
        *lines(
            700, "1 Leave . . . . . . . . . . . . . 3", "2 Pay . . . . . . . . . . . . . . . 7", font="Helvetica-Bold"
        ),
        *lines(640, "1 Leave", font="Helvetica-Bold"),
        *lines(620, *["An employee may take leave after six months of service."] * 3),
    ]
    assert [kind for kind, _, _ in shown(parse(pdf([page]), "a.pdf"))] == [
        "paragraph",
        "paragraph",
        "heading",
        "paragraph",
    ]


def test_pdf_rows_of_cells_stay_rows() -> None:
    page = [*lines(700, "Grade", "A", "B"), *lines(700, "Days", "20", "25", x=300)]
    page.sort(key=lambda cell: (-cell[1], cell[0]))
    assert shown(parse(pdf([page]), "a.pdf")) == [("table", 0, "Grade | Days\nA | 20\nB | 25")]


def docx(fill: Any) -> bytes:
    from docx import Document

    document = Document()
    fill(document)
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def test_docx_structure_becomes_blocks() -> None:
    def fill(document: Any) -> None:
        document.core_properties.title = "Template"
        document.add_heading("Remote Work", 0)
        document.add_heading("Scope", 1)
        document.add_paragraph("All ").add_run("staff").bold = True
        for text in ("Ask", "Wait"):
            document.add_paragraph(text, style="List Number")
        document.add_paragraph("Point", style="List Bullet")
        table = document.add_table(3, 2)
        for row, cells in zip(table.rows, (("Grade", "Days"), ("A", "20"), ("B", "")), strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
        table.cell(2, 1).add_table(1, 1).cell(0, 0).text = "inner"

    document = parse(docx(fill), "a.docx")
    assert document.title == "Remote Work"
    assert shown(document) == [
        ("heading", 1, "Remote Work"),
        ("heading", 1, "Scope"),
        ("paragraph", 0, "All staff"),
        ("list_item", 0, "1. Ask"),
        ("list_item", 0, "2. Wait"),
        ("list_item", 0, "- Point"),
        ("table", 0, "Grade: A; Days: 20\nGrade: B"),
        ("table", 0, "inner"),
    ]


def test_docx_without_any_heading_takes_its_own_metadata_as_title() -> None:
    def fill(document: Any) -> None:
        document.core_properties.title = "Leave Policy"
        document.add_paragraph("Text.")

    assert parse(docx(fill), "a.docx").title == "Leave Policy"


def test_docx_text_in_content_controls_and_insertions_is_read_and_deleted_text_is_not() -> None:
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    def fill(document: Any) -> None:
        xml = (
            f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>Control </w:t></w:r>"
            "<w:ins><w:r><w:t>added</w:t></w:r></w:ins>"
            "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
            "</w:p></w:sdtContent></w:sdt>"
        )
        document.element.body.insert(0, parse_xml(xml))

    assert parse(docx(fill), "a.docx").text == "Control added"
