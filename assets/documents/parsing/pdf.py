"""PDF: opens the file, refuses what cannot be read faithfully, and hands its lines to the layout."""

import re
from typing import Any

from assets.documents.model import ParsedDocument
from assets.documents.parsing.canonical import DocumentBuilder, one_line
from assets.documents.parsing.limits import MAX_PDF_PAGES, MAX_TEXT_CHARACTERS
from assets.documents.parsing.pdf_layout import lay_out
from assets.documents.parsing.pdf_lines import Line, page_lines
from assets.documents.parsing.refusals import refusal

# What programs write into the title when nobody gave one; a file's name is no title either.
_NO_TITLE = re.compile(
    r"(?:untitled|microsoft (?:word|powerpoint) ?-.*|document\d*|.*\.(?:docx?|pdf|odt|indd|rtf|tex|md|html?))", re.I
)
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")


def parse_pdf(raw: bytes) -> ParsedDocument:
    """The document of a PDF's text layer.

    Refuses files that are scanned for the most part: their few pages with text would pass for the whole.
    """
    import pypdfium2 as pdfium

    if _cut_off(raw):
        raise refusal("truncated")
    try:
        pdf = pdfium.PdfDocument(raw)
    except pdfium.PdfiumError as error:
        message = str(error).lower()
        raise refusal("encrypted" if "password" in message or "security" in message else "corrupt") from error
    try:
        pages, scanned = _pages(pdf)
        title = one_line(pdf.get_metadata_value("Title") or "")
    except pdfium.PdfiumError as error:
        raise refusal("corrupt") from error
    finally:
        pdf.close()
    if scanned > 0.5 * len(pages):
        raise refusal("no_text")
    text = "".join(line.text for page in pages for line in page)
    if len(_UNREADABLE.findall(text)) > 0.3 * len(text):
        raise refusal(
            "no_text",
            "The PDF's fonts do not tell which characters they show: run text recognition (OCR) and save the result.",
        )
    builder = DocumentBuilder()
    lay_out(pages, builder)
    return builder.build("application/pdf", "" if _NO_TITLE.fullmatch(title) else title)


def _cut_off(raw: bytes) -> bool:
    end = raw.rfind(b"%%EOF")
    # An object after the last end mark belongs to an update that was cut.
    return end < 0 or b" obj" in raw[end:]


def _pages(pdf: Any) -> tuple[list[list[Line]], int]:
    """The lines of each page, and how many pages are pictures without text."""
    import pypdfium2.raw as constants

    if len(pdf) > MAX_PDF_PAGES:
        raise refusal("too_large")
    pages: list[list[Line]] = []
    scanned = characters = 0
    for number in range(len(pdf)):
        page = pdf[number]
        text_page = page.get_textpage()
        characters += text_page.count_chars()
        if characters > 2 * MAX_TEXT_CHARACTERS:
            raise refusal("too_large")
        lines = page_lines(text_page, number)
        if not lines and next(page.get_objects(filter=[constants.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None:
            scanned += 1
        pages.append(lines)
        text_page.close()
        page.close()
    return pages, scanned
