"""What a look at a source found is staged with all that is kept of it, or not at all."""

from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from assets.documents import structure
from assets.documents.changes import DocumentChange
from assets.documents.intake import stage
from assets.documents.model import Block, BlockKind, ParsedDocument
from assets.lineage import schema
from assets.platform import Platform
from assets.storage.hashing import content_hash
from assets.storage.objects import StoreUnavailable


def document(number: int) -> ParsedDocument:
    text = f"Rule {number} holds for {number} days."
    return ParsedDocument(text, (Block(BlockKind.PARAGRAPH, 0, len(text), 0),))


def changes(count: int) -> Iterator[DocumentChange]:
    for number in range(count):
        parsed = {("version", "structure"): document(number)}
        yield DocumentChange(f"rules/{number}", str(number), "added", [], [], "looks", "raw", False, parsed)


def staged(platform: Platform) -> int:
    with platform.catalogue.read() as connection:
        return connection.execute(select(func.count()).select_from(schema.staged_documents)).scalar_one()


def test_all_of_a_document_is_kept_before_it_is_staged(platform: Platform) -> None:
    heard: list[int] = []
    stage(platform.catalogue, platform.blobs, "rules", changes(300), at=1, progress=heard.append)
    assert heard == [256, 300]
    assert staged(platform) == 300
    for number in range(300):
        assert platform.blobs.get_text(content_hash(document(number).text.encode())) == document(number).text
        assert platform.blobs.exists(content_hash(structure.dump(document(number))))


def test_where_one_can_not_be_kept_none_of_its_batch_is_staged(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = platform.blobs.put

    def failing(data: bytes) -> str:
        if b"Rule 280 " in data:
            raise StoreUnavailable("The disk is full.")
        return put(data)

    monkeypatch.setattr(platform.blobs, "put", failing)
    with pytest.raises(StoreUnavailable, match="full"):
        stage(platform.catalogue, platform.blobs, "rules", changes(300), at=1)
    assert staged(platform) == 256
