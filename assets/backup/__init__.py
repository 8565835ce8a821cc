"""Moves a whole platform: backups of catalogue and objects under an object-store prefix, and their restoring on any stores.

A backup is one moment of the catalogue, with every object of that moment and how to know the index that belongs to it. The
index itself is made again from these. Sources' caches, embedding models and Dagster's own state are not part of it: the
first are made again when they are needed, the last is an account of runs, not of what is served. Secrets are not part of
it either: settings are not stored, and a password in a source's address is masked.
"""
