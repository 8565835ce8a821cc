"""The text that a source leaves for its next scan: JSON that says which kind of source wrote it."""

import json
from typing import Any

from assets.documents.sources.base import Known, SourceUnavailable


def dump_state(source_type: str, **values: Any) -> str:
    """The state of a source of this type."""
    return json.dumps({"type": source_type, **values}, sort_keys=True, separators=(",", ":"))


def load_state(known: Known, source_type: str) -> dict[str, Any] | None:
    """The values that the last scan left, None before the first. Raises SourceUnavailable where another type of source
    left them: a repository whose disk is not mounted looks like an empty directory, and must not pass for one.
    """
    if known.state is None:
        return None
    values: dict[str, Any] = json.loads(known.state)
    if values["type"] != source_type:
        raise SourceUnavailable(
            f"The location was read as {values['type']} before and looks like {source_type} now. Bring back what was "
            "there, or remove the source and add it again."
        )
    return values
