"""The one hash that names content everywhere: blobs, document versions, chunk texts, manifests."""

import hashlib


def content_hash(data: bytes) -> str:
    """The SHA-256 of the bytes in hexadecimal: 64 characters, lower case."""
    return hashlib.sha256(data).hexdigest()
