"""Which labels are plausible names, and how they are written."""

import re
import unicodedata
from typing import Any

from assets.labels.reading.limits import LONGEST_LABEL
from assets.labels.reading.refusals import Unusable

# Line ends, other controls, characters that reverse or hide what stands beside them, private ones.
_NEVER = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})


def plain_name(value: Any, reason: str = "bad_label") -> str:
    """The label as a name on one line, in Unicode's composed form, blanks single. Raises Unusable."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**9 else ""
    if not isinstance(value, str):
        raise Unusable(reason)
    # A longer one is refused before work is done on it.
    if len(value) > 4 * LONGEST_LABEL:
        raise Unusable(reason)
    name = unicodedata.normalize("NFC", value.strip())
    if not name:
        raise Unusable("no_label")
    categories = {unicodedata.category(character) for character in name}
    if "Cs" in categories:
        raise Unusable("bad_encoding")
    if categories & _NEVER:
        raise Unusable(reason)
    name = re.sub(r"\s+", " ", name)
    if len(name) > LONGEST_LABEL or name[0] in "=+@-" or not any(character.isalnum() for character in name):
        raise Unusable(reason)
    return name


def listed(name: str, allowed: frozenset[str]) -> str:
    """The name as the list of those that may occur spells it; the name itself where the list is empty. Raises Unusable."""
    if not allowed or name in allowed:
        return name
    spelling = next((each for each in sorted(allowed) if each.casefold() == name.casefold()), None)
    if spelling is None:
        raise Unusable("unknown_label")
    return spelling
