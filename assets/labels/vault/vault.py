"""What is done with the master key: persons get their ids and their keys, and with those originals are sealed and opened."""

import base64
import hashlib
import hmac
import os
import re
import unicodedata
import zlib

from assets.labels.vault.derivation import derived

PERSON_ID = re.compile(r"person-(?:text-)?[0-9a-f]{32}")
_OF_TEXT = "person-text-"
_DIGITS = 32
_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Exception):
    """What should be opened was sealed with another key, belongs to another place, or was changed."""


class Vault:
    """Pure of stores: what it seals, others keep."""

    def __init__(self, master: bytes) -> None:
        """`master` is the master key, 32 bytes."""
        self._wrapping = derived(master, "wrapping of persons' keys")
        self._naming = derived(master, "ids of persons")

    def person_of_id(self, given: str) -> str:
        """The id under which the person of an id that was given is known: `person-` and 32 hexadecimal digits."""
        return f"person-{self._digest('id', unicodedata.normalize('NFC', given.strip()))}"

    def person_of_text(self, text_hash: str) -> str:
        """The same for a resume that came without an id, by the hash of its original text: `person-text-` and the digits."""
        return f"{_OF_TEXT}{self._digest('text', text_hash)}"

    def labeller(self, name: str) -> str:
        """A labeller's name as it may be kept."""
        return f"labeller-{self._digest('labeller', name)}"

    def path(self, path: str) -> str:
        """A file's path as it may be kept."""
        return self._digest("path", path)

    def keyed(self, kind: str, value: str) -> str:
        """A value of a kind as it may be kept for good: equal ones are told, what they are is not."""
        return self._digest(kind, value)

    def new_key(self) -> bytes:
        """A new person's key."""
        return os.urandom(_KEY_BYTES)

    def wrap(self, person_id: str, key: bytes) -> str:
        """A person's key as the catalogue keeps it, in base64."""
        nonce = os.urandom(_NONCE_BYTES)
        return base64.b64encode(nonce + _seal(self._wrapping, nonce, key, person_id)).decode()

    def unwrap(self, person_id: str, wrapped: str) -> bytes:
        """The key again. Raises SealBroken."""
        raw = base64.b64decode(wrapped)
        return _open(self._wrapping, raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], person_id)

    def _digest(self, kind: str, value: str) -> str:
        message = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._naming, message, hashlib.sha256).hexdigest()[:_DIGITS]


def came_with_id(person_id: str) -> bool:
    """Whether the person's resume came with an id, so that a later label of it can be told from another one's."""
    return not person_id.startswith(_OF_TEXT)


def seal(key: bytes, batch_id: str, row: int, original: bytes) -> tuple[bytes, bytes]:
    """Nonce and ciphertext of a row's original, compressed; it opens only with the person's key, as that row of that batch."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce, _seal(key, nonce, zlib.compress(original), f"{batch_id}/{row}")


def unseal(key: bytes, batch_id: str, row: int, nonce: bytes, ciphertext: bytes) -> bytes:
    """The original again. Raises SealBroken."""
    return zlib.decompress(_open(key, nonce, ciphertext, f"{batch_id}/{row}"))


def _seal(key: bytes, nonce: bytes, content: bytes, place: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key).encrypt(nonce, content, place.encode())


def _open(key: bytes, nonce: bytes, ciphertext: bytes, place: str) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(key).decrypt(nonce, ciphertext, place.encode())
    except InvalidTag:
        raise SealBroken("What is sealed here does not open with this key in this place.") from None
