"""What the documents room hands to the others: a parsed document with its structure, and why a file could not be read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BlockKind(StrEnum):
    """What a block of a document is; a chunk is cut at the borders of blocks before it is cut inside one."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """A span of a document's canonical text: `text[start:end]`, in characters, without surrounding white space.

    `level` is 1 to 6 for a heading (1 is the document's title or top part) and the nesting depth, from 0, for a list item.
    Blocks stand in the order of the text, do not overlap, and together hold every character that is not white space.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A document's canonical text and its structure.

    `text` is normalized: Unicode NFC, line feeds only, no control or zero-width characters, no trailing white space on a
    line, at most one empty line in a row, no white space at either end, never empty.
    `title` comes from the content (metadata or first top heading), never from the file's name, so that a rename changes
    nothing; it is empty where the content has none. `valid_from` and `valid_to` are what the document itself declares about
    when its rule applies (front matter, meta elements), else None.
    """

    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    media_type: str = "text/plain"
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class UnreadableDocument(Exception):
    """A file that cannot become a document. `reason` is a short stable code, `advice` tells a person what to do about it.

    Neither holds any of the file's content.
    """

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason}: {advice}")
        self.reason = reason
        self.advice = advice
