"""The YAML block that may open a Markdown file: its title and validity."""

import re
from dataclasses import dataclass
from datetime import datetime

from assets.documents.parsing.canonical import one_line
from assets.documents.parsing.validity import FROM_NAMES, TO_NAMES, moment

_MAX_CHARACTERS = 64 * 1024
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.M)
_SCALAR = re.compile(r"^([A-Za-z_][\w-]{0,60}):[ \t]+(\S[^\n]{0,1000})$", re.M)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the platform uses of a front matter."""

    title: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None


def split_front_matter(text: str) -> tuple[FrontMatter | None, str]:
    """The front matter, None where the text has none, and the rest of the text."""
    text = text.lstrip("\ufeff")
    first, _, rest = text.partition("\n")
    if first.rstrip() != "---":
        return None, text
    close = _CLOSE.search(rest, 0, _MAX_CHARACTERS)
    if close is None:
        return None, text
    head = rest[: close.start()]
    if head.strip() and not _SCALAR.search(head) and ":" not in head:
        # A rule, some prose and another rule: no front matter.
        return None, text
    values = _values(head)
    title = values.get("title")
    return FrontMatter(
        title=one_line(str(title)) if isinstance(title, str | int | float) else "",
        valid_from=_first_moment(values, FROM_NAMES),
        valid_to=_first_moment(values, TO_NAMES),
    ), rest[close.end() :]


def _first_moment(values: dict[str, object], names: tuple[str, ...]) -> datetime | None:
    return next((found for name in names if (found := moment(values.get(name))) is not None), None)


def _values(head: str) -> dict[str, object]:
    import yaml

    try:
        loaded = yaml.load(head, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError):
        # A template tag or a stray colon must not cost the title: take the lines that are plain.
        return {match[1].lower(): match[2].strip().strip("\"'") for match in _SCALAR.finditer(head)}
    return {str(key).lower(): value for key, value in loaded.items()} if isinstance(loaded, dict) else {}
