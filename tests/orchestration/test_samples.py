"""The bundled samples are what the demo and its evaluation take them for: dated, in every format, and truly quoted."""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from orchestration.demo import build_samples

SAMPLES = Path(build_samples.__file__).parent / "samples"
REVISIONS = SAMPLES / "handbook" / "revisions"
RULES = SAMPLES / "rules"
TODAY = "9999-12-31"


@cache
def handbook(date: str) -> dict[str, Path]:
    """The handbook's files as they are valid on a date, by their path."""
    files: dict[str, Path] = {}
    for revision in sorted(REVISIONS.iterdir()):
        if revision.name > date:
            break
        for path in deleted(revision):
            del files[path]
        files |= {
            path.relative_to(revision).as_posix(): path
            for path in revision.rglob("*")
            if path.is_file() and path.name != "DELETED"
        }
    return files


def deleted(revision: Path) -> list[str]:
    """The paths that a revision removes."""
    listing = revision / "DELETED"
    return listing.read_text(encoding="utf-8").split() if listing.exists() else []


def rules() -> list[Path]:
    """The readable rules."""
    return sorted(path for path in RULES.rglob("*") if path.is_file() and path.parent.name != "broken")


def declared(path: Path, key: str) -> str | None:
    """The date that a rule declares about itself, in its front matter or a meta element."""
    if path.suffix not in (".md", ".html"):
        return None
    found = re.search(rf'^{key}: (\S+)$|<meta name="{key}" content="([^"]+)">', path.read_text("utf-8"), re.MULTILINE)
    return found and (found[1] or found[2])


def valid_file(document_id: str, date: str | None) -> Path:
    """The file that holds a document's text on a date, which must be one that is valid then."""
    source, _, path = document_id.partition("/")
    if source == "handbook":
        return handbook(date or TODAY)[path]
    file = RULES / path
    begin, end = declared(file, "effective_from"), declared(file, "effective_to")
    if date is None:
        assert end is None, f"{document_id} has ended"
    else:
        assert begin is not None, f"{document_id} has no date that puts it before {date}"
        assert begin <= date, f"{document_id} is not yet valid on {date}"
        assert end is None or date < end, f"{document_id} has ended on {date}"
    return file


@cache
def text_of(path: Path) -> str:
    """A file's plain text with white space collapsed."""
    return " ".join(extracted(path.read_bytes(), path.suffix).split())


def extracted(content: bytes, suffix: str) -> str:
    """The plain text of a file's content, extracted in the simplest way."""
    if suffix == ".pdf":
        import pypdfium2

        return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content))
    if suffix == ".docx":
        from docx import Document

        document = Document(io.BytesIO(content))
        cells = (cell.text for table in document.tables for row in table.rows for cell in row.cells)
        return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    if suffix in (".html", ".xml"):
        return unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<(script|style).*?</\1>", " ", text)))
    return text


@cache
def questions() -> tuple[dict[str, Any], ...]:
    lines = (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


def pairs() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """The questions that are asked as of two dates, the earlier first."""
    by_question: dict[str, list[dict[str, Any]]] = {}
    for question in questions():
        if "as_of" in question:
            by_question.setdefault(question["question"], []).append(question)
    for asked in by_question.values():
        if len(asked) == 2:
            first, second = sorted(asked, key=lambda question: str(question["as_of"]))
            yield first, second


def test_there_are_enough_documents_in_every_format() -> None:
    current = handbook(TODAY)
    formats = Counter(path.suffix for path in [*current.values(), *rules()])
    assert len(current) >= 24
    assert len(rules()) >= 20
    assert sum(formats.values()) >= 45
    assert set(formats) == {".md", ".html", ".xml", ".pdf", ".docx", ".txt"}
    assert min(formats.values()) >= 2


def test_every_document_is_substantial_and_different_from_every_other() -> None:
    texts = [text_of(path) for path in [*handbook(TODAY).values(), *rules()]]
    assert min(len(text.split()) for text in texts) >= 300
    assert len(set(texts)) == len(texts)


def test_the_handbook_has_a_history_with_edits_a_rename_and_a_deletion() -> None:
    revisions = sorted(REVISIONS.iterdir())
    assert 4 <= len(revisions) <= 5
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", revision.name) for revision in revisions)
    texts: dict[str, set[bytes]] = {}
    renamed: list[str] = []
    ended: list[str] = []
    for before, revision in zip([None, *revisions], revisions, strict=False):
        earlier = {path: file.read_bytes() for path, file in handbook(before.name).items()} if before else {}
        for path, file in handbook(revision.name).items():
            if file.is_relative_to(revision):
                assert earlier.get(path) != file.read_bytes(), f"{path} is in {revision.name} without a change"
                texts.setdefault(path, set()).add(file.read_bytes())
        added = {file.read_bytes() for path, file in handbook(revision.name).items() if path not in earlier}
        for path in deleted(revision):
            (renamed if earlier[path] in added else ended).append(path)
    assert sum(len(versions) >= 2 for versions in texts.values()) >= 8
    assert renamed
    assert ended


def test_rules_say_when_they_apply() -> None:
    begins = [path.name for path in rules() if declared(path, "effective_from")]
    ends = [path.name for path in rules() if declared(path, "effective_to")]
    assert len(begins) >= 2
    assert len(ends) == 1


def test_one_text_is_not_utf_8() -> None:
    encoded = [path for path in rules() if path.suffix == ".txt" and b"\x97" in path.read_bytes()]
    assert len(encoded) == 1
    with pytest.raises(UnicodeDecodeError):
        encoded[0].read_bytes().decode("utf-8")
    assert "Saint-Élise" in text_of(encoded[0])


def test_the_broken_files_cannot_be_read_each_for_its_own_reason() -> None:
    import pypdfium2
    from docx import Document

    broken = {path.name: path for path in (RULES / "broken").iterdir()}
    assert len(broken) == 5
    assert broken["posting-circular-2021.txt"].stat().st_size == 0
    with pytest.raises(pypdfium2.PdfiumError, match="format"):
        pypdfium2.PdfDocument(broken["bulletin-work-permits.pdf"])
    with pytest.raises(pypdfium2.PdfiumError, match="password"):
        pypdfium2.PdfDocument(broken["inspection-memo.pdf"])
    with pytest.raises(zipfile.BadZipFile):
        Document(io.BytesIO(broken["complaint-form.docx"].read_bytes()))
    assert text_of(broken["portal.html"]) == ""


def test_building_again_gives_the_same_bytes_and_the_bundled_texts(tmp_path: Path) -> None:
    first = build_samples.build(tmp_path / "first")
    second = build_samples.build(tmp_path / "second")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    for path in first:
        bundled = RULES / path.relative_to(tmp_path / "first")
        if bundled.parent.name != "broken":
            assert text_of(bundled) == text_of(path)


def test_there_are_enough_questions_of_every_kind() -> None:
    answerable = [question for question in questions() if "quotes" in question and "as_of" not in question]
    refused = [question for question in questions() if question.get("refuse")]
    assert len(answerable) >= 48
    assert len(refused) >= 12
    assert len(list(pairs())) >= 12
    assert {Path(question["document_id"]).suffix for question in answerable} == {
        ".md",
        ".html",
        ".xml",
        ".pdf",
        ".docx",
        ".txt",
    }
    asked = Counter((question["question"], question.get("as_of")) for question in questions())
    assert max(asked.values()) == 1


def test_every_quote_stands_in_the_text_that_is_valid_at_its_date() -> None:
    for question in questions():
        if question.get("refuse"):
            continue
        text = text_of(valid_file(question["document_id"], question.get("as_of")))
        assert question["quotes"]
        for quote in question["quotes"]:
            assert quote in text, f"{question['document_id']} does not hold: {quote}"


def test_the_answers_of_a_dated_pair_differ_and_neither_is_valid_at_the_other_date() -> None:
    for earlier, later in pairs():
        assert earlier["quotes"] != later["quotes"]
        for asked, other in ((earlier, later), (later, earlier)):
            text = text_of(valid_file(other["document_id"], other["as_of"]))
            assert not any(quote in text for quote in asked["quotes"]), asked["question"]


def test_questions_do_not_copy_their_answers() -> None:
    for question in questions():
        words = set(re.findall(r"\w{4,}", question["question"].lower()))
        quoted = set(re.findall(r"\w{4,}", " ".join(question.get("quotes", ())).lower()))
        assert not words or len(words & quoted) / len(words) < 0.75, question["question"]
