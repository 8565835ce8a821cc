"""A model's signature: an in-toto statement about all its files and what they were made of, in a DSSE envelope, by Ed25519.

Both are public standards, so that a signature can be verified with other tools too; SLSA's provenance says what was made of what.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assets.models.artifacts.manifest import MANIFEST, canonical
from assets.storage.hashing import content_hash

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class SignatureWrong(Exception):
    """A signature that is not by a known key over that manifest; the text says why, in a part of a sentence."""


class Signer:
    """One key that signs."""

    def __init__(self, seed: bytes) -> None:
        """`seed` are the private key's 32 bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = public_bytes(self._key.public_key())
        self.key_id = key_id(self.public_key)

    def sign(self, manifest: bytes) -> bytes:
        """The signature file of a manifest; the same every time."""
        statement = statement_of(manifest)
        signature = self._key.sign(_authenticated(statement))
        return _envelope(statement, self.key_id, signature)


def verify(envelope: bytes, manifest: bytes, keys: Mapping[str, bytes]) -> str:
    """The id of the key, one of the public `keys` by id, that signed exactly this manifest. Raises SignatureWrong."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        (entry,) = json.loads(envelope)["signatures"]
        name, signature = str(entry["keyid"]), base64.b64decode(entry["sig"], validate=True)
    except (ValueError, KeyError, TypeError):
        raise SignatureWrong("can't be read") from None
    public_key = keys.get(name)
    if public_key is None:
        raise SignatureWrong(f"was made with a key that is not known here ({name[:12]})")
    statement = statement_of(manifest)
    # A file that is not to the letter what was written is refused, wherever the difference lies.
    if envelope != _envelope(statement, name, signature):
        raise SignatureWrong("is not about this model")
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _authenticated(statement))
    except InvalidSignature:
        raise SignatureWrong("was not made with the key that it names") from None
    return name


def statement_of(manifest: bytes) -> bytes:
    """The in-toto statement about a manifest and all that it names."""
    content: dict[str, Any] = json.loads(manifest)
    digests = {MANIFEST: content_hash(manifest), **{name: file["sha256"] for name, file in content["files"].items()}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": f"urn:hr-data-platform:training:{content['recipe']['training']}",
                "externalParameters": {"task": content["task"], "settings": content["settings"]},
                "resolvedDependencies": [
                    {"name": f"dataset/{content['task']}", "digest": {"sha256": content["dataset_version"]}},
                    {"name": content["base_model"]["name"], "digest": {"sha256": content["base_model"]["sha256"]}},
                ],
            },
            "runDetails": {"builder": {"id": "urn:hr-data-platform"}},
        },
    }
    return canonical(statement)


def key_id(public_key: bytes) -> str:
    """SHA-256 over the key as SubjectPublicKeyInfo in DER, in hexadecimal: as other tools name it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PublicKey.from_public_bytes(public_key)
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def public_bytes(key: "Ed25519PublicKey") -> bytes:
    """A public key's 32 bytes."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _authenticated(statement: bytes) -> bytes:
    """What DSSE signs: the payload with its type and both lengths before them."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(statement), statement)


def _envelope(statement: bytes, name: str, signature: bytes) -> bytes:
    return canonical(
        {
            "payload": base64.b64encode(statement).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": name, "sig": base64.b64encode(signature).decode()}],
        }
    )
