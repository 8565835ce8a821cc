"""An S3 prefix as a source, on a real S3 interface in this process: listings, changes, and failures that delete nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from assets.documents.model import UnreadableDocument
from assets.documents.sources.base import (
    BadSource,
    Changed,
    Known,
    Removed,
    SourceSpec,
    SourceUnavailable,
    Unchanged,
    Unreadable,
)
from assets.documents.sources.options import SourceOptions
from assets.documents.sources.s3 import S3Source


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import boto3

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = boto3.resource("s3", endpoint_url=endpoint).Bucket("hr-data")
    bucket.create()
    yield bucket
    bucket.objects.all().delete()
    bucket.delete()


@pytest.fixture
def pages_asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Makes the service give five objects a page."""
    from botocore.client import BaseClient

    call = BaseClient._make_api_call
    asked: list[int] = []

    def paged(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "ListObjectsV2":
            asked.append(len(asked))
            parameters = {**parameters, "MaxKeys": 5}
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", paged)
    return asked


def source_at(
    endpoint: str, location: str = "s3://hr-data/policies", *include: str, max_bytes: int = 1_000
) -> S3Source:
    spec = SourceSpec(name="policies", kind="policy", location=location, include=include)
    return S3Source(spec, options=SourceOptions(s3_endpoint=endpoint, max_bytes=max_bytes, request_seconds=5))


def put(bucket: Any, **texts: str) -> None:
    for name, text in texts.items():
        bucket.put_object(Key=f"policies/{name.replace('__', '/')}.md", Body=text.encode())


def remember(source: S3Source) -> Known:
    changes = [change for change in source.scan(Known()) if isinstance(change, Changed)]
    files = [(change.path, change.revisions[-1].fingerprint) for change in changes]
    return Known(source.state(), lambda: iter(files))


def test_the_objects_under_the_prefix_are_documents(endpoint: str, bucket: Any) -> None:
    put(bucket, leave="Leave.", benefits__health="Health.")
    bucket.put_object(Key="policies/folder/", Body=b"")
    bucket.put_object(Key="policies/.DS_Store", Body=b"junk")
    bucket.put_object(Key="policies-old/x.md", Body=b"another prefix")
    changes = list(source_at(endpoint).scan(Known()))
    read = {change.path: change.revisions[0].read() for change in changes if isinstance(change, Changed)}
    assert read == {"benefits/health.md": b"Health.", "leave.md": b"Leave."}
    assert isinstance(changes[1], Changed)
    assert changes[1].revisions[0].uri == "s3://hr-data/policies/leave.md"


def test_a_whole_bucket_is_a_source_too(endpoint: str, bucket: Any) -> None:
    put(bucket, leave="Leave.")
    assert [
        change.path for change in source_at(endpoint, "s3://hr-data").scan(Known()) if isinstance(change, Changed)
    ] == ["policies/leave.md"]


def test_added_changed_and_removed_objects_are_each_told(endpoint: str, bucket: Any) -> None:
    put(bucket, kept="1", edited="2", gone="3")
    source = source_at(endpoint)
    known, look = remember(source), source.look()
    assert list(source.scan(known)) == [Unchanged(3)]
    assert source.look() == look
    put(bucket, edited="2b", added="4")
    bucket.Object("policies/gone.md").delete()
    assert source.look() != look
    changes = list(source.scan(known))
    assert [change.path for change in changes if isinstance(change, Changed)] == ["added.md", "edited.md"]
    assert [change for change in changes if not isinstance(change, Changed)] == [Removed("gone.md"), Unchanged(1)]
    assert len([change for change in source.scan(known, full=True) if isinstance(change, Changed)]) == 3


def test_a_listing_of_several_pages_is_in_order(endpoint: str, bucket: Any, pages_asked: list[int]) -> None:
    names = [f"{a}{b}{c}x" for a in "aé" for b in "-z\U0001f600" for c in ("", "a", "/")]
    for name in names:
        bucket.put_object(Key=f"policies/{name}", Body=b"x")
    source = source_at(endpoint)
    known = remember(source)
    assert [path for path, _ in known.files()] == sorted(names)
    assert len(pages_asked) > 1
    assert list(source.scan(known)) == [Unchanged(len(names))]


def test_an_object_that_is_gone_replaced_or_too_large_is_unreadable(endpoint: str, bucket: Any) -> None:
    put(bucket, gone="1", replaced="2", large="x" * 2_000, small="3")
    found = {change.path: change for change in source_at(endpoint).scan(Known()) if isinstance(change, Changed)}
    bucket.Object("policies/gone.md").delete()
    put(bucket, replaced="another")
    for name, reason in (("gone", "vanished"), ("replaced", "vanished"), ("large", "too_large")):
        with pytest.raises(UnreadableDocument, match=reason):
            found[f"{name}.md"].revisions[0].read()
    assert found["small.md"].revisions[0].read() == b"3"


def test_a_key_that_cannot_be_an_id_is_unreadable(endpoint: str, bucket: Any) -> None:
    bucket.put_object(Key="policies/tab\there.md", Body=b"x")
    assert [(type(change), change.path) for change in source_at(endpoint).scan(Known()) if hasattr(change, "path")] == [
        (Unreadable, "tab\\x09here.md")
    ]


def test_globs_select(endpoint: str, bucket: Any) -> None:
    put(bucket, leave="1", drafts__leave="2")
    changes = source_at(endpoint, "s3://hr-data/policies/", "*.md", "!drafts/").scan(Known())
    assert [change.path for change in changes if isinstance(change, Changed)] == ["leave.md"]


def test_a_bucket_that_is_not_there_is_unavailable(endpoint: str, bucket: Any) -> None:
    source = source_at(endpoint, "s3://nowhere/policies")
    for ask in (source.look, lambda: list(source.scan(Known()))):
        with pytest.raises(SourceUnavailable, match="NoSuchBucket"):
            ask()


def test_a_service_that_does_not_answer_is_unavailable(bucket: Any) -> None:
    with pytest.raises(SourceUnavailable, match="endpoint"):
        source_at("http://127.0.0.1:9").look()


def test_a_page_that_fails_makes_the_source_unavailable(
    endpoint: str, bucket: Any, pages_asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    for number in range(12):
        bucket.put_object(Key=f"policies/{number:04d}", Body=b"x")
    source = source_at(endpoint)
    known = remember(source)
    call = BaseClient._make_api_call

    def failing(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "ListObjectsV2" and "ContinuationToken" in parameters:
            raise ClientError({"Error": {"Code": "InternalError", "Message": ""}}, operation)
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", failing)
    with pytest.raises(SourceUnavailable, match="InternalError"):
        list(source.scan(known))
    with pytest.raises(RuntimeError):
        source.state()


@pytest.mark.parametrize("location", ["s3://", "s3:///policies"])
def test_a_location_without_a_bucket_is_refused(location: str) -> None:
    with pytest.raises(BadSource, match="bucket"):
        source_at("http://127.0.0.1:9", location)
