"""The objects under an S3 prefix as a source, noticed by entity tag, size and time."""

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import (
    BadSource,
    Change,
    Changed,
    Known,
    Revision,
    SourceSpec,
    SourceUnavailable,
    Unreadable,
)
from assets.documents.sources.comparison import compare
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.selection import Selection, safe_path
from assets.documents.sources.state import dump_state, load_state

_TYPE = "S3 prefix"
# Answers that concern one object; any other failure concerns the service.
_OBJECT_PROBLEMS = {
    "NoSuchKey": ("vanished", "It disappeared while being read; the next refresh settles it."),
    "404": ("vanished", "It disappeared while being read; the next refresh settles it."),
    "PreconditionFailed": ("vanished", "It was replaced while being read; the next refresh reads the new one."),
    "412": ("vanished", "It was replaced while being read; the next refresh reads the new one."),
    "AccessDenied": ("not_permitted", "Let the platform's credentials read the object."),
    "403": ("not_permitted", "Let the platform's credentials read the object."),
    "InvalidObjectState": ("archived", "Restore the object from the archive tier."),
}


class S3Source:
    """The objects whose keys begin with the prefix and a "/"; a document's path is what follows.

    Credentials and region come from the environment, as boto3 finds them. Keys that end in "/" are folders that
    consoles make, and no documents; nor is junk.
    """

    def __init__(self, spec: SourceSpec, *, options: SourceOptions) -> None:
        """Raises BadSource where the location names no bucket."""
        bucket, _, prefix = spec.location.removeprefix("s3://").partition("/")
        if not bucket:
            raise BadSource(f"{spec.location} names no bucket. Give s3://bucket or s3://bucket/prefix.")
        self._bucket = bucket
        self._prefix = prefix if not prefix or prefix.endswith("/") else prefix + "/"
        self._selection = Selection(spec.include)
        self._options = options
        self._opened: Any = None
        self._state: str | None = None

    def look(self) -> str:
        """A hash of the listing, 1,000 objects a request. Raises SourceUnavailable."""
        digest = hashlib.sha256()
        for path, fingerprint, _ in self._listing():
            digest.update(f"{path}\0{fingerprint}\n".encode())
        return digest.hexdigest()

    def scan(self, known: Known, *, full: bool = False) -> Iterator[Change]:
        """Every change since `known`, in the memory of one page of the listing. Raises SourceUnavailable."""
        self._state = None
        load_state(known, _TYPE)
        yield from compare(self._listing(), known.files(), self._describe, full=full)
        self._state = dump_state(_TYPE)

    def state(self) -> str:
        """Only that it was a prefix in S3, as JSON; after a complete scan only."""
        if self._state is None:
            raise RuntimeError("The state of a source is known only after a complete scan.")
        return self._state

    def _describe(self, path: str, fingerprint: str, tag: str) -> Change:
        if safe_path(path) != path:
            return Unreadable(safe_path(path), "bad_name", "Copy the object to a key without control characters.")
        key = self._prefix + path
        revision = Revision(
            fingerprint=fingerprint, read=partial(self._read, key, tag), uri=f"s3://{self._bucket}/{key}"
        )
        return Changed(path, (revision,))

    def _listing(self) -> Iterator[tuple[str, str, str]]:
        """Path, fingerprint and entity tag of each object; S3 lists in the order of UTF-8 bytes, that of code
        points.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            for page in (
                self._client().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            ):
                for item in page.get("Contents", ()):
                    path = item["Key"][len(self._prefix) :]
                    if path and not path.endswith("/") and self._selection.wants(path):
                        tag = item["ETag"]
                        yield path, f"{tag}:{item['Size']}:{item['LastModified'].timestamp()}", tag
        except (BotoCoreError, ClientError) as error:
            raise self._unavailable(error) from None
        except ValueError:
            raise BadSource(
                f"The S3 endpoint {self._options.s3_endpoint!r} is no address. Give one such as https://s3.example.com."
            ) from None

    def _read(self, key: str, tag: str) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        limit = self._options.max_bytes
        try:
            # The bytes that were listed, not those of a later writer, so that the fingerprint stays true.
            answer = self._client().get_object(Bucket=self._bucket, Key=key, IfMatch=tag)
            with answer["Body"] as body:
                content: bytes = body.read(limit + 1) if answer["ContentLength"] <= limit else b""
        except ClientError as error:
            problem = _OBJECT_PROBLEMS.get(error.response.get("Error", {}).get("Code", ""))
            if problem is None:
                raise self._unavailable(error) from None
            raise UnreadableDocument(*problem) from None
        except (BotoCoreError, HTTPError, OSError) as error:
            raise self._unavailable(error) from None
        if answer["ContentLength"] > limit:
            raise UnreadableDocument("too_large", f"Split it, or raise the limit of {limit} bytes a document.")
        if len(content) != answer["ContentLength"]:
            raise UnreadableDocument("cut_short", "The transfer ended early; the next refresh tries again.")
        return content

    def _client(self) -> Any:
        if self._opened is None:
            import boto3
            from botocore.config import Config

            config = Config(
                connect_timeout=min(self._options.request_seconds, 10.0),
                read_timeout=self._options.request_seconds,
                retries={"mode": "standard", "total_max_attempts": 4},
                s3={"addressing_style": "path" if self._options.s3_endpoint else "auto"},
            )
            self._opened = boto3.session.Session().client("s3", endpoint_url=self._options.s3_endpoint, config=config)
        return self._opened

    def _unavailable(self, error: Exception) -> SourceUnavailable:
        response = getattr(error, "response", None) or {}
        reason = response.get("Error", {}).get("Code") or type(error).__name__
        return SourceUnavailable(
            f"s3://{self._bucket}/{self._prefix} cannot be listed or read ({reason}). Check the bucket, the "
            "credentials and the endpoint; nothing was taken as deleted."
        )
