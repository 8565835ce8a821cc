"""Builds the sample rules that are not plain UTF-8 text: PDF, DOCX, Windows-1252 text, and the broken files.

Their contents are the readable files in `sample_texts/`; edit those and run, from the project's root:

    python -m orchestration.demo.build_samples

which writes into `samples/rules/`. Another folder may be given as the only argument. It needs reportlab, python-docx
and markdown-it-py. The same versions of these give the same bytes each time: no clock, no random identifier goes in.
"""

import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

TEXTS = Path(__file__).parent / "sample_texts"
RULES = Path(__file__).parent / "samples" / "rules"
AUTHOR = "Bureau of Labor Standards, Commonwealth of Tarrowmere"
BUILT = datetime(2025, 6, 2, 9, 0)
PASSWORD = "orchard"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text: `kind` is heading, paragraph, bullet, number or table.

    `level` is 1 to 6 for a heading and the depth, from 0, for a list item; `number` is the place of an item in its
    list, from 1; `rows` are the cells of a table, its header first.
    """

    kind: str
    text: str = ""
    level: int = 0
    number: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def pieces(markdown: str) -> Iterator[Piece]:
    """The parts of a Markdown text, in order. Inline markup is not supported and stays as it is written."""
    from markdown_it import MarkdownIt

    lists: list[tuple[str, int]] = []
    rows: list[tuple[str, ...]] = []
    cells: list[str] = []
    opened = ""
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append(("bullet" if token.type.startswith("bullet") else "number", 0))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            kind, count = lists.pop()
            lists.append((kind, count + 1))
        elif token.type == "table_open":
            rows = []
        elif token.type == "tr_open":
            cells = []
        elif token.type == "tr_close":
            rows.append(tuple(cells))
        elif token.type == "table_close":
            yield Piece("table", rows=tuple(rows))
        elif token.type in ("heading_open", "paragraph_open", "th_open", "td_open"):
            opened = token.tag
        elif token.type == "inline":
            text = " ".join(token.content.split())
            if opened in ("th", "td"):
                cells.append(text)
            elif opened.startswith("h"):
                yield Piece("heading", text, level=int(opened[1:]))
            elif lists:
                yield Piece(lists[-1][0], text, level=len(lists) - 1, number=lists[-1][1])
            else:
                yield Piece("paragraph", text)


def pdf(markdown: str, *, password: str | None = None) -> bytes:
    """The text as a PDF of letter size with a running head and page numbers, encrypted where a password is given."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import letter
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

    styles = getSampleStyleSheet()
    body, cell = styles["BodyText"], styles["BodyText"].clone("Cell", fontSize=8, leading=10)
    parts = list(pieces(markdown))
    title = next(part.text for part in parts if part.kind == "heading")
    width, height = letter
    margin = 72

    def flowable(part: Piece) -> Flowable:
        if part.kind == "heading":
            return Paragraph(escape(part.text), styles["Title" if part.level == 1 else f"Heading{part.level}"])
        if part.kind == "table":
            table = Table(
                [[Paragraph(escape(text), cell) for text in row] for row in part.rows],
                colWidths=[(width - 2 * margin) / len(part.rows[0])] * len(part.rows[0]),
                repeatRows=1,
                spaceBefore=6,
                spaceAfter=10,
            )
            grid = ("GRID", (0, 0), (-1, -1), 0.5, colors.grey)
            table.setStyle(TableStyle([grid, ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke)]))
            return table
        if part.kind == "paragraph":
            return Paragraph(escape(part.text), body)
        indent = 18 * (part.level + 1)
        style = body.clone(f"Item{part.level}", leftIndent=indent, bulletIndent=indent - 14)
        return Paragraph(escape(part.text), style, bulletText=f"{part.number}." if part.kind == "number" else "•")

    def margins(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(margin, height - 40, AUTHOR)
        canvas.drawCentredString(width / 2, 36, f"Page {document.page}")

    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=letter,
        title=title,
        author=AUTHOR,
        invariant=1,
        encrypt=StandardEncryption(password, strength=128) if password else None,
        leftMargin=margin,
        rightMargin=margin,
    )
    document.build([flowable(part) for part in parts], onFirstPage=margins, onLaterPages=margins)
    return target.getvalue()


def docx(markdown: str) -> bytes:
    """The text as a Word document with heading, list and table styles."""
    from docx import Document

    document = Document()
    for part in pieces(markdown):
        if part.kind == "heading":
            document.add_heading(part.text, level=part.level)
        elif part.kind == "table":
            table = document.add_table(rows=0, cols=len(part.rows[0]), style="Table Grid")
            for row in part.rows:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        elif part.kind == "paragraph":
            document.add_paragraph(part.text)
        else:
            style = "List Bullet" if part.kind == "bullet" else "List Number"
            document.add_paragraph(part.text, style=style if part.level == 0 else f"{style} {part.level + 1}")
    properties = document.core_properties
    properties.title = next(part.text for part in pieces(markdown) if part.kind == "heading")
    properties.author = properties.last_modified_by = AUTHOR
    properties.comments = ""
    properties.created = properties.modified = BUILT
    written = io.BytesIO()
    document.save(written)
    return _with_fixed_times(written.getvalue())


def _with_fixed_times(archive: bytes) -> bytes:
    """The same ZIP archive with every member dated `BUILT`, because python-docx stamps them with the clock."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            entry = zipfile.ZipInfo(member.filename, BUILT.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(member))
    return target.getvalue()


def windows_1252(text: str) -> bytes:
    """The text as an older Windows program saves it."""
    return text.replace("\n", "\r\n").encode("cp1252")


def _truncated_pdf(markdown: str) -> bytes:
    """The first third of a PDF, as an interrupted download leaves it."""
    whole = pdf(markdown)
    return whole[: len(whole) // 3]


def build(folder: Path) -> list[Path]:
    """Write every built sample below `folder`; returns the files written, in the order of their paths."""
    makers: dict[str, tuple[str, Callable[[str], bytes]]] = {
        "bulletins/*.md": (".pdf", pdf),
        "forms/*.md": (".docx", docx),
        "notices/*.txt": (".txt", windows_1252),
        "broken/bulletin-*.md": (".pdf", _truncated_pdf),
        "broken/inspection-*.md": (".pdf", lambda text: pdf(text, password=PASSWORD)),
    }
    contents = {
        source.relative_to(TEXTS).with_suffix(suffix): make(source.read_text(encoding="utf-8"))
        for pattern, (suffix, make) in makers.items()
        for source in sorted(TEXTS.glob(pattern))
    }
    contents |= {
        Path("broken/posting-circular-2021.txt"): b"",
        Path("broken/complaint-form.docx"): b"Form LS-30\n\nThis is a text file that somebody renamed.\n",
        Path("broken/portal.html"): (
            b"<!DOCTYPE html>\n<html>\n<head><script>window.portal = {};</script></head>\n"
            b'<body><div id="root"></div><img src="seal.png"></body>\n</html>\n'
        ),
    }
    for path, content in contents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return sorted(folder / path for path in contents)


if __name__ == "__main__":
    for written in build(Path(sys.argv[1]) if len(sys.argv) > 1 else RULES):
        print(written)
