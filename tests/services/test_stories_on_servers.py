"""The promises that are told of the embedded stores, kept on S3 and PostgreSQL too: the same tests on another platform."""

from pathlib import Path

import pytest

from assets.platform import Platform, Settings
from tests.stories import test_index_is_whole, test_what_a_source_holds

_ON_EMBEDDED_STORES = {
    # They open a second platform on the folder, or reach into it.
    "test_another_chunk_size_is_noticed_and_rebuilt_beside_the_served_index",
    "test_a_document_that_fails_validation_in_a_rebuild_goes_on_being_served",
    "test_a_full_look_puts_back_objects_that_were_lost",
}

for _stories in (test_index_is_whole, test_what_a_source_holds):
    globals().update(
        {
            name: story
            for name, story in vars(_stories).items()
            if name.startswith("test_") and name not in _ON_EMBEDDED_STORES
        }
    )


@pytest.fixture
def platform(
    tmp_path: Path, converted_models: Path, s3_address: str, s3_endpoint: str, postgresql_url: str
) -> Platform:
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(converted_models)
    return Platform(Settings(home=home, objects=s3_address, s3_endpoint=s3_endpoint, catalogue=postgresql_url))
