"""What labelled resumes become: private, deduplicated, leak-proof datasets."""
