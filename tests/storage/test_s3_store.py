"""The S3 store on S3 as moto plays it."""

import boto3
import pytest
from s3_contract import S3Contract

from assets.platform import BadSetting, Platform, Settings
from assets.storage.objects import StoreUnavailable
from assets.storage.open import open_objects
from assets.storage.s3 import S3ObjectStore


class TestS3AsMotoPlaysIt(S3Contract):
    pass


def test_opening_a_store_asks_nobody_for_anything() -> None:
    open_objects("s3://bucket/prefix", s3_endpoint="http://127.0.0.1:9")


def test_a_server_that_cannot_be_reached_is_said_so(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.storage.s3._ATTEMPTS", 1)
    with pytest.raises(StoreUnavailable, match="cannot be reached: check the endpoint"):
        S3ObjectStore("bucket", endpoint="http://127.0.0.1:9").get("a")


@pytest.mark.parametrize("size", [10, 11_000_000], ids=["at once", "in parts"])
@pytest.mark.parametrize(
    ("encryption", "kms_key", "stated"),
    [(None, None, None), ("AES256", None, "AES256"), ("aws:kms", "alias/records", "aws:kms")],
)
def test_objects_are_encrypted_as_the_settings_say(
    s3_address: str,
    s3_endpoint: str,
    monkeypatch: pytest.MonkeyPatch,
    encryption: str | None,
    kms_key: str | None,
    stated: str | None,
    size: int,
) -> None:
    monkeypatch.setattr("assets.storage.s3._PART_BYTES", 5 * 1024 * 1024)
    platform = Platform(
        Settings.from_environment(
            {
                "HRDP_OBJECTS": s3_address,
                "HRDP_S3_ENDPOINT": s3_endpoint,
                "HRDP_S3_ENCRYPTION": encryption or "",
                "HRDP_S3_KMS_KEY": kms_key or "",
            }
        )
    )
    platform.objects.put("a", bytes(size), if_absent=True)
    assert platform.objects.get("a") == bytes(size)
    bucket, _, prefix = s3_address.removeprefix("s3://").partition("/")
    answer = boto3.client("s3", endpoint_url=s3_endpoint).head_object(Bucket=bucket, Key=f"{prefix}/a")
    # A server encrypts by itself where it is told nothing, as Amazon's does.
    assert answer.get("ServerSideEncryption") in ({stated} if stated else {None, "AES256"})
    assert kms_key is None or kms_key in answer["SSEKMSKeyId"]


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"HRDP_S3_ENCRYPTION": "rot13"}, "write AES256 or aws:kms"),
        ({"HRDP_S3_ENCRYPTION": "AES256", "HRDP_S3_KMS_KEY": "k"}, "HRDP_S3_ENCRYPTION is not aws:kms"),
    ],
)
def test_an_encryption_that_is_none_is_refused(settings: dict[str, str], advice: str) -> None:
    with pytest.raises(BadSetting, match=advice):
        Settings.from_environment(settings)
