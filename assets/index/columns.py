"""What stands in the vectors and in the served index, for those who read the asset graph."""

VECTOR_COLUMNS = {
    "text_hash": ("string", "SHA-256 of the text that was embedded"),
    "vector": ("float32[]", "The embedding, of unit length"),
}
"""The columns of the vectors: type and description."""

INDEX_COLUMNS = {
    "row_id": ("string", "One unbroken stay of a chunk in the index"),
    "chunk_id": ("string", "The chunk"),
    "document_id": ("string", "Source and path"),
    "source": ("string", "The registered source"),
    "kind": ("string", "regulation, handbook or policy"),
    "jurisdiction": ("string", "Where the rule applies; empty where none was stated"),
    "title": ("string", "The document's title"),
    "heading_path": ("string[]", "The headings above the chunk, outermost first"),
    "body": ("string", "The passage, searched by keyword"),
    "vector": ("float32[]", "The embedding of header and body, searched by meaning"),
    "valid_from": ("timestamp", "When the passage begins to apply"),
    "valid_to": ("timestamp", "When it ceases to apply; far future while it is in force"),
    "from_generation": ("integer", "The first generation that sees the row"),
    "to_generation": ("integer", "The first generation that no longer does; far future while it is served"),
}
"""The columns of the served index: type and description."""
