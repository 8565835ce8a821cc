"""A parsed document's structure as stored beside its text: compact JSON, so that it can be cut again without being parsed."""

import json

from assets.documents.model import Block, BlockKind, ParsedDocument


def dump(document: ParsedDocument) -> bytes:
    """The blocks as canonical JSON: `[[kind, start, end, level], …]`."""
    blocks = [[block.kind.value, block.start, block.end, block.level] for block in document.blocks]
    return json.dumps(blocks, separators=(",", ":")).encode()


def load(text: str, structure: bytes, title: str, media_type: str) -> ParsedDocument:
    """The document again, from its canonical text and `dump`'s output."""
    blocks = tuple(Block(BlockKind(kind), start, end, level) for kind, start, end, level in json.loads(structure))
    return ParsedDocument(text=text, blocks=blocks, title=title, media_type=media_type)
