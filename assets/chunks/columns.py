"""What stands in the chunks, for those who read the asset graph."""

COLUMNS = {
    "chunk_id": ("string", "UUIDv5 of document, text, occurrence and chunker version"),
    "document_id": ("string", "Source and path"),
    "heading_path": ("string[]", "The headings above the chunk, outermost first"),
    "header": ("string", "Title and headings, embedded before the body"),
    "start": ("integer", "First character of the body in the canonical text"),
    "end": ("integer", "Character after its last"),
    "text_hash": ("string", "SHA-256 of header and body, exactly as embedded"),
}
"""The columns of the chunks: type and description."""
