"""Hostile and odd files of every kind, made in code, with what each must be refused for or must be read as."""

import gzip
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from assets.documents.model import BlockKind, ParsedDocument

DC = 'xmlns="https://code.dccouncil.us/schemas/dc-library"'
PHRASE = "Employees accrue one hour of paid leave"
_ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202e")
SENTENCE = f"{PHRASE} for every 37 hours worked."


@dataclass(frozen=True, slots=True)
class Sample:
    """A file: refused with one of `reasons`, or, where there are none, parsed into a text that holds `phrase`.

    `grown_to` is the size in bytes to which a hole grows the file, so that a large one takes no room on the disk.
    """

    name: str
    raw: bytes
    reasons: tuple[str, ...] = ()
    phrase: str = PHRASE
    grown_to: int = 0

    def content(self) -> bytes:
        """The file's bytes, with the hole filled."""
        return self.raw + bytes(max(0, self.grown_to - len(self.raw)))


def samples() -> list[Sample]:
    """All files, good ones between bad ones."""
    return [*_empty(), *_text(), *_markdown(), *_html(), *_pdf(), *_docx(), *_xml(), *_not_documents()]


def write(folder: Path) -> list[Sample]:
    """Write all files into `folder` and return what is expected of them."""
    folder.mkdir(parents=True, exist_ok=True)
    written = samples()
    for sample in written:
        with (folder / sample.name).open("wb") as file:
            file.write(sample.raw)
            if sample.grown_to:
                file.truncate(sample.grown_to)
    return written


def assert_whole(document: ParsedDocument) -> None:
    """Every promise that the contract makes about a document's text and blocks."""
    text = document.text
    assert text
    assert text == text.strip()
    assert unicodedata.is_normalized("NFC", text)
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.split("\n"))
    unseen = {c for c in set(text) if c != "\n" and (unicodedata.category(c) in ("Cc", "Cs") or c in _ZERO_WIDTH)}
    assert not unseen
    text.encode()
    position = 0
    for block in document.blocks:
        assert block.start >= position
        assert not text[position : block.start].strip()
        body = text[block.start : block.end]
        assert body
        assert body == body.strip()
        assert (1 <= block.level <= 6) if block.kind is BlockKind.HEADING else block.level >= 0
        position = block.end
    assert position == len(text)
    assert document.title == " ".join(document.title.split())


def _empty() -> Iterator[Sample]:
    for name in ("empty.md", "empty.pdf", "empty.docx", "empty.xml"):
        yield Sample(name, b"", ("empty",))
    yield Sample("white-space.txt", b" \r\n\t\n  \n", ("empty",))
    yield Sample("only-a-byte-order-mark.txt", b"\xef\xbb\xbf", ("empty",))
    yield Sample("only-zero-width.txt", "\u200b\u200d\u2060".encode(), ("no_text",))
    yield Sample("larger-than-allowed.txt", b"x", ("too_large",), grown_to=51 * 1024 * 1024)


def _text() -> Iterator[Sample]:
    french = "L’employée a droit à un congé payé. Voilà la règle générale."
    russian = "Работник имеет право на ежегодный оплачиваемый отпуск продолжительностью двадцать восемь дней. " * 3
    yield Sample("good.txt", SENTENCE.encode())
    yield Sample("utf-16-le.txt", SENTENCE.encode("utf-16"))
    yield Sample("utf-16-be-without-mark.txt", SENTENCE.encode("utf-16-be"))
    yield Sample("utf-32.txt", SENTENCE.encode("utf-32"))
    yield Sample("windows-1252.txt", french.encode("cp1252"), phrase="L’employée a droit à un congé payé")
    yield Sample("windows-1251.txt", russian.encode("cp1251"), phrase="ежегодный оплачиваемый отпуск")
    yield Sample("cut-inside-a-character.txt", (french + "é").encode()[:-1], ("truncated",))
    yield Sample("cut-utf-16.txt", SENTENCE.encode("utf-16")[:-1], ("truncated",))
    spoilt = french.encode() + b" \xff\xfe\xc3 " + french.encode()
    yield Sample("spoilt-utf-8.txt", spoilt, ("bad_encoding",))
    yield Sample("null-bytes.txt", b"Leave\x00policy\x00\x01\x02 and more", ("unknown_format",))
    yield Sample("control-characters.txt", bytes(range(1, 32)) * 50, ("unknown_format",))
    yield Sample("zero-width-inside.txt", PHRASE.replace("l", "l\u200b\u2060").encode())
    yield Sample("right-to-left-override.txt", f"\u202e{PHRASE}\u202c.".encode())
    yield Sample("combining-storm.txt", ("a" + "\u0301\u0323" * 400_000 + "\n\n" + SENTENCE).encode())
    yield Sample("one-long-line.txt", ("word " * 400_000 + SENTENCE).encode())
    yield Sample("one-long-word.txt", (b"x" * 2_000_000) + b"\n\n" + SENTENCE.encode())
    yield Sample("spaces-storm.txt", SENTENCE.encode() + b" " * 3_000_000 + b".")
    yield Sample("more-text-than-allowed.txt", b"word " * 1_200_000, ("too_large",))
    yield Sample("old-mac-line-ends.txt", f"First.\r\r{SENTENCE}\r".encode())
    yield Sample("a name with spaces, äöü and 'quotes'.txt", SENTENCE.encode())
    yield Sample("no-extension", SENTENCE.encode())
    yield Sample("text-called.pdf", SENTENCE.encode(), ("mislabelled",))
    yield Sample("text-called.docx", SENTENCE.encode(), ("mislabelled",))
    yield Sample("text-called.png", SENTENCE.encode(), ("mislabelled",))
    yield Sample("text-called.xml", SENTENCE.encode(), ("mislabelled",))


def _markdown() -> Iterator[Sample]:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    yield Sample("good.md", b"---\ntitle: Leave\n---\n\n# Leave\n\n**Employees** accrue *one* [hour](x) of paid leave.")
    yield Sample("yaml-bomb.md", f"---\ntitle: Leave\n{bomb}---\n\n{SENTENCE}".encode())
    yield Sample("broken-front-matter.md", f"---\ntitle: Leave: [the\n\t- {{%\n---\n{SENTENCE}".encode())
    yield Sample("unclosed-front-matter.md", f"---\ntitle: Leave\n\n{SENTENCE}".encode())
    yield Sample("deep-front-matter.md", f"---\ntitle: {'[' * 20_000}\n---\n{SENTENCE}".encode())
    yield Sample("deep-quotes.md", b"> " * 5000 + SENTENCE.encode(), ("too_deep",))
    deep_list = "".join(f"{'  ' * depth}- item\n" for depth in range(400))
    yield Sample("deep-list.md", deep_list.encode(), ("too_deep",))
    yield Sample("bracket-storm.md", b"[" * 20_000 + b"\n\n" + SENTENCE.encode())
    yield Sample("emphasis-storm.md", b"*a _b " * 10_000 + b"\n\n" + SENTENCE.encode())
    yield Sample(
        "backtick-storm.md", " ".join("`" * (n % 200 + 1) for n in range(3000)).encode() + b"\n\n" + SENTENCE.encode()
    )
    yield Sample("template-tag-storm.md", b"---\ntitle: T\n---\n" + b"{% {{ {: " * 50_000 + b"\n\n" + SENTENCE.encode())
    yield Sample("only-a-comment.md", b"<!-- nothing to see -->\n", ("no_text",))
    yield Sample("only-an-image.md", b"![](picture.png)\n", ("no_text",))
    yield Sample("script-inside.md", f"<script>steal()</script>\n\n{SENTENCE}\n\n<div hidden>no</div>".encode())
    yield Sample("carriage-returns.md", f"# Leave\r\r{SENTENCE}\r".encode())
    yield Sample(
        "wide-table.md", ("|" + "a|" * 2000 + "\n|" + "-|" * 2000 + "\n|" + "b|" * 2000 + f"\n\n{SENTENCE}").encode()
    )
    yield Sample("image-called.md", _png(), ("unknown_format",))


def _html() -> Iterator[Sample]:
    page = "<!doctype html><html><head><title>Leave</title></head><body>{}</body></html>"
    yield Sample("good.html", page.format(f"<nav>Home</nav><main><h1>Leave</h1><p>{SENTENCE}</p></main>").encode())
    yield Sample("html-called.txt", page.format(f"<p>{SENTENCE}</p>").encode())
    yield Sample("unclosed.html", f"<html><body><div><p>{SENTENCE}<ul><li>one<li>two<table><tr><td>x".encode())
    yield Sample("cut-in-a-tag.html", f"<html><body><p>{SENTENCE}</p><a hre".encode())
    western = '<html><head><meta charset="windows-1252"></head><body><p>Congé payé</p></body></html>'
    yield Sample("windows-1252.html", western.encode("cp1252"), phrase="Congé payé")
    lying = '<html><head><meta charset="utf-16"></head><body><p>Congé payé</p></body></html>'
    yield Sample("lying-charset.html", lying.encode(), phrase="Congé payé")
    yield Sample("deep.html", b"<html><body>" + b"<div>" * 20_000 + SENTENCE.encode(), ("too_deep",))
    yield Sample("deep-tables.html", b"<html><body>" + b"<table><tr><td>" * 3000 + SENTENCE.encode(), ("too_deep",))
    yield Sample(
        "only-scripts.html", page.format("<script>let x = 1;</script><style>p{}</style>").encode(), ("no_text",)
    )
    yield Sample(
        "only-hidden.html", page.format('<p style="display: none">x</p><p hidden>y</p>').encode(), ("no_text",)
    )
    spans = "<table><tr><th>h</th></tr>" + '<tr><td rowspan="65534" colspan="1000">x</td></tr>' * 2000 + "</table>"
    yield Sample("span-bomb.html", page.format(f"<p>{SENTENCE}</p>{spans}").encode(), ("too_large",))
    yield Sample("attribute-storm.html", page.format(f"<p {'a=1 ' * 50_000}>{SENTENCE}</p>").encode())
    laughs = '<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    yield Sample(
        "entities.html", f"{laughs}<html><body><p>{SENTENCE} &b; &nbsp;&#0;&#xD800;</p></body></html>".encode()
    )
    yield Sample("comment-storm.html", b"<!--" * 50_000 + b"<html><body>x</body></html>", ("no_text",))
    yield Sample(
        "xhtml.html",
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>{SENTENCE}</p></body></html>'.encode(),
    )


def _pdf() -> Iterator[Sample]:
    good = _pdf_of([[SENTENCE]])
    yield Sample("good.pdf", good)
    yield Sample("pdf-called.txt", good)
    yield Sample("pdf-called.docx", good)
    yield Sample("encrypted.pdf", _pdf_of([[SENTENCE]], password="secret"), ("encrypted",))
    yield Sample("restricted-but-open.pdf", _pdf_of([[SENTENCE]], password=""))
    yield Sample("scanned.pdf", _pdf_of([[]] * 3, pictures=True), ("no_text",))
    yield Sample("mostly-scanned.pdf", _pdf_of([["Cover"], [], [], []], pictures=True), ("no_text",))
    yield Sample("blank.pdf", _pdf_of([[]]), ("no_text",))
    yield Sample("cut-in-half.pdf", good[: len(good) // 2], ("truncated",))
    yield Sample("without-its-end.pdf", good[:-8], ("truncated",))
    yield Sample("cut-update.pdf", good + b"\n9 0 obj\n<< /Type /Cat", ("truncated",))
    yield Sample("junk.pdf", b"%PDF-1.7\n" + b"junk " * 500 + b"\n%%EOF\n", ("corrupt",))
    yield Sample("broken-table.pdf", good.replace(b"startxref", b"startxxxx"))
    yield Sample("loop-of-pages.pdf", _pdf_page_loop(), ("corrupt", "no_text"))
    yield Sample(
        "stream-bomb.pdf", _pdf_bomb(), ("corrupt", "no_text", "too_slow", "too_much_memory", "parser_crashed")
    )
    yield Sample("many-pages.pdf", _pdf_of([[f"Page of rule {n}.", SENTENCE] for n in range(200)]))


def _docx() -> Iterator[Sample]:
    good = _docx_of(f"<w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>")
    bomb = "<w:p><w:r><w:t>" + " " * 80_000_000 + "</w:t></w:r></w:p>"
    yield Sample("good.docx", good)
    yield Sample("docx-called.txt", good)
    yield Sample("docx-called.pdf", good)
    yield Sample(
        "with-macros.docm",
        _docx_of(f"<w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>", {"word/vbaProject.bin": b"\x00VBA"}),
    )
    yield Sample("cut-in-half.docx", good[: len(good) // 2], ("truncated",))
    yield Sample("bomb.docx", _docx_of(bomb), ("zip_bomb",))
    yield Sample(
        "bomb-in-an-image.docx", _docx_of("", {"word/media/image1.bmp": bytes(300 * 1024 * 1024)}), ("zip_bomb",)
    )
    yield Sample("many-parts.docx", _docx_of("", {f"word/media/{n}": b"" for n in range(21_000)}), ("zip_bomb",))
    yield Sample(
        "entities.docx",
        _docx_of("<w:p><w:r><w:t>&lol;</w:t></w:r></w:p>", prolog=_laughs("w:document")),
        ("entity_expansion",),
    )
    deep = "<w:tbl><w:tr><w:tc>" * 400 + f"<w:p><w:r><w:t>{SENTENCE}</w:t></w:r></w:p>" + "</w:tc></w:tr></w:tbl>" * 400
    yield Sample("deep-tables.docx", _docx_of(deep), ("too_deep",))
    yield Sample("blank.docx", _docx_of("<w:p/>"), ("no_text",))
    yield Sample("not-well-formed.docx", _docx_of("<w:p><w:r></w:p>"), ("corrupt",))
    yield Sample("cut-xml.docx", _docx_of("<w:p><w:r><w:t>Leave", closed=False), ("truncated",))
    yield Sample(
        "without-body.docx", _zip({"[Content_Types].xml": b"<Types/>", "word/styles.xml": b"<a/>"}), ("corrupt",)
    )
    yield Sample("spoilt-checksum.docx", _spoilt(good), ("corrupt",))
    yield Sample("encrypted.docx", _ole("EncryptedPackage"), ("encrypted",))
    yield Sample("old.doc", _ole("WordDocument"), ("unknown_format",))
    yield Sample(
        "deleted-and-hidden.docx",
        _docx_of(
            f"<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>{SENTENCE}</w:t></w:r></w:ins></w:p>"
        ),
    )


def _xml() -> Iterator[Sample]:
    section = f"<section {DC}><num>32-1</num><heading>Leave.</heading><text>{SENTENCE}</text></section>"
    yield Sample("good.xml", section.encode())
    yield Sample("xml-called.txt", f'<?xml version="1.0"?>{section}'.encode())
    yield Sample("utf-16.xml", f'<?xml version="1.0" encoding="utf-16"?>{section}'.encode("utf-16"))
    yield Sample(
        "latin-1.xml",
        f'<?xml version="1.0" encoding="iso-8859-1"?>{section}'.replace("Leave.", "Congé.").encode("latin-1"),
    )
    yield Sample(
        "billion-laughs.xml", (_laughs("section") + f"<section {DC}>&lol;</section>").encode(), ("entity_expansion",)
    )
    quadratic = f'<!DOCTYPE section [<!ENTITY a "{"x" * 50_000}">]><section {DC}>{"&a;" * 5000}</section>'
    yield Sample("quadratic.xml", quadratic.encode(), ("entity_expansion",))
    external = f'<!DOCTYPE section [<!ENTITY x SYSTEM "file:///etc/passwd">]><section {DC}><text>&x;</text></section>'
    yield Sample("external-entity.xml", external.encode(), ("entity_expansion",))
    behind = f"<!-- a comment -->{external}"
    yield Sample("entity-behind-a-comment.xml", behind.encode(), ("entity_expansion",))
    remote = f'<!DOCTYPE section SYSTEM "http://198.51.100.1/x.dtd"><section {DC}><text>x</text></section>'
    yield Sample("remote-dtd.xml", remote.encode(), ("entity_expansion",))
    yield Sample("undefined-entity.xml", section.replace("one hour", "&nbsp;").encode(), ("corrupt",))
    yield Sample(
        "deep.xml", (f"<section {DC}>" + "<para>" * 300 + "</para>" * 300 + "</section>").encode(), ("too_deep",)
    )
    yield Sample("very-deep.xml", (f"<section {DC}>" + "<para>" * 100_000).encode(), ("too_deep",))
    yield Sample("cut-in-half.xml", section.encode()[: len(section) - 40], ("truncated",))
    yield Sample("mismatched.xml", section.replace("</text>", "</test>").encode(), ("corrupt",))
    yield Sample("unknown-schema.xml", b"<invoice><total>12</total></invoice>", ("unknown_schema",))
    yield Sample("no-namespace.xml", section.replace(DC, "").encode(), ("unknown_schema",))
    yield Sample("blank.xml", f"<section {DC}><num/></section>".encode(), ("no_text",))
    include = (
        f'<container {DC} xmlns:xi="http://www.w3.org/2001/XInclude"><prefix>Title</prefix><num>32</num>'
        '<heading>Labor.</heading><xi:include href="file:///etc/passwd" parse="text"/></container>'
    )
    yield Sample("include-of-a-file.xml", include.encode(), phrase="Title 32. Labor.")
    yield Sample("long-attribute.xml", section.replace("<text>", f'<text type="{"x" * 5_000_000}">').encode())


def _not_documents() -> Iterator[Sample]:
    binaries = {
        "image.png": _png(),
        "photo.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(100),
        "image.gif": b"GIF89a" + bytes(50),
        "archive.zip": _zip({"a.txt": b"x"}),
        "sheet.xlsx": _zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<a/>"}),
        "cut-archive.zip": _zip({"a.txt": b"x"})[:20],
        "archive.gz": gzip.compress(b"x" * 1000, mtime=0),
        "program": b"\x7fELF\x02\x01\x01" + bytes(60),
        "program.exe": b"MZ\x90\x00" + bytes(60),
        "data.sqlite": b"SQLite format 3\x00" + bytes(84),
        "letter.rtf": b"{\\rtf1\\ansi Leave policy}",
        "sound.mp3": b"ID3\x04" + bytes(50),
        "page.ps": b"%!PS-Adobe-3.0\nshowpage\n",
        "table.parquet": b"PAR1" + bytes(40) + b"PAR1",
        "noise.bin": bytes((n * 197 + n // 7) % 256 for n in range(5000)),
        "program-called.md": b"\x7fELF\x02\x01\x01" + bytes(60),
        "archive-called.docx": _zip({"a.txt": b"x"}),
    }
    for name, raw in binaries.items():
        yield Sample(name, raw, ("unknown_format",))
    yield Sample("last-good.md", f"# Last\n\n{SENTENCE}".encode())


def _png() -> bytes:
    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (20, 20), "gray").save(file, "PNG")
    return file.getvalue()


def _laughs(root: str) -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE {root} [<!ENTITY l0 "lol">{entities}<!ENTITY lol "&l9;">]>'


def _zip(parts: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def _docx_of(body: str, more: dict[str, bytes] | None = None, *, prolog: str = "", closed: bool = True) -> bytes:
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    package = "http://schemas.openxmlformats.org/package/2006"
    end = "</w:body></w:document>" if closed else ""
    return _zip(
        {
            "[Content_Types].xml": (
                f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
                'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="xml" ContentType="application/xml"/>'
                f'<Override PartName="/word/document.xml" ContentType="{office}.document.main+xml"/></Types>'
            ).encode(),
            "_rels/.rels": (
                f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Target="word/document.xml" '
                'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>'
            ).encode(),
            "word/document.xml": (
                f'{prolog}<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{body}{end}'
            ).encode(),
            **(more or {}),
        }
    )


def _spoilt(archive: bytes) -> bytes:
    start = archive.index(b"word/document.xml") + len(b"word/document.xml") + 40
    return archive[:start] + bytes(byte ^ 0xFF for byte in archive[start : start + 20]) + archive[start + 20 :]


def _ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1016) + stream.encode("utf-16-le") + bytes(2048)


def _pdf_of(pages: list[list[str]], *, password: str | None = None, pictures: bool = False) -> bytes:
    from reportlab.lib.pagesizes import letter
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    file = BytesIO()
    lock = None if password is None else StandardEncryption(password, "owner", canModify=0)
    canvas = Canvas(file, pagesize=letter, invariant=1, encrypt=lock)
    for lines in pages:
        if pictures and not lines:
            canvas.drawImage(ImageReader(BytesIO(_png())), 0, 0, 600, 780)
        for number, line in enumerate(lines):
            canvas.drawString(72, 700 - 14 * number, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _pdf_objects(objects: list[bytes]) -> bytes:
    raw = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(raw))
        raw += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(raw))
    return raw + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


def _pdf_page_loop() -> bytes:
    return _pdf_objects([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >>"])


def _pdf_bomb() -> bytes:
    import zlib

    # Deflate reaches a thousandfold, so that two layers of it stand for a gigabyte.
    inner = zlib.compress(b"q Q " * 64_000_000, 9)
    stream = zlib.compress(inner, 9)
    content = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream" % (len(stream), stream)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>"
    return _pdf_objects(
        [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, content]
    )
