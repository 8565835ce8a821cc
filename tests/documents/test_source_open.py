"""Choosing a source by its location."""

import subprocess
from pathlib import Path

import pytest

from assets.documents.sources.base import BadSource, SourceSpec
from assets.documents.sources.directory import DirectorySource
from assets.documents.sources.git import GitSource
from assets.documents.sources.http import HttpSource
from assets.documents.sources.open import absolute_location, open_source
from assets.documents.sources.records import RecordsSource
from assets.documents.sources.s3 import S3Source


def opened(location: str, tmp_path: Path, ref: str | None = None) -> object:
    return open_source(SourceSpec(name="x", kind="policy", location=location, ref=ref), cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("folder", DirectorySource),
        ("not there", DirectorySource),
        ("repository", GitSource),
        ("bare", GitSource),
        ("law.bundle", GitSource),
        ("records.jsonl", RecordsSource),
        ("records.jsonl.gz", RecordsSource),
    ],
)
@pytest.mark.parametrize("scheme", ["", "file://"])
def test_paths(tmp_path: Path, location: str, kind: type, scheme: str) -> None:
    (tmp_path / "folder").mkdir()
    subprocess.run(["git", "init", "--quiet", "repository"], cwd=tmp_path, check=True)
    subprocess.run(["git", "init", "--quiet", "--bare", "bare"], cwd=tmp_path, check=True)
    place = str(tmp_path / location)
    assert type(opened(scheme + place.replace(" ", "%20" if scheme else " "), tmp_path)) is kind


@pytest.mark.parametrize(
    ("location", "kind"),
    [
        ("s3://bucket/prefix", S3Source),
        ("https://example.com/policy.html", HttpSource),
        ("https://example.com/a https://example.com/b", HttpSource),
        ("https://example.com/law.git", GitSource),
        ("git+https://example.com/law", GitSource),
        ("ssh://git@example.com/law", GitSource),
        ("git@example.com:law", GitSource),
    ],
)
def test_addresses(tmp_path: Path, location: str, kind: type) -> None:
    assert type(opened(location, tmp_path)) is kind
    assert absolute_location(location) == location


@pytest.mark.parametrize("location", ["", "  ", "ftp://example.com/a", "s3://", "https://"])
def test_a_location_that_cannot_be_meant_is_refused(tmp_path: Path, location: str) -> None:
    with pytest.raises(BadSource, match=r"Give"):
        opened(location, tmp_path)


def test_a_single_file_and_a_ref_without_a_repository_are_refused(tmp_path: Path) -> None:
    (tmp_path / "policy.pdf").write_bytes(b"%PDF")
    with pytest.raises(BadSource, match="directory that holds it"):
        opened(str(tmp_path / "policy.pdf"), tmp_path)
    with pytest.raises(BadSource, match="ref"):
        opened(str(tmp_path), tmp_path, ref="main")


def test_a_relative_path_is_kept_as_an_absolute_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute_location("handbook") == str(tmp_path / "handbook")
    assert absolute_location(f"file://{tmp_path}/handbook") == str(tmp_path / "handbook")
    assert absolute_location("law.bundle") == str(tmp_path / "law.bundle")
