"""Cutting a version of a document into chunks and validating them: what a refresh does and a plan does too, nothing stored."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assets.chunks.chunker import Chunker
from assets.chunks.model import Chunk
from assets.chunks.validation import ChunkRow, ValidationResult, quarantine, validate
from assets.documents.model import ParsedDocument


@dataclass(frozen=True, slots=True)
class NewLayout:
    """A version of a document as it was cut. `covered` is the share of its visible characters that the chunks hold."""

    identity: str
    document_id: str
    version: str
    title: str
    chunks: list[Chunk]
    characters: int
    covered: float
    valid_from: int
    valid_to: int
    text: str


def layout_identity(document_id: str, version: str, structure_hash: str, title: str, chunker: str) -> str:
    """What a layout follows from: the same of all of these gives the same chunks."""
    text = json.dumps([document_id, version, structure_hash, title, chunker], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def cut(chunker: Chunker, identity: str, document_id: str, document: ParsedDocument, entry: Any) -> NewLayout:
    """Cuts a document; `entry` has the version, title and validity of its place in the timeline."""
    text = document.text
    chunks = chunker.chunk(document_id, document, entry.title)
    visible = len("".join(text.split()))
    held = sum(len("".join(text[chunk.start : chunk.end].split())) for chunk in chunks)
    return NewLayout(
        identity=identity,
        document_id=document_id,
        version=entry.version,
        title=entry.title,
        chunks=chunks,
        characters=len(text),
        covered=held / visible if visible else 0.0,
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        text=text,
    )


def validated(
    layouts: Sequence[NewLayout], chunker: Chunker, source_name: str, kind: str
) -> tuple[ValidationResult, dict[str, str]]:
    """Validates the chunks of new layouts (some hundreds at most); gives the documents that may not be served too, with the
    names of the checks that each failed. Raises ValidationBroken."""
    tokens = iter(chunker.count_tokens([chunk.text for layout in layouts for chunk in layout.chunks]))
    rows = [
        ChunkRow(
            chunk_id=chunk.chunk_id,
            document_id=layout.document_id,
            version=layout.version,
            layout=layout.identity,
            text_hash=chunk.text_hash,
            header=chunk.header,
            body=layout.text[chunk.start : chunk.end],
            tokens=next(tokens),
            token_limit=chunker.max_tokens,
            start=chunk.start,
            end=chunk.end,
            document_characters=layout.characters,
            covered=layout.covered,
            source=source_name,
            kind=kind,
            title=layout.title,
            valid_from=layout.valid_from,
            valid_to=layout.valid_to,
        )
        for layout in layouts
        for chunk in layout.chunks
    ]
    result = validate(rows)
    return result, quarantine(result, rows)
