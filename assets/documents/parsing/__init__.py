"""From a file's bytes to a parsed document: format detection, one module a format, bounded worker processes."""

PARSER_VERSION = "1"
"""Part of the platform's recipe: bumped whenever a file may get another text, title or structure than before."""
