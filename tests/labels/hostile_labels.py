"""Hostile and odd files of labelled resumes, made in code, with what each row must be refused for and which are taken."""

import gzip
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

SECRET = "Xhaferi"
"""Stands in every resume, label, id and name of these files; no reason or advice may hold it."""

SOUND = f"Zuzanna {SECRET}\nAccountant with ten years of experience in audits."
HUNDRED_MEGABYTES = 100 * 1024 * 1024
HEADER = "id,text,label\n"


@dataclass(frozen=True, slots=True)
class Sample:
    """A file or folder that `write` makes in a folder. `refused` are the reasons by row (0: the file as a whole), in order;
    `taken` are the numbers of the rows that are taken.

    `settles` says that the rows are sound each for itself and contradict one another: reading takes all of them, the
    intake refuses `refused`.
    """

    name: str
    write: Callable[[Path], Path]
    refused: tuple[tuple[int, str], ...]
    taken: tuple[int, ...] = ()
    task: str = "job-category"
    drop_first_line: bool = False
    allowed: frozenset[str] = field(default=frozenset())
    settles: bool = False


def samples() -> list[Sample]:
    """All of them."""
    return [*_cells(), *_texts_and_labels(), *_json(), *_compressed(), *_parquet(), *_files(), *_skills(), *_matches()]


def quoted(text: str) -> str:
    """A cell in quotes."""
    return '"' + text.replace('"', '""') + '"'


def row(number: int, text: str = SOUND, label: str = "Accountant") -> str:
    """A sound line of CSV under HEADER, unless the text or label is not."""
    return f"{SECRET}-{number},{quoted(f'{text} {number}')},{label}\n"


def csv(*lines: str, name: str = "set.csv", encoding: str = "utf-8") -> Callable[[Path], Path]:
    """A CSV of these lines under HEADER."""
    return raw("".join([HEADER, *lines]).encode(encoding), name)


def jsonl(*records: Any, name: str = "set.jsonl") -> Callable[[Path], Path]:
    """JSON lines; a string is a line as it is."""
    lines = (record if isinstance(record, str) else json.dumps(record) for record in records)
    return raw("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass"), name)


def raw(content: bytes | Callable[[], bytes], name: str) -> Callable[[Path], Path]:
    """A file of these bytes."""

    def write(folder: Path) -> Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content())
        return path

    return write


def folder_of(files: Callable[[], dict[str, bytes]]) -> Callable[[Path], Path]:
    """A folder of files."""

    def write(folder: Path) -> Path:
        (folder / "resumes").mkdir()
        for name, content in files().items():
            (folder / "resumes" / name).write_bytes(content)
        return folder / "resumes"

    return write


def zip_of(files: Iterable[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w", compression) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return written.getvalue()


def docx(*paragraphs: str) -> bytes:
    """A Word file."""
    from docx import Document

    document = Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    written = BytesIO()
    document.save(written)
    return written.getvalue()


@cache
def docx_bomb() -> bytes:
    """A Word file whose text unpacks to a thousand times its size."""
    parts: list[tuple[str, bytes]] = []
    with zipfile.ZipFile(BytesIO(docx(SOUND))) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist() if name != "word/document.xml"]
    return zip_of([*parts, ("word/document.xml", b" " * (32 * 1024 * 1024))])


@cache
def gzip_bomb() -> bytes:
    """CSV of ten sound rows, and then 256 MiB of the same letter."""
    packer = zlib.compressobj(9, wbits=31)
    pieces = [packer.compress((HEADER + "".join(map(row, range(10)))).encode())]
    pieces += [packer.compress(b"a" * (16 * 1024 * 1024)) for _ in range(16)]
    return b"".join([*pieces, packer.flush()])


def parquet(**columns: Any) -> bytes:
    """A Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = BytesIO()
    pq.write_table(pa.table(columns), written, compression="zstd")
    return written.getvalue()


def _large(before: str, piece: str, after: str, name: str, size: int = HUNDRED_MEGABYTES) -> Callable[[Path], Path]:
    """A file with a hundred megabytes between two texts."""

    def write(folder: Path) -> Path:
        path = folder / name
        with path.open("w") as file:
            file.write(before)
            for _ in range(size // len(piece)):
                file.write(piece)
            file.write(after)
        return path

    return write


def _cells() -> Iterable[Sample]:
    megabyte = f"{SECRET} " * (1024 * 1024 // 8)
    lines = f"{SECRET}, Accountant\n" * 50_000
    yield Sample("other columns", raw(b"alpha,beta\nx,y\n", "set.csv"), ((0, "columns_unknown"),))
    yield Sample(
        "no line of names", raw(f"{SOUND.splitlines()[1]},{SECRET}\n".encode(), "set.csv"), ((0, "columns_unknown"),)
    )
    yield Sample(
        "a name in the place of a column",
        raw(f"Zuzanna {SECRET},4711\n".encode(), "set.csv"),
        ((0, "columns_unknown"),),
    )
    yield Sample("only the line of names", raw(HEADER.encode(), "set.csv"), ((0, "no_rows"),))
    yield Sample("an empty file", raw(b"", "set.csv"), ((0, "empty"),))
    yield Sample("a file of blanks", raw(b" \n\n \n", "set.csv"), ((0, "empty"),))
    yield Sample(
        "ragged rows",
        csv(row(1), f"2,{SECRET}\n", row(3), f"4,{SECRET},b,c,d\n", row(5)),
        ((2, "ragged"), (4, "ragged")),
        (1, 3, 5),
    )
    yield Sample(
        "a quote that is never closed",
        csv(row(1), f'2,"{SECRET}, and\nmore, of it,HR\n', row(3), row(4)),
        ((2, "broken_quotes"),),
        (1, 3, 4),
    )
    yield Sample(
        "a quote that is never closed, in the last row",
        csv(row(1), row(2), f'3,"{SECRET} and\nmore'),
        ((3, "broken_quotes"),),
        (1, 2),
    )
    yield Sample(
        "quotes inside a cell that are not doubled",
        csv(row(1), f'2,"the "best" {SECRET}, and\nSQL, Java\nbye",HR\n', row(3)),
        ((2, "broken_quotes"),),
        (1, 3),
    )
    yield Sample(
        "a quote that is never closed, no other quotes",
        csv("1,one sound resume,HR\n", f'2,"{SECRET},HR\n', "3,another sound resume,IT\n", "4,a third one,IT\n"),
        ((2, "broken_quotes"),),
        (1, 3, 4),
    )
    yield Sample(
        "a cell of 100 MB in quotes",
        _large(HEADER + row(1) + '2,"', lines, '",HR\n' + row(3), "set.csv"),
        ((2, "too_large"),),
        (1, 3),
    )
    yield Sample(
        "a cell of 100 MB without quotes",
        _large(HEADER + row(1) + "2,", megabyte, ",HR\n" + row(3), "set.csv"),
        ((2, "too_large"),),
        (1, 3),
    )
    yield Sample(
        "a quote open for 20 MB",
        _large(HEADER + row(1) + '2,"', lines, "", "set.csv", 2 * HUNDRED_MEGABYTES // 10),
        ((2, "broken_quotes"),),
        (1,),
    )
    yield Sample(
        "5,000 columns",
        raw((",".join(f"c{n}" for n in range(5000)) + "\n").encode(), "set.csv"),
        ((0, "too_many_columns"),),
    )
    yield Sample(
        "a hundred thousand separators in a row", csv(row(1), "," * 100_000 + "\n", row(3)), ((2, "ragged"),), (1, 3)
    )
    yield Sample(
        "a thousand rows of another form",
        csv(*[f"{SECRET}\n"] * 5_000),
        (*((n, "ragged") for n in range(1, 1001)), (0, "ragged")),
    )


def _texts_and_labels() -> Iterable[Sample]:
    yield Sample("null bytes", csv(row(1), row(2, f"{SECRET}\x00"), row(3)), ((2, "null_bytes"),), (1, 3))
    yield Sample(
        "a formula as text",
        csv(f'1,=HYPERLINK("{SECRET}"),HR\n', f"2,\"=cmd|' /C {SECRET}'!A0\",HR\n", row(3)),
        ((1, "formula"), (2, "formula")),
        (3,),
    )
    yield Sample(
        "formulas as labels",
        csv(*(row(n, label=f"{sign}{SECRET}") for n, sign in enumerate("=+@-", 1)), row(5)),
        tuple((n, "bad_label") for n in range(1, 5)),
        (5,),
    )
    yield Sample(
        "labels that are no names",
        csv(
            row(1, label=""), row(2, label=SECRET * 20), row(3, label=f'"{SECRET}\nx"'), row(4, label=f"{SECRET}\x07"),
            row(5, label="\u202e" + SECRET), row(6, label="---"), row(7),
        ),
        ((1, "no_label"), *((n, "bad_label") for n in range(2, 7))),
        (7,),
    )  # fmt: skip
    yield Sample(
        "a label outside the list",
        csv(row(1), row(2, label=SECRET), row(3, label="accountant")),
        ((2, "unknown_label"),),
        (1, 3),
        allowed=frozenset({"Accountant", "HR"}),
    )
    yield Sample("empty texts", csv("1,,HR\n", '2," \n ",HR\n', row(3)), ((1, "no_text"), (2, "no_text")), (3,))
    yield Sample("texts without letters", csv('1,"12 / 34\n---",HR\n', row(2)), ((1, "no_letters"),), (2,))
    yield Sample(
        "only a first line", csv(f"1,{SECRET},HR\n", row(2)), ((1, "first_line_only"),), (2,), drop_first_line=True
    )
    yield Sample(
        "bytes of a program as text",
        csv(f'1,"{SECRET}{chr(1) * 400}",HR\n', *map(row, range(2, 400))),
        ((1, "binary"),),
        tuple(range(2, 400)),
    )
    mixed = HEADER.encode() + row(1, "Résumé").encode() + row(2, f"Müller {SECRET}").encode("latin-1") + row(3).encode()
    yield Sample("mixed encodings", raw(mixed, "set.csv"), ((2, "bad_encoding"),), (1, 3))
    yield Sample("another encoding all over", csv(row(1, "Résumé"), row(2, "Müller"), encoding="cp1252"), (), (1, 2))
    yield Sample("UTF-16", csv(row(1, "Résumé"), row(2, "Żółć"), encoding="utf-16"), (), (1, 2))
    yield Sample(
        "ids and times that are none",
        raw(
            f'id,text,label,labelled_at\n"{SECRET}\nx",{SOUND.splitlines()[1]},HR,\n2,{SECRET},HR,{SECRET}\n'
            f"3,{SECRET},HR,2026-03-01\n".encode(),
            "set.csv",
        ),
        ((1, "bad_id"), (2, "bad_time")),
        (3,),
    )
    yield Sample(
        "the same id with other labels",
        csv(row(1), f"{SECRET},{quoted(SOUND)},HR\n", f"{SECRET},{quoted(SOUND)},IT\n", row(4)),
        ((2, "conflicting_labels"), (3, "conflicting_labels")),
        (1, 4),
        settles=True,
    )


def _json() -> Iterable[Sample]:
    good = {"id": SECRET, "text": SOUND, "label": "HR"}
    yield Sample(
        "lines that are not JSON",
        jsonl(good, f'{{"text": "{SECRET}', f'["{SECRET}"]', "[" * 100_000, {"text": [SECRET], "label": "HR"}, good),
        ((2, "not_json"), (3, "not_an_object"), (4, "too_deep"), (5, "not_the_type")),
        (1, 6),
    )
    yield Sample(
        "rows without the columns",
        jsonl(good, {SECRET: SOUND}, {"text": SOUND}, good),
        ((2, "columns_unknown"), (3, "columns_unknown")),
        (1, 4),
    )
    yield Sample(
        "half of a pair of surrogates", jsonl({**good, "text": f"{SECRET} \ud800"}, good), ((1, "bad_encoding"),), (2,)
    )
    yield Sample(
        "a line of 100 MB",
        _large(
            json.dumps(good) + '\n{"label": "HR", "text": "',
            f"{SECRET} " * 100_000,
            '"}\n' + json.dumps(good) + "\n",
            "set.jsonl",
        ),
        ((2, "too_large"),),
        (1, 3),
    )
    yield Sample(
        "an element of 20 MB in a list",
        _large(
            f'[{json.dumps(good)}, {{"label": "HR", "text": "',
            f"{SECRET} [ " * 100_000,
            f'"}}, {json.dumps(good)}]',
            "set.json",
            2 * HUNDRED_MEGABYTES // 10,
        ),
        ((2, "too_large"),),
        (1, 3),
    )
    yield Sample(
        "a list with a broken element",
        raw(f'[{json.dumps(good)}, {{"text": nothing}}, {json.dumps(good)}]'.encode(), "set.json"),
        ((2, "not_json"),),
        (1, 3),
    )
    yield Sample(
        "a list that never ends",
        raw(f'[{json.dumps(good)}, {{"text": "{SECRET}'.encode(), "set.json"),
        ((0, "unfinished_json"),),
        (1,),
    )
    yield Sample("an element nested without end", raw(b"[" + b'{"a":' * 50_000, "set.json"), ((0, "unfinished_json"),))
    yield Sample(
        "a number of a million digits", jsonl(f'{{"text": {"9" * 1_000_000}}}', good), ((1, "not_json"),), (2,)
    )


def _compressed() -> Iterable[Sample]:
    packer = zlib.compressobj(wbits=31)
    cut = packer.compress((HEADER + row(1) + row(2)).encode()) + packer.flush(zlib.Z_FULL_FLUSH)
    cut += (packer.compress(row(3).encode()) + packer.flush())[:3]
    whole = gzip.compress((HEADER + row(1)).encode())
    yield Sample("a gzip bomb", raw(gzip_bomb, "set.csv.gz"), ((0, "zip_bomb"),), tuple(range(1, 11)))
    yield Sample("gzip that ends too early", raw(cut, "set.csv.gz"), ((0, "truncated"),), (1, 2))
    yield Sample("gzip with damage", raw(whole[:-8] + b"\0\0\0\0" + whole[-4:], "set.csv.gz"), ((0, "corrupt"),))
    yield Sample(
        "gzip in gzip", raw(gzip.compress(gzip.compress(HEADER.encode())), "set.csv.gz"), ((0, "unknown_format"),)
    )
    yield Sample("text that is called gzip", raw((HEADER + row(1)).encode(), "set.csv.gz"), ((0, "mislabelled"),))
    yield Sample(
        "an archive that ends too early",
        raw(zip_of([("labels.csv", HEADER.encode())])[:-30], "set.zip"),
        ((0, "corrupt"),),
    )


def _parquet() -> Iterable[Sample]:
    def whole() -> bytes:
        return parquet(id=["1", "2"], text=[SOUND, SOUND + " more"], label=["HR", "IT"])

    def large() -> bytes:
        return parquet(text=[SOUND, f"{SECRET} " * (HUNDRED_MEGABYTES // 40), SOUND], label=["HR", "HR", "HR"])

    def bomb() -> bytes:
        # The same mebibyte in every row is written once.
        return parquet(text=["one million letters ".ljust(1024 * 1024, "x")] * 100, label=["HR"] * 100)

    def numbers() -> bytes:
        return parquet(text=[1.5, 2.5], label=["HR", "IT"])

    yield Sample("Parquet", raw(whole, "set.parquet"), (), (1, 2))
    yield Sample("Parquet that ends too early", raw(lambda: whole()[:-40], "set.parquet"), ((0, "truncated"),))
    damaged = raw(lambda: whole()[:4] + b"\x00" * 60 + whole()[64:], "set.parquet")
    yield Sample("Parquet with damage inside", damaged, ((0, "corrupt"),))
    yield Sample(
        "Parquet with other columns", raw(lambda: parquet(alpha=["1"]), "set.parquet"), ((0, "columns_unknown"),)
    )
    yield Sample(
        "Parquet with texts of another type",
        raw(numbers, "set.parquet"),
        ((1, "not_the_type"), (2, "not_the_type")),
    )
    yield Sample("Parquet with a cell of 20 MB", raw(large, "set.parquet"), ((2, "too_large"),), (1, 3))
    yield Sample("a Parquet bomb", raw(bomb, "set.parquet"), ((0, "zip_bomb"),), tuple(range(1, 64)))
    yield Sample("CSV that is called Parquet", raw((HEADER + row(1)).encode(), "set.parquet"), ((0, "mislabelled"),))


def _files() -> Iterable[Sample]:
    names = [
        "sound.docx",
        "bomb.docx",
        "damaged.pdf",
        "../outside.txt",
        "missing.pdf",
        "/etc/hostname",
        "sound.txt",
        "",
    ]
    listing = "file,label\n" + "".join(f"{name},HR\n" for name in names)

    def files() -> dict[str, bytes]:
        return {
            "labels.csv": listing.encode(),
            "sound.docx": docx(*SOUND.splitlines()),
            "bomb.docx": docx_bomb(),
            "damaged.pdf": b"%PDF-1.7\n" + SECRET.encode(),
            "sound.txt": SOUND.encode(),
            f"{SECRET}.txt": SOUND.encode(),
        }

    refused = (
        (2, "zip_bomb"),
        (3, "truncated"),
        (4, "file_outside"),
        (5, "file_missing"),
        (6, "file_outside"),
        (8, "no_file"),
        (0, "unlisted_files"),
    )
    yield Sample("a folder of resumes", folder_of(files), refused, (1, 7))
    yield Sample("an archive of resumes", raw(lambda: zip_of(files().items()), "set.zip"), refused, (1, 7))
    yield Sample("a resume alone", raw(lambda: docx(SOUND), f"{SECRET}.docx"), ((0, "no_listing"),))
    yield Sample("a folder without a listing", folder_of(lambda: {"a.txt": SOUND.encode()}), ((0, "no_listing"),))
    yield Sample(
        "a folder with two listings",
        folder_of(lambda: {"a.csv": HEADER.encode(), "b.csv": HEADER.encode()}),
        ((0, "several_listings"),),
    )
    yield Sample(
        "a picture that is called CSV", raw(b"\x89PNG\r\n\x1a\n" + SECRET.encode(), "set.csv"), ((0, "unknown_format"),)
    )
    yield Sample("bytes without meaning", raw(bytes(range(256)) * 300, "set.csv"), ((0, "unknown_format"),))


def _skills() -> Iterable[Sample]:
    good = {"tokens": ["knows", "Python"], "tags_skill": ["O", "B"], "tags_knowledge": ["O", "O"]}
    yield Sample(
        "tags that say nothing sure",
        jsonl(
            good,
            {**good, "tags_skill": ["O", "I"]},
            {**good, "tags_skill": ["B"]},
            {**good, "tags_skill": ["B", SECRET]},
            {**good, "tokens": []},
            {**good, "tokens": [SECRET, ""]},
            {**good, "tokens": [SECRET, 7]},
            {"tokens": [SECRET, "Python"]},
        ),
        (
            (2, "invalid_bio"),
            (3, "bad_tags"),
            (4, "bad_tags"),
            (5, "no_text"),
            (6, "bad_tokens"),
            (7, "bad_tokens"),
            (8, "columns_unknown"),
        ),
        (1,),
        task="skills",
    )
    spans = {"text": f"{SECRET} knows Python and SQL", "spans": [[14, 20, "SKILL"]]}
    yield Sample(
        "spans that can't be",
        jsonl(
            spans,
            {**spans, "spans": [[14, 200, "SKILL"]]},
            {**spans, "spans": [[14, 14, "SKILL"]]},
            {**spans, "spans": [[14, 20, "SKILL"], [16, 24, "SKILL"]]},
            {**spans, "spans": [[14, 20, SECRET * 20]]},
            {**spans, "spans": SECRET},
            {**spans, "spans": None},
        ),
        (
            (2, "bad_spans"),
            (3, "bad_spans"),
            (4, "overlapping_spans"),
            (5, "bad_spans"),
            (6, "bad_spans"),
            (7, "no_label"),
        ),
        (1,),
        task="skills",
    )


def _matches() -> Iterable[Sample]:
    good = {"resume": SOUND, "opening": "We look for an accountant.", "grade": 3}
    yield Sample(
        "grades and openings that are none",
        jsonl(
            good,
            {**good, "grade": None},
            {**good, "grade": f"={SECRET}"},
            {**good, "grade": [SECRET]},
            {**good, "grade": True},
            {**good, "opening": " "},
            {**good, "opening": 7},
            '{"resume": "a", "opening": "b", "grade": NaN}',
        ),
        (
            (2, "no_label"),
            (3, "bad_grade"),
            (4, "bad_grade"),
            (5, "bad_grade"),
            (6, "no_opening"),
            (7, "not_the_type"),
            (8, "bad_grade"),
        ),
        (1,),
        task="match",
    )
