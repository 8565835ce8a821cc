"""Datasets as they are published: immutable, named by the hash of what they hold, in the object store."""
