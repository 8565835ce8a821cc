"""The columns of this room's assets, as Dagster's page shows them."""

BATCH_COLUMNS = {
    "row": ("int", "its number in the file, from 1"),
    "person_id": ("string", "keyed hash of the id that the file gave, or of the original text"),
    "text_hash": ("string", "hash of the anonymized, normalized text"),
    "text": ("string", "the resume, its personal items replaced by placeholders"),
    "label": ("string", "in the task's canonical form"),
    "opening_hash": ("string", "hash of the opening's anonymized, normalized text; for `match`"),
    "opening_text": ("string", "the opening, anonymized; for `match`"),
    "labelled_at": ("int", "microseconds since 1970, UTC, where the file says it"),
    "labeller": ("string", "keyed hash of who labelled it, where the file says it"),
    "copies": ("int", "how many rows of the file said just this"),
}
