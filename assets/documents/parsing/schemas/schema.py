"""What a schema module provides."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assets.documents.parsing.canonical import DocumentBuilder


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema of legal XML.

    `roots` are the names of the root elements in lxml's form, "{namespace}name". `render` appends the blocks of a root
    element's tree to the builder and returns the document's title.
    """

    name: str
    roots: frozenset[str]
    render: Callable[[Any, DocumentBuilder], str]
