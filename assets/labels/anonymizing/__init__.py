"""Personal items of resumes: found, replaced by placeholders, searched for again, and measured against the truth."""
