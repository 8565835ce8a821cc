import logging
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from assets.storage.objects import ObjectMissing, PreconditionFailed, StoreUnavailable
from assets.storage.open import open_objects
from assets.storage.s3 import S3ObjectStore


@pytest.fixture
def s3(s3_address: str, s3_endpoint: str) -> S3ObjectStore:
    bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
    return S3ObjectStore(bucket, prefix, endpoint=s3_endpoint)


def test_opening_a_store_asks_nobody_for_anything() -> None:
    open_objects("s3://bucket/prefix", s3_endpoint="http://127.0.0.1:9")


def test_a_bucket_that_is_not_there_is_no_missing_object(s3: S3ObjectStore, s3_endpoint: str) -> None:
    other = S3ObjectStore("nobody-made-this", endpoint=s3_endpoint)
    for call in (lambda: other.get("a"), lambda: other.put("a", b"x"), lambda: list(other.list())):
        with pytest.raises(StoreUnavailable, match="no such bucket: create it"):
            call()


def test_a_server_that_cannot_be_reached_is_said_so(s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.storage.s3._ATTEMPTS", 1)
    with pytest.raises(StoreUnavailable, match="cannot be reached: check the endpoint"):
        S3ObjectStore("bucket", endpoint="http://127.0.0.1:9").get("a")


def test_missing_credentials_are_said_so(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(StoreUnavailable, match="set AWS_ACCESS_KEY_ID"):
        S3ObjectStore("bucket", endpoint=s3_endpoint).get("a")


def test_secrets_are_in_no_message_and_no_log(
    s3: S3ObjectStore, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key")
    caplog.set_level(logging.INFO)
    with pytest.raises(StoreUnavailable) as raised:
        S3ObjectStore("nobody-made-this", endpoint=s3_endpoint).put("a", b"x")
    assert "very-secret-key" not in str(raised.value) + caplog.text


def test_objects_lie_behind_the_prefix(s3: S3ObjectStore, s3_address: str, s3_endpoint: str) -> None:
    s3.put("a", b"x")
    bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
    outside = S3ObjectStore(bucket, endpoint=s3_endpoint)
    assert outside.get(f"{prefix}/a") == b"x"
    outside.put(f"{prefix}-neighbour/b", b"y")
    assert [info.key for info in s3.list()] == ["a"]


def test_the_mark_of_an_empty_folder_is_not_listed(s3: S3ObjectStore, s3_address: str, s3_endpoint: str) -> None:
    bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
    boto3.client("s3", endpoint_url=s3_endpoint).put_object(Bucket=bucket, Key=f"{prefix}/folder/", Body=b"")
    assert list(s3.list()) == []


def test_an_upload_that_fails_leaves_no_parts_to_pay_for(
    s3: S3ObjectStore, s3_address: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
    s3.put("large", b"x")
    with pytest.raises(PreconditionFailed):
        s3.put("large", b"y" * 11_000_000, if_absent=True)
    bucket = s3_address.removeprefix("s3://").partition("/")[0]
    client = boto3.client("s3", endpoint_url=s3_endpoint)
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    assert s3.get("large") == b"x"


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "from a server"}}, "PutObject")


def test_a_conditional_write_whose_answer_was_lost_is_known_as_our_own(
    s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt took place, its answer was lost, and the client's repetition met our own object."""
    put = s3._client.put_object

    def answer_lost(**arguments: Any) -> None:
        put(**arguments)
        raise _refusal("PreconditionFailed")

    monkeypatch.setattr(s3._client, "put_object", answer_lost)
    etag = s3.put("lease", b"ours", if_absent=True)
    info = s3.head("lease")
    assert info is not None
    assert info.etag == etag
    monkeypatch.setattr(s3._client, "put_object", put)
    with pytest.raises(PreconditionFailed):
        s3.put("lease", b"ours", if_absent=True)


def test_a_write_that_another_one_outran_is_tried_again(s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put, refused = s3._client.put_object, []

    def busy_once(**arguments: Any) -> Any:
        if not refused:
            refused.append(True)
            raise _refusal("ConditionalRequestConflict")
        return put(**arguments)

    monkeypatch.setattr("assets.storage.s3._FIRST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(s3._client, "put_object", busy_once)
    s3.put("lease", b"x", if_absent=True)
    assert s3.get("lease") == b"x"


def test_a_read_that_breaks_off_is_begun_again(s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.put("a", b"whole")
    get, broken = s3._client.get_object, []

    class Broken:
        def read(self) -> bytes:
            broken.append(True)
            raise ReadTimeoutError(endpoint_url="there")

    monkeypatch.setattr("assets.storage.s3._FIRST_PAUSE_SECONDS", 0)
    monkeypatch.setattr(s3._client, "get_object", lambda **a: {"Body": Broken()} if len(broken) < 2 else get(**a))
    assert s3.get("a") == b"whole"
    broken.clear()
    monkeypatch.setattr(s3._client, "get_object", lambda **a: {"Body": Broken()})
    with pytest.raises(StoreUnavailable, match="ReadTimeoutError"):
        s3.get("a")


def test_access_denied_is_not_an_empty_store(s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(**_: Any) -> None:
        raise _refusal("403")

    monkeypatch.setattr(s3._client, "head_object", denied)
    with pytest.raises(StoreUnavailable, match="access is denied"):
        s3.head("a")
    monkeypatch.setattr(s3._client, "get_object", denied)
    with pytest.raises(StoreUnavailable, match="access is denied"):
        s3.get("a")
    assert not issubclass(ObjectMissing, StoreUnavailable)
