"""Labelled resumes come in: read, anonymized and settled, in batches that are only ever added to."""
