"""Whether a model's files are what was packaged: every hash, the signature, and nothing beside them."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from assets.models.artifacts import signature
from assets.models.artifacts.manifest import MANIFEST, SIGNATURE
from assets.models.artifacts.signature import SignatureWrong
from assets.storage.hashing import content_hash


class ModelDamaged(Exception):
    """A model's files are no longer what was packaged, so that it is not used; the message says what to do."""

    def __init__(self, version: str, what: str, advice: str) -> None:
        super().__init__(f"the model {version[:12]} is refused ({what}): {advice}")


@dataclass(frozen=True, slots=True)
class Verified:
    """A model whose files were found as they were packaged. `size` is theirs in all, in bytes."""

    version: str
    manifest: Mapping[str, Any]
    key_id: str
    size: int


def verify_files(
    version: str,
    names: Collection[str],
    read: Callable[[str], bytes | None],
    keys: Mapping[str, bytes],
    advice: str,
) -> Verified:
    """Reads every file of a model by its name (None: it is gone) and compares it. `names` are those that are there, `keys` the
    public keys that are trusted, `advice` what to do about a model that is refused. Raises ModelDamaged.
    """

    def get(name: str) -> bytes:
        data = read(name)
        if data is None:
            raise ModelDamaged(version, f"{name} is missing", advice)
        return data

    manifest = get(MANIFEST)
    if content_hash(manifest) != version:
        raise ModelDamaged(version, f"{MANIFEST} is not what the version is named by", advice)
    try:
        key_id = signature.verify(get(SIGNATURE), manifest, keys)
    except SignatureWrong as problem:
        raise ModelDamaged(version, f"{SIGNATURE} {problem}", advice) from None
    content = json.loads(manifest)
    known = content["files"]
    strange = sorted(set(names) - set(known) - {MANIFEST, SIGNATURE})
    if strange:
        raise ModelDamaged(version, f"{strange[0]} does not belong to it", advice)
    for name, file in known.items():
        if content_hash(get(name)) != file["sha256"]:
            raise ModelDamaged(version, f"{name} is not what was packaged", advice)
    return Verified(version, content, key_id, sum(file["size"] for file in known.values()))
