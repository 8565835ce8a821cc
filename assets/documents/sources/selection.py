"""Which paths of a source are documents: the owner's globs, and the files that editors and systems leave lying
about.
"""

import hashlib
import re

import pathspec

from assets.documents.sources.base import BadSource

# Hidden files, locks and backups of editors and office programs, unfinished downloads, and what file systems and
# archivers put beside the files of people.
_JUNK_NAMES = (
    r"\.[^/]*|~\$[^/]*|\#[^/]*\#|[^/]*~|[^/]*\.(?:sw[opx]|tmp|part|crdownload)",
    r"Thumbs\.db|desktop\.ini|__MACOSX|lost\+found",
)
_JUNK_PATH = re.compile(rf"(?:^|/)(?:{'|'.join(_JUNK_NAMES)})(?:/|$)", re.IGNORECASE)

# What cannot stand in an id or a log line: control characters, and the bytes of a name that is not UTF-8 (PEP 383).
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def safe_path(path: str) -> str:
    """The path with control characters and undecodable bytes written as `\\xNN`."""
    return _UNSAFE.sub(lambda match: f"\\x{ord(match.group()) & 0xFF:02x}", path)


def is_junk(path: str) -> bool:
    """Whether any part of the path is one that nobody means as a document; also answers for a single name."""
    return _JUNK_PATH.search(path) is not None


class Selection:
    """The globs of a source, with the meaning that .gitignore gives them.

    `*.md` is every such file at any depth, `policies/*.md` those in one folder, `policies/` or `policies/**` all below
    it; `!drafts/` takes out again, and the last pattern that matches decides. No pattern at all selects everything, and
    so do patterns that only take out, less what they name.
    """

    def __init__(self, include: tuple[str, ...]) -> None:
        """Raises BadSource for a pattern that has no meaning."""
        lines = list(include)
        for line in lines:
            if not line.strip().strip("!") or line.startswith("#"):
                raise BadSource(
                    f"The include pattern {line!r} selects nothing. Give a glob such as '*.md' or 'policies/**'."
                )
        if lines and all(line.startswith("!") for line in lines):
            lines.insert(0, "**")
        try:
            self._spec = pathspec.PathSpec.from_lines("gitwildmatch", lines)
        except ValueError as error:
            raise BadSource(
                f"An include pattern cannot be read ({error}). Give a glob such as '*.md' or 'policies/**'."
            ) from None
        self._everything = not lines
        self.digest = hashlib.sha256("\0".join(include).encode()).hexdigest()[:16] if include else ""

    def includes(self, path: str) -> bool:
        """Whether the globs select the path."""
        return self._everything or self._spec.match_file(path)

    def wants(self, path: str) -> bool:
        """Whether the path is a document of the source: selected, and not junk."""
        return self.includes(path) and not is_junk(path)
