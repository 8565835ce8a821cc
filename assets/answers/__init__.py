"""Answers that quote their source, as of any date, or a refusal."""
