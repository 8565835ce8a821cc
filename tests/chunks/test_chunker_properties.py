"""On documents of any shape: every visible character is in exactly one chunk, and no chunk is too long."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from assets.chunks.chunker import Chunker
from assets.chunks.identity import text_hash
from assets.documents.model import Block, BlockKind, ParsedDocument
from assets.index.embedding.tokens import TokenCounter

WORDS = st.sampled_from(
    [
        "leave",
        "employee",
        "§",
        "32-531.02.",
        "e.g.",
        "exempt:",
        "No.",
        "5",
        "Overtime.",
        "年假。",
        "👩‍👩‍👧‍👦",
        "e\u0301",
        "—",
        "|",
        "***",
    ]
)
ANYTHING = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=400)
PROSE = st.lists(WORDS, min_size=1, max_size=60).map(" ".join)
REPEATED = st.tuples(WORDS, st.sampled_from(["", " "]), st.integers(1, 900)).map(lambda t: (t[0] + t[1]) * t[2])
CONTENT = st.one_of(PROSE, REPEATED, ANYTHING).map(str.strip).filter(bool)
BLOCK = st.tuples(st.sampled_from(BlockKind), st.integers(0, 6), CONTENT, st.sampled_from(["\n", "\n\n"]))
TITLE = st.one_of(st.just(""), PROSE, ANYTHING)


OPENING = (Block(BlockKind.HEADING, 0, 7, 1), Block(BlockKind.PARAGRAPH, 9, 21))


@st.composite
def documents(draw: st.DrawFn) -> ParsedDocument:
    text, blocks = "", []
    for kind, level, content, separator in draw(st.lists(BLOCK, min_size=1, max_size=12)):
        text += separator if text else ""
        blocks.append(Block(kind, len(text), len(text) + len(content), max(1, level) if kind == "heading" else level))
        text += content
    return ParsedDocument(text, tuple(blocks), draw(TITLE))


@settings(max_examples=80, deadline=None)
@given(documents(), st.sampled_from([32, 64, 256]))
def test_chunks_are_whole_in_order_and_within_the_limit(
    counter: TokenCounter, document: ParsedDocument, limit: int
) -> None:
    chunker = Chunker(counter, limit)
    chunks = chunker.chunk("source/document", document)

    assert all(one.end <= other.start for one, other in itertools.pairwise(chunks))
    bodies = [document.text[chunk.start : chunk.end] for chunk in chunks]
    assert "".join("".join(body.split()) for body in bodies) == "".join(document.text.split())
    for chunk, body in zip(chunks, bodies, strict=True):
        assert body == body.strip() != ""
        assert chunk.text == (f"{chunk.header}\n{body}" if chunk.header else body)
        assert "\n" not in chunk.header
        assert chunk.text_hash == text_hash(chunk.text)
    assert max(chunker.count_tokens([chunk.text for chunk in chunks])) <= limit
    assert len({chunk.chunk_id for chunk in chunks}) == len(chunks)
    assert chunker.chunk("source/document", document) == chunks


@settings(max_examples=60, deadline=None)
@given(documents(), documents())
def test_what_stands_under_a_top_heading_does_not_depend_on_what_follows(
    counter: TokenCounter, first: ParsedDocument, second: ParsedDocument
) -> None:
    """Two documents set under one another, each under a heading with text: the chunks of the first stay as they were."""
    chunker = Chunker(counter, 64)

    def part(document: ParsedDocument, shift: int) -> tuple[str, list[Block]]:
        opening, closing = "Opening\n\nFirst words.", "Closing\n\nFinal words."
        text = f"{opening}\n\n{document.text}\n\n{closing}"
        moved, last = shift + len(opening) + 2, shift + len(text) - len(closing)
        return text, [
            *(Block(b.kind, b.start + shift, b.end + shift, b.level) for b in OPENING),
            *(Block(b.kind, b.start + moved, b.end + moved, b.level) for b in document.blocks),
            *(Block(b.kind, b.start + last, b.end + last, b.level) for b in OPENING),
        ]

    text, blocks = part(first, 0)
    alone = chunker.chunk("a/b", ParsedDocument(text, tuple(blocks)))
    more_text, more_blocks = part(second, len(text) + 2)
    both = chunker.chunk("a/b", ParsedDocument(f"{text}\n\n{more_text}", (*blocks, *more_blocks)))
    assert both[: len(alone)] == alone
