"""From documents to validated chunks with exact spans, and the quarantine of what fails."""
