"""A secret in a file of its own, which is made once and only its owner may read."""

import base64
import os
import tempfile
from pathlib import Path


def make_once(file: Path, length: int) -> bool:
    """Writes random bytes in base64 unless the file is there; whether it was made by this call, and will survive a loss of power.

    Of several processes at once, one makes it. Raises OSError.
    """
    descriptor, unfinished = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(base64.b64encode(os.urandom(length)) + b"\n")
        opened.flush()
        os.fsync(opened.fileno())
    try:
        # A link is refused where the file is there.
        os.link(unfinished, file)
    except FileExistsError:
        return False
    finally:
        os.unlink(unfinished)
    folder = os.open(file.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
