"""Real regulations and a real handbook: every file parses, and no text of the law is lost."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from hostile import assert_whole

from assets.documents.model import BlockKind
from assets.documents.parsing.parse import parse

DATA = Path(os.environ.get("HRDP_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data"))
LEFT_OVER_MARKS = re.compile(r"</?(?:div|td|table|span|p)[ >]|<!--|\*\*\w|\{% ")
LEFT_OVER_MARKS_AND_LINKS = re.compile(LEFT_OVER_MARKS.pattern + r"|\]\(")
WORDS = re.compile(r"\w+")


def clone(bundle: str, folder: Path) -> Path:
    path = DATA / bundle
    if not path.exists():
        pytest.skip(f"{bundle} is absent: set HRDP_SHARED_DATA to the folder that holds it")
    subprocess.run(["git", "clone", "--quiet", "--branch", "main", str(path), str(folder)], check=True)
    return folder


def test_every_page_of_a_handbook_reads_well(tmp_path: Path) -> None:
    files = sorted(clone("handbooks/18f-handbook.bundle", tmp_path / "handbook").rglob("*.md"))
    assert len(files) > 200
    for file in files:
        raw = file.read_bytes()
        document = parse(raw, file.name)
        assert_whole(document)
        assert document.title
        # Some pages escape a bracket by mistake, so that a reader sees the link's marks as well.
        marks = LEFT_OVER_MARKS if b"\\[" in raw else LEFT_OVER_MARKS_AND_LINKS
        for block in document.blocks:
            if block.kind is not BlockKind.CODE:
                assert not marks.search(document.text[block.start : block.end]), file


def test_every_revision_of_a_code_keeps_all_its_text(tmp_path: Path) -> None:
    from lxml import etree

    folder = clone("regulations/dc-code-title-32.bundle", tmp_path / "code")
    for revision in ("HEAD", "HEAD~40"):
        subprocess.run(["git", "checkout", "--quiet", revision], cwd=folder, check=True)
        files = sorted(folder.rglob("*.xml"))
        assert len(files) > 400
        for file in files:
            raw = file.read_bytes()
            document = parse(raw, file.name)
            assert_whole(document)
            number = re.search(rb"<num>([^<]+)</num>", raw)
            assert number is not None
            assert number[1].decode() in document.title
            shown = "".join(WORDS.findall(document.text))
            for element in etree.fromstring(raw).iter():
                for text in (element.text, element.tail):
                    assert "".join(WORDS.findall(text or "")) in shown, file
