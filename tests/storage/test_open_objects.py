from pathlib import Path

import pytest

from assets.storage.directory import DirectoryObjectStore
from assets.storage.open import open_objects
from assets.storage.s3 import S3ObjectStore


def test_a_path_and_a_file_address_are_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "with space"
    open_objects(str(folder)).put("a", b"x")
    assert open_objects(folder.as_uri()).get("a") == b"x"


def test_a_relative_path_is_kept_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_objects("objects")
    monkeypatch.chdir("/")
    store.put("a", b"x")
    assert (tmp_path / "objects" / "a").read_bytes() == b"x"


def test_an_address_chooses_the_store(tmp_path: Path) -> None:
    assert isinstance(open_objects(str(tmp_path)), DirectoryObjectStore)
    assert isinstance(open_objects("s3://bucket"), S3ObjectStore)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "  ",
        "ftp://host/folder",
        "s3:///prefix",
        "s3://user:secret@bucket/p",
        "file://host/folder",
        "s3://bucket?x=1",
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_a_secret(url: str) -> None:
    with pytest.raises(ValueError, match="give a folder, file:///folder or s3://bucket/prefix") as raised:
        open_objects(url)
    assert "secret" not in str(raised.value)
