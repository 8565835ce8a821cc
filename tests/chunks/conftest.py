"""The real tokenizer of the default embedding model, and documents made from Markdown by the real parser."""

from collections.abc import Callable

import pytest

from assets.chunks.chunker import Chunker
from assets.chunks.model import Chunk
from assets.documents.model import ParsedDocument
from assets.documents.parsing.parse import parse
from assets.index.embedding.tokens import TokenCounter, open_token_counter

Cut = Callable[..., list[Chunk]]


@pytest.fixture(scope="session")
def counter() -> TokenCounter:
    return open_token_counter("all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def chunker(counter: TokenCounter) -> Chunker:
    return Chunker(counter)


@pytest.fixture(scope="session")
def markdown() -> Callable[[str], ParsedDocument]:
    return lambda text: parse(text.encode(), "text.md")


@pytest.fixture(scope="session")
def cut(chunker: Chunker, markdown: Callable[[str], ParsedDocument]) -> Cut:
    return lambda text, title=None: chunker.chunk("handbook/leave.md", markdown(text), title)
