"""Keys for one purpose each, derived from the master key (HKDF with SHA-256), so that none tells of another."""

_LENGTH = 32


def derived(master: bytes, purpose: str) -> bytes:
    """32 bytes for a purpose; the same every time."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=_LENGTH, salt=None, info=f"hrdp vault: {purpose}".encode()).derive(master)
