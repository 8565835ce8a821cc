"""What is kept of how good answers are, for the asset graph."""

QUALITY_COLUMNS = {
    "answered_right": ("float", "share of the answerable questions whose answer cites a right quote"),
    "first_right": ("float", "share of them whose first sentence does"),
    "refused_right": ("float", "share of the unanswerable questions that were refused"),
    "citation_correct": ("float", "share of all citations that stand verbatim where they say"),
    "p95_ms": ("float", "milliseconds for an answer with its record, at the 95th percentile"),
}
