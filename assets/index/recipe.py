"""What the served index was made with. Another recipe means another physical index, built beside the served one."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

INDEX_SCHEMA = "1"
"""Changes whenever the rows of an index, their terms or their meaning change."""


LOST = "index"
"""Beside the names of a recipe's parts, a reason to build: the served index is no longer where it was."""


def told(reasons: Sequence[str]) -> str:
    """Reasons to build, in words: "another chunker and model", "the served index is gone"."""
    if list(reasons) == [LOST]:
        return "the served index is gone"
    return f"another {' and '.join(reasons)}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what rows and vectors come out of the same documents."""

    parser: str
    chunker: str
    model: str
    schema: str = INDEX_SCHEMA

    def dump(self) -> str:
        """Canonical JSON."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    def differences(self, other: str) -> list[str]:
        """The names of the parts in which another recipe, as dumped, differs."""
        theirs = json.loads(other)
        return [name for name, value in asdict(self).items() if theirs.get(name) != value]

    def index_version(self, generation: int) -> str:
        """The name of the physical index that is built with this recipe from a generation on. The generation belongs to it:
        going back to an earlier recipe builds a new index, and leaves the one of that time as it was."""
        return f"{hashlib.sha256(self.dump().encode()).hexdigest()[:16]}-{generation}"
