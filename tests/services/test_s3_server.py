"""The S3 store on a real server: both contracts, and what only a server with a disk can show."""

import base64
import json
import logging
import os
import subprocess
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from assets.storage.objects import ObjectStore, PreconditionFailed, StoreUnavailable
from assets.storage.open import open_objects
from assets.storage.s3 import S3ObjectStore
from deploy.services.s3 import REGION, S3Server
from tests.conftest import PROJECT
from tests.storage.object_store_contract import ObjectStoreContract
from tests.storage.s3_contract import S3Contract


@pytest.fixture
def address(s3_address: str) -> str:
    return s3_address


@pytest.fixture
def endpoint(s3_endpoint: str) -> str:
    return s3_endpoint


@pytest.fixture
def store(address: str, endpoint: str) -> ObjectStore:
    return open_objects(address, s3_endpoint=endpoint)


class TestObjectsOnAServer(ObjectStoreContract):
    pass


class TestS3OnAServer(S3Contract):
    pass


@pytest.mark.parametrize("size", [1_000_000, 11_000_000], ids=["at once", "in parts"])
def test_a_byte_that_turned_on_the_servers_disk_is_noticed_at_the_read(
    store: ObjectStore, s3_address: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
    monkeypatch.setattr("assets.storage.s3._FIRST_PAUSE_SECONDS", 0)
    store.put("large", bytes(size))
    assert store.get("large") == bytes(size)
    parts = urlsplit(s3_address)
    path = Path(s3_server.folder / "data" / parts.netloc / parts.path.strip("/") / "large")
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\x01")
    with pytest.raises(StoreUnavailable, match="what it returned is not what was stored"):
        store.get("large")


@pytest.mark.parametrize("size", [1_000_000, 11_000_000], ids=["at once", "in parts"])
def test_what_was_damaged_on_its_way_is_refused_by_the_server(
    store: S3ObjectStore, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
    store.put("large", b"before")
    client = store._client

    def state_another_checksum(request: Any, **_: Any) -> None:
        if request.method == "PUT":
            del request.headers["x-amz-checksum-sha256"]
            request.headers["x-amz-checksum-sha256"] = base64.b64encode(bytes(32)).decode()

    client.meta.events.register("before-sign.s3", state_another_checksum)
    with pytest.raises(StoreUnavailable, match="what arrived there is not what was sent"):
        store.put("large", os.urandom(size))
    client.meta.events.unregister("before-sign.s3", state_another_checksum)
    assert store.get("large") == b"before"


def test_a_server_that_was_restarted_is_used_again(store: ObjectStore, s3_server: S3Server) -> None:
    store.put("a", b"x")
    s3_server.kill()
    s3_server.start()
    assert store.get("a") == b"x"


def test_a_profile_of_the_aws_tools_is_found(
    s3_address: str, s3_endpoint: str, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        f"[records]\naws_access_key_id = {s3_server.access_key}\naws_secret_access_key = {s3_server.secret_key}\n"
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "records")
    store = open_objects(s3_address, s3_endpoint=s3_endpoint)
    store.put("a", b"x")
    assert store.get("a") == b"x"


@pytest.mark.parametrize(
    ("name", "advice"),
    [("AWS_ACCESS_KEY_ID", "access key is not known"), ("AWS_SECRET_ACCESS_KEY", "secret key is wrong")],
)
def test_wrong_credentials_are_said_so_and_never_told(
    s3_address: str,
    s3_endpoint: str,
    s3_server: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    advice: str,
) -> None:
    monkeypatch.setenv(name, "very-secret")
    caplog.set_level(logging.INFO)
    with pytest.raises(StoreUnavailable, match=advice) as raised:
        open_objects(s3_address, s3_endpoint=s3_endpoint).get("a")
    told = str(raised.value) + caplog.text + s3_server.log.read_text()
    assert not {"very-secret", s3_server.secret_key} & set(told.split())
    assert "very-secret" not in told


@pytest.mark.parametrize("size", [10, 11_000_000], ids=["at once", "in parts"])
def test_a_server_that_does_not_encrypt_as_it_was_asked_is_not_believed(
    s3_endpoint: str, s3_address: str, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
    store = open_objects(s3_address, s3_endpoint=s3_endpoint, s3_encryption="AES256")
    with pytest.raises(StoreUnavailable, match="does not encrypt with AES256: leave HRDP_S3_ENCRYPTION empty"):
        store.put("a", bytes(size))


def _policy(bucket: str, user: str, *, in_the_clear: bool) -> str:
    text = (PROJECT / "deploy" / "s3-bucket-policy.json").read_text()
    for placeholder, value in {"arn:aws:iam::ACCOUNT:role/ROLE": user, "BUCKET": bucket, "PREFIX": "platform"}.items():
        text = text.replace(placeholder, value)
    policy = json.loads(text)
    if in_the_clear:
        policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Allow"]
    return json.dumps(policy)


def test_the_bucket_policy_allows_what_the_platform_does_and_nothing_else(
    s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, secret = f"user-{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    subprocess.run(
        [
            *s3_server.launch().arguments[:1],
            "admin",
            "create-user",
            "--access",
            user,
            "--secret",
            secret,
            "--role",
            "user",
        ],
        env={
            "ADMIN_ACCESS_KEY": s3_server.access_key,
            "ADMIN_SECRET_KEY": s3_server.secret_key,
            "ADMIN_ENDPOINT_URL": s3_server.url,
        },
        check=True,
    )
    owner = s3_server.client()
    bucket = f"policy-{uuid.uuid4().hex[:8]}"
    owner.create_bucket(Bucket=bucket)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", user)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
    inside = S3ObjectStore(bucket, "platform", endpoint=s3_server.url)
    with pytest.raises(StoreUnavailable, match="access is denied"):
        inside.put("a", b"x")

    owner.put_bucket_policy(Bucket=bucket, Policy=_policy(bucket, user, in_the_clear=True))
    etag = inside.put("a", b"x", if_absent=True)
    inside.put("a", b"y", if_match=etag)
    inside.put("large", bytes(11_000_000))
    with pytest.raises(PreconditionFailed):
        inside.put("large", bytes(11_000_000), if_absent=True)
    assert inside.get("a") == b"y"
    assert inside.head("nothing") is None
    assert [info.key for info in inside.list()] == ["a", "large"]
    inside.delete("a")
    for prefix in ("platform-of-others", ""):
        outside = S3ObjectStore(bucket, prefix, endpoint=s3_server.url)
        for call in (
            lambda store: list(store.list()),
            lambda store: store.put("a", b"x"),
            lambda store: store.get("a"),
            lambda store: store.delete("a"),
        ):
            with pytest.raises(StoreUnavailable, match="access is denied"):
                call(outside)
    with pytest.raises(ClientError, match="AccessDenied"):
        inside._client.delete_bucket(Bucket=bucket)

    owner.put_bucket_policy(Bucket=bucket, Policy=_policy(bucket, user, in_the_clear=False))
    with pytest.raises(StoreUnavailable, match="access is denied"):
        inside.get("large")
