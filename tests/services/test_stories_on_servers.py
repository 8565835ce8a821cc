"""The promises that are told of the embedded stores, kept on Weaviate, S3 and PostgreSQL too: the same tests elsewhere."""

import uuid
from pathlib import Path

import pytest

from assets.platform import Platform, Settings
from deploy.services.weaviate import WeaviateNode
from tests.stories import test_index_is_whole, test_what_a_source_holds

for _stories in (test_index_is_whole, test_what_a_source_holds):
    globals().update({name: story for name, story in vars(_stories).items() if name.startswith("test_")})


@pytest.fixture
def platform(
    tmp_path: Path,
    converted_models: Path,
    weaviate_server: WeaviateNode,
    s3_address: str,
    s3_endpoint: str,
    postgresql_url: str,
) -> Platform:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(converted_models)
    return Platform(
        Settings(
            home=home,
            objects=s3_address,
            s3_endpoint=s3_endpoint,
            catalogue=postgresql_url,
            index="weaviate",
            weaviate_url=weaviate_server.url,
            weaviate_grpc_port=str(weaviate_server.grpc_port),
            weaviate_api_key=weaviate_server.api_key,
            weaviate_alias=f"story_{uuid.uuid4().hex[:8]}",
        )
    )
