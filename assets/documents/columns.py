"""What stands in the versions of documents, for those who read the asset graph."""

COLUMNS = {
    "document_id": ("string", "Source and path"),
    "version": ("string", "SHA-256 of the canonical text"),
    "title": ("string", "As the source or the text states it"),
    "media_type": ("string", "What the bytes were parsed as"),
    "valid_from": ("timestamp", "When this version begins to apply"),
    "valid_to": ("timestamp", "When it ceases to apply; far future while it is in force"),
    "recorded_at": ("timestamp", "Since when the platform knows it"),
    "uri": ("string", "Where it was read"),
    "raw": ("string", "SHA-256 of the bytes that it was parsed from"),
}
"""The columns of a document's versions: type and description."""
