"""A chunk: the unit that is embedded, served and cited."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """`text[start:end]` of a document's canonical text, in characters, under a header.

    `header` is the structural context that is embedded in front of the body (document title and heading path, empty where
    there is none), `heading_path` the headings above the chunk, outermost first. `text` is what is embedded: header, a line
    feed, body; or the body alone. `chunk_id` is a UUIDv5 of document id, `text`, occurrence and chunker version;
    `text_hash` the SHA-256 of `text` in hexadecimal.
    """

    chunk_id: str
    text_hash: str
    text: str
    header: str
    heading_path: tuple[str, ...]
    start: int
    end: int
