"""From sources (directory, git, records, S3, HTTP) to parsed, versioned documents, with what changed."""
