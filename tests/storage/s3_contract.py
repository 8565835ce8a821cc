"""What the S3 store promises beyond the contract of all stores. A test file gives the fixtures `s3_address` and `s3_endpoint`
and inherits from S3Contract."""

import base64
import hashlib
import logging
import os
import uuid
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from assets.storage.objects import ObjectMissing, PreconditionFailed, StoreUnavailable
from assets.storage.s3 import S3ObjectStore


def _refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "from a server"}}, "PutObject")


class S3Contract:
    @pytest.fixture
    def s3(self, s3_address: str, s3_endpoint: str) -> S3ObjectStore:
        bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
        return S3ObjectStore(bucket, prefix, endpoint=s3_endpoint)

    def test_a_bucket_that_is_not_there_is_no_missing_object(self, s3: S3ObjectStore, s3_endpoint: str) -> None:
        other = S3ObjectStore("nobody-made-this", endpoint=s3_endpoint)
        for call in (lambda: other.get("a"), lambda: other.put("a", b"x"), lambda: list(other.list())):
            with pytest.raises(StoreUnavailable, match="no such bucket: create it"):
                call()

    def test_missing_credentials_are_said_so(self, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
            monkeypatch.setenv(name, "/nonexistent")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with pytest.raises(StoreUnavailable, match="set AWS_ACCESS_KEY_ID"):
            S3ObjectStore("bucket", endpoint=s3_endpoint).get("a")

    def test_secrets_are_in_no_message_and_no_log(
        self, s3: S3ObjectStore, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key")
        caplog.set_level(logging.INFO)
        with pytest.raises(StoreUnavailable) as raised:
            S3ObjectStore("nobody-made-this", endpoint=s3_endpoint).put("a", b"x")
        assert "very-secret-key" not in str(raised.value) + caplog.text

    def test_objects_lie_behind_the_prefix(self, s3: S3ObjectStore, s3_address: str, s3_endpoint: str) -> None:
        s3.put("a", b"x")
        bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
        outside = S3ObjectStore(bucket, endpoint=s3_endpoint)
        assert outside.get(f"{prefix}/a") == b"x"
        outside.put(f"{prefix}-neighbour/b", b"y")
        assert [info.key for info in s3.list()] == ["a"]

    def test_the_mark_of_an_empty_folder_is_not_listed(
        self, s3: S3ObjectStore, s3_address: str, s3_endpoint: str
    ) -> None:
        bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
        boto3.client("s3", endpoint_url=s3_endpoint).put_object(Bucket=bucket, Key=f"{prefix}/folder/", Body=b"")
        assert list(s3.list()) == []

    def test_an_upload_that_fails_leaves_no_parts_to_pay_for(
        self, s3: S3ObjectStore, s3_address: str, s3_endpoint: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
        s3.put("large", b"x")
        with pytest.raises(PreconditionFailed):
            s3.put("large", b"y" * 11_000_000, if_absent=True)
        bucket = s3_address.removeprefix("s3://").partition("/")[0]
        client = boto3.client("s3", endpoint_url=s3_endpoint)
        assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
        assert s3.get("large") == b"x"

    def test_a_conditional_write_whose_answer_was_lost_is_known_as_our_own(
        self, s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch
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

    def test_a_write_that_another_one_outran_is_tried_again(
        self, s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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

    def test_a_read_that_breaks_off_is_begun_again(self, s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
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
        with pytest.raises(StoreUnavailable, match="does not answer"):
            s3.get("a")

    def test_access_denied_is_not_an_empty_store(self, s3: S3ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
        def denied(**_: Any) -> None:
            raise _refusal("403")

        monkeypatch.setattr(s3._client, "head_object", denied)
        with pytest.raises(StoreUnavailable, match="access is denied"):
            s3.head("a")
        monkeypatch.setattr(s3._client, "get_object", denied)
        with pytest.raises(StoreUnavailable, match="access is denied"):
            s3.get("a")
        assert not issubclass(ObjectMissing, StoreUnavailable)

    def test_a_bucket_that_keeps_versions_keeps_what_was_overwritten_and_deleted(
        self, s3: S3ObjectStore, s3_endpoint: str
    ) -> None:
        client = boto3.client("s3", endpoint_url=s3_endpoint)
        bucket = f"versions-{uuid.uuid4().hex[:12]}"
        client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        store = S3ObjectStore(bucket, "p", endpoint=s3_endpoint)
        first = store.put("pointer", b"1")
        store.put("pointer", b"2", if_match=first)
        store.delete("pointer")
        with pytest.raises(ObjectMissing):
            store.get("pointer")
        assert store.head("pointer") is None
        assert list(store.list()) == []
        store.put("pointer", b"3")
        with pytest.raises(PreconditionFailed):
            store.put("pointer", b"4", if_absent=True)
        assert store.get("pointer") == b"3"
        kept = client.list_object_versions(Bucket=bucket)
        contents = {
            client.get_object(Bucket=bucket, Key="p/pointer", VersionId=each["VersionId"])["Body"].read()
            for each in kept["Versions"]
        }
        assert contents == {b"1", b"2", b"3"}
        assert len(kept["DeleteMarkers"]) == 1

    @pytest.mark.parametrize("size", [1_000_000, 11_000_000], ids=["at once", "in parts"])
    def test_every_upload_carries_its_sha_256(
        self,
        s3: S3ObjectStore,
        s3_address: str,
        s3_endpoint: str,
        monkeypatch: pytest.MonkeyPatch,
        size: int,
    ) -> None:
        monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
        data = os.urandom(size)
        s3.put("large", data)
        bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
        stated = boto3.client("s3", endpoint_url=s3_endpoint).head_object(
            Bucket=bucket, Key=f"{prefix}/large", ChecksumMode="ENABLED"
        )["ChecksumSHA256"]
        parts = [hashlib.sha256(data[at : at + 5 * 1024 * 1024]).digest() for at in range(0, size, 5 * 1024 * 1024)]
        whole = parts[0] if len(parts) == 1 else hashlib.sha256(b"".join(parts)).digest()
        assert stated.partition("-")[0] == base64.b64encode(whole).decode()
        assert s3.get("large") == data
