"""Choosing the kind of source by its location."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from assets.documents.sources.base import BadSource, Source, SourceSpec
from assets.documents.sources.directory import DirectorySource
from assets.documents.sources.git import GitSource, is_git_address, is_git_location
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.records import RecordsSource
from assets.documents.sources.s3 import S3Source


def absolute_location(location: str) -> str:
    """The location as it should be kept: a local path made absolute, so that it means the same from every directory; an
    address unchanged."""
    location = _without_file_scheme(location.strip())
    if not location or "://" in location or is_git_address(location):
        return location
    return str(Path(location).expanduser().absolute())


def open_source(spec: SourceSpec, *, cache: Path, options: SourceOptions | None = None) -> Source:
    """The source at `spec.location`; nothing is read or connected to yet.

    `cache` is a folder for copies of repositories and for what HTTP servers said last; it may be lost at any time.
    Raises BadSource where the location, ref or globs cannot be meant.
    """
    options = options or SourceOptions()
    location = _without_file_scheme(spec.location.strip())
    spec = replace(spec, location=location)
    if not location:
        raise BadSource(
            "The location is empty. Give a directory, a git repository, a .jsonl file, an s3:// or http(s):// address."
        )
    is_git = is_git_location(location)
    if spec.ref is not None and not is_git:
        raise BadSource(
            f"A ref belongs to a git repository, and {location} is none. Leave the ref out, or give the repository."
        )
    if is_git:
        return GitSource(spec, cache=cache, options=options)
    if location.startswith("s3://"):
        return S3Source(spec, options=options)
    if location.lower().startswith(("http://", "https://")):
        from assets.documents.sources.http import HttpSource

        return HttpSource(spec, cache=cache, options=options)
    if "://" in location:
        scheme = location.partition("://")[0]
        raise BadSource(
            f"{scheme}:// is not supported. Give a path, or an address with git+https, git+ssh, s3, http or https."
        )
    if location.endswith((".jsonl", ".jsonl.gz")):
        return RecordsSource(spec, options=options)
    if Path(location).expanduser().is_file():
        raise BadSource(f"{location} is a file. Give the directory that holds it, a .jsonl file or a .bundle file.")
    return DirectorySource(spec, options=options)


def _without_file_scheme(location: str) -> str:
    plain = location.removeprefix("git+")
    return url2pathname(urlsplit(plain).path) if plain.startswith("file://") else location
