"""An index's checksum: the same for the same rows, whichever engine holds them and in whatever order it gives them."""

import hashlib
import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_MODULUS = 2**256


def row_digest(identity: tuple[str, ...], validity: tuple[int, int], vector: NDArray[np.float32]) -> int:
    """A number from 0 to 2**256 - 1 over a row's texts, validity and vector."""
    digest = hashlib.sha256(json.dumps([*identity, *validity], ensure_ascii=True, separators=(",", ":")).encode())
    digest.update(np.ascontiguousarray(vector, dtype="<f4").tobytes())
    return int.from_bytes(digest.digest(), "big")


def checksum(digests: Iterable[int]) -> str:
    """64 hexadecimal digits over the rows' digests. They are added, not hashed in turn: order does not matter, a row that
    is there twice does."""
    return f"{sum(digests) % _MODULUS:064x}"
