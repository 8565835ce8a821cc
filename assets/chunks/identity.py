"""The content-derived names of chunks: hashes and UUIDs that are the same on any machine."""

import json
import uuid

from assets.storage.hashing import content_hash

CHUNK_NAMESPACE = uuid.UUID("6f0c8c5e-7d0b-5b7f-9a51-3a1d4f6f2b90")
"""Namespace of every chunk id. A change of it would change every id."""


def text_hash(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal: 64 characters, lower case."""
    return content_hash(text.encode())


def chunk_id(document_id: str, hash_of_text: str, occurrence: int, chunker_version: str) -> str:
    """The UUIDv5 of a chunk. `occurrence` counts, from 0, the chunks of the document before it that have the same
    text.
    """
    name = json.dumps([document_id, hash_of_text, occurrence, chunker_version], ensure_ascii=False)
    return str(uuid.uuid5(CHUNK_NAMESPACE, name))
