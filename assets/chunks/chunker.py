"""Cuts a parsed document into chunks: whole sections where they fit, else parts at the best borders inside of them."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol

from assets.chunks.headers import header_parts, join_header
from assets.chunks.identity import chunk_id, text_hash
from assets.chunks.model import Chunk
from assets.chunks.splitting import DENSEST_TOKEN, Piece, cuts_of, halves_of, pieces_of, words_of
from assets.chunks.structure import Heading, Leaf, independent_sections, leaves, subsections
from assets.documents.model import ParsedDocument

CHUNKER_VERSION = "1"
"""Part of every chunk id: a change of the rules that changes chunks raises it."""

SMALLEST_LIMIT = 32
"""Tokens. Below this, headers and sentences would be cut to pieces that say nothing."""

_TEXTS_A_COUNT = 2048


class TokenCounter(Protocol):
    """Counts tokens as the embedding model does, special tokens included, over the whole of a text."""

    @property
    def max_tokens(self) -> int:
        """The longest input that the model reads, special tokens included."""
        ...

    @property
    def tokenizer_hash(self) -> str:
        """Names what the counts depend on."""
        ...

    def count(self, text: str) -> int: ...

    def count_many(self, texts: Sequence[str]) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class _Passage:
    """A span that is to become a chunk, with the pieces that it can still be cut into."""

    path: tuple[Heading, ...]
    pieces: Sequence[Piece]
    costs: Sequence[int]

    @property
    def start(self) -> int:
        return self.pieces[0].start

    @property
    def end(self) -> int:
        return self.pieces[-1].end


class Chunker:
    """Cuts documents. `max_tokens` bounds header and body together, special tokens included; None: all that the model
    reads.

    Raises ValueError for a limit that the model cannot read or that is too small to cut by.
    """

    def __init__(self, counter: TokenCounter, max_tokens: int | None = None) -> None:
        limit = counter.max_tokens if max_tokens is None else max_tokens
        if not SMALLEST_LIMIT <= limit <= counter.max_tokens:
            raise ValueError(
                f"A chunk of {limit} tokens cannot be made: choose between {SMALLEST_LIMIT} and {counter.max_tokens}, "
                "which is what the embedding model reads."
            )
        self.max_tokens = limit
        self._counter = counter

    @cached_property
    def fingerprint(self) -> str:
        """Names everything that chunks depend on beside the document: rules, limit, tokenizer (SHA-256 in
        hexadecimal).
        """
        recipe = json.dumps([CHUNKER_VERSION, self.max_tokens, self._counter.tokenizer_hash])
        return hashlib.sha256(recipe.encode()).hexdigest()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, special tokens included, as they count against `max_tokens`."""
        counts: list[int] = []
        for first in range(0, len(texts), _TEXTS_A_COUNT):
            counts += self._counter.count_many(texts[first : first + _TEXTS_A_COUNT])
        return counts

    def chunk(self, document_id: str, document: ParsedDocument, title: str | None = None) -> list[Chunk]:
        """The chunks of a document in the order of its text; every character that is not white space is in exactly
        one.

        `title` is what the source says that the document is called; None: what the document itself says.
        """
        run = _Run(self, document, document.title if title is None else title)
        return list(run.chunks(document_id))

    @cached_property
    def special_tokens(self) -> int:
        """Tokens that the model adds to every input."""
        return self._counter.count("")


class _Run:
    """The cutting of one document."""

    def __init__(self, chunker: Chunker, document: ParsedDocument, title: str) -> None:
        self._chunker = chunker
        self._text = document.text
        self._title = title
        self._leaves = leaves(document)
        self._room = chunker.max_tokens - chunker.special_tokens
        self._headers: dict[tuple[str, ...], tuple[str, int]] = {}
        self._pieces = [pieces_of(self._text, leaf.blocks) for leaf in self._leaves]
        costs = iter(self._costs([piece for pieces in self._pieces for piece in pieces]))
        self._piece_costs = [[next(costs) for _ in pieces] for pieces in self._pieces]

    def chunks(self, document_id: str) -> Iterator[Chunk]:
        """Every chunk, its length counted as a whole: the costs of pieces need not add up for every tokenizer."""
        passages = [p for section in independent_sections(self._leaves) for p in self._passages(section)]
        occurrences: Counter[str] = Counter()
        for passage in self._within_limit(passages):
            header = self._header(passage)[0]
            text = self._embedded(passage)
            hash_of_text = text_hash(text)
            yield Chunk(
                chunk_id=chunk_id(document_id, hash_of_text, occurrences[hash_of_text], CHUNKER_VERSION),
                text_hash=hash_of_text,
                text=text,
                header=header,
                heading_path=tuple(heading.text for heading in passage.path if heading.start < passage.end),
                start=passage.start,
                end=passage.end,
            )
            occurrences[hash_of_text] += 1

    def _passages(self, section: Sequence[Leaf]) -> Iterator[_Passage]:
        """A section as one passage where it fits, else its subsections', else the parts of its only leaf."""
        whole = _Passage(
            section[0].path,
            [piece for leaf in section for piece in self._pieces[leaf.number]],
            [cost for leaf in section for cost in self._piece_costs[leaf.number]],
        )
        if sum(whole.costs) + self._header(whole)[1] <= self._room:
            yield whole
        elif len(section) > 1:
            for subsection in subsections(section):
                yield from self._passages(subsection)
        else:
            yield from self._parts(whole)

    def _parts(self, leaf: _Passage) -> Iterator[_Passage]:
        budget = self._room - self._header_above(leaf.path)[1]
        leaf = self._refined(leaf, budget // 3)
        cuts = cuts_of(self._text, leaf.pieces, leaf.costs, budget)
        for start, end in pairwise([0, *cuts, len(leaf.pieces)]):
            yield _Passage(leaf.path, leaf.pieces[start:end], leaf.costs[start:end])

    def _refined(self, passage: _Passage, most: int) -> _Passage:
        """The passage with every piece that costs more than `most` taken apart, as far as that goes."""
        for take_apart in (words_of, halves_of, halves_of, halves_of, halves_of, halves_of, halves_of, halves_of):
            if all(cost <= most for cost in passage.costs):
                break
            pieces: list[Piece] = []
            known: list[int | None] = []
            for piece, cost in zip(passage.pieces, passage.costs, strict=True):
                finer = [piece] if cost <= most else take_apart(self._text, piece)
                pieces += finer
                known += [cost if finer == [piece] else None] * len(finer)
            fresh = iter(self._costs([piece for piece, cost in zip(pieces, known, strict=True) if cost is None]))
            passage = _Passage(passage.path, pieces, [next(fresh) if cost is None else cost for cost in known])
        return passage

    def _within_limit(self, passages: list[_Passage]) -> list[_Passage]:
        """The passages in order, those that are too long after all cut in two until none is."""
        counts = self._chunker.count_tokens([self._embedded(passage) for passage in passages])
        while any(count > self._chunker.max_tokens for count in counts):
            shorter: list[_Passage] = []
            known: list[int | None] = []
            for passage, count in zip(passages, counts, strict=True):
                halves = [passage] if count <= self._chunker.max_tokens else self._halves(passage)
                shorter += halves
                known += [count if len(halves) == 1 else None] * len(halves)
            new = [self._embedded(passage) for passage, count in zip(shorter, known, strict=True) if count is None]
            fresh = iter(self._chunker.count_tokens(new))
            passages, counts = shorter, [next(fresh) if count is None else count for count in known]
        return passages

    def _halves(self, passage: _Passage) -> list[_Passage]:
        if len(passage.pieces) == 1:
            pieces = halves_of(self._text, passage.pieces[0])
            passage = _Passage(passage.path, pieces, self._costs(pieces))
        cuts = cuts_of(self._text, passage.pieces, passage.costs, max(1, sum(passage.costs) * 3 // 4))
        return [
            _Passage(passage.path, passage.pieces[start:end], passage.costs[start:end])
            for start, end in pairwise([0, *(cuts or [len(passage.pieces) // 2]), len(passage.pieces)])
        ]

    def _costs(self, pieces: Sequence[Piece]) -> list[int]:
        """Tokens of each piece without the special ones, or what its characters weigh where that is more."""
        special = self._chunker.special_tokens
        counts = self._chunker.count_tokens([self._text[piece.start : piece.end] for piece in pieces])
        return [
            max(count - special, -(-(piece.end - piece.start) // DENSEST_TOKEN))
            for piece, count in zip(pieces, counts, strict=True)
        ]

    def _embedded(self, passage: _Passage) -> str:
        header = self._header(passage)[0]
        body = self._text[passage.start : passage.end]
        return f"{header}\n{body}" if header else body

    def _header(self, passage: _Passage) -> tuple[str, int]:
        """The header of a passage and its cost: of the headings, those that the body does not hold."""
        return self._header_above(passage.path, passage.start)

    def _header_above(self, path: tuple[Heading, ...], position: int | None = None) -> tuple[str, int]:
        above = [heading.text for heading in path if position is None or heading.end <= position]
        parts = tuple(header_parts(self._title, above, path[0].text if path else ""))
        if parts not in self._headers:
            header = join_header(parts, lambda text: self._header_cost(text) <= self._room // 2)
            self._headers[parts] = header, self._header_cost(header)
        return self._headers[parts]

    def _header_cost(self, header: str) -> int:
        if len(header) > self._room * DENSEST_TOKEN:
            return len(header)
        return self._chunker.count_tokens([header])[0] - self._chunker.special_tokens
