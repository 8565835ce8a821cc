"""The same object store over a directory and over S3 (moto's server), empty for each test."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from assets.storage.objects import ObjectStore
from assets.storage.open import open_objects

BUCKET = "platform"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_address(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix of its own in a bucket on the server, as `s3://bucket/prefix`."""
    for name, value in {
        "ACCESS_KEY_ID": "someone",
        "SECRET_ACCESS_KEY": "secret",
        "DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    boto3.client("s3", endpoint_url=s3_endpoint).create_bucket(Bucket=BUCKET)
    return f"s3://{BUCKET}/{uuid.uuid4().hex}/nested"


@pytest.fixture(params=["directory", "s3"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "directory":
        return (tmp_path / "objects").as_uri()
    return str(request.getfixturevalue("s3_address"))


@pytest.fixture
def endpoint(address: str, request: pytest.FixtureRequest) -> str | None:
    return str(request.getfixturevalue("s3_endpoint")) if address.startswith("s3:") else None


@pytest.fixture
def store(address: str, endpoint: str | None) -> ObjectStore:
    return open_objects(address, s3_endpoint=endpoint)
