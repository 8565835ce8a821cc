"""From a file of labelled resumes, whatever its form, to rows: one at a time, in bounded memory, the bad ones told."""
