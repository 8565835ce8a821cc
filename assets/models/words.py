"""Words of a text, as its tokenizer cuts them, with the tags that say where spans are: the same in training and serving."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.labels.tasks.spans import Span
from assets.models.model import FoundSpan

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Encoding

    from assets.models.tag_chain import Tagged

TAGS = ("O", "B", "I")
OUTSIDE, BEGINS, GOES_ON = range(3)

SHAPES = 6
"""Of a word: how it is written, which encoders that read lower case only don't see."""


@dataclass(frozen=True, slots=True)
class Words:
    """Of each word the number of its first token, and where its characters start and end."""

    first_tokens: list[int]
    starts: list[int]
    ends: list[int]


def words_of(encoding: "Encoding") -> Words:
    """The words of a text that was encoded without special tokens."""
    words = Words([], [], [])
    last = None
    for token, (word, (start, end)) in enumerate(zip(encoding.word_ids, encoding.offsets, strict=True)):
        if word is None:
            continue
        if word != last:
            words.first_tokens.append(token)
            words.starts.append(start)
            words.ends.append(end)
            last = word
        else:
            words.ends[-1] = end
    return words


def shapes_of(text: str, words: Words) -> "NDArray[np.float32]":
    """How each word is written, shape (words, SHAPES), each 0 or 1: capitalized, in capitals, a single capital, of both within,
    with a digit, no word at all.
    """
    import numpy as np

    shapes = np.zeros((len(words.starts), SHAPES), np.float32)
    for row, (start, end) in enumerate(zip(words.starts, words.ends, strict=True)):
        word = text[start:end]
        is_upper = word[:1].isupper()
        shapes[row] = (
            is_upper and word[1:].islower(),
            len(word) > 1 and word.isupper(),
            len(word) == 1 and is_upper,
            not word.isupper() and any(each.isupper() for each in word[1:]),
            any(each.isdigit() for each in word),
            not word.isalnum(),
        )
    return shapes


def tags_of(words: Words, spans: Sequence[Span]) -> list[int]:
    """A tag for each word, from the spans of one kind: a word that shares a character with a span is in it."""
    tags = [OUTSIDE] * len(words.starts)
    for span in spans:
        inside = [
            word
            for word, (start, end) in enumerate(zip(words.starts, words.ends, strict=True))
            if start < span.end and end > span.start
        ]
        for word in inside:
            tags[word] = GOES_ON
        if inside:
            tags[inside[0]] = BEGINS
    return tags


def spans_of(words: Words, tagged: "Tagged", kinds: Sequence[str]) -> list[FoundSpan]:
    """The spans that words' tags tell; in order. A span is as probable as its words' tags are on average."""
    found: list[FoundSpan] = []
    for number, kind in enumerate(kinds):
        first: int | None = None
        for word in range(len(words.starts) + 1):
            tag = tagged.tags[word, number] if word < len(words.starts) else OUTSIDE
            if first is not None and tag != GOES_ON:
                places = range(first, word)
                likely = tagged.probabilities[places, number, tagged.tags[places, number]]
                found.append(FoundSpan(words.starts[first], words.ends[word - 1], kind, float(likely.mean())))
                first = None
            if tag == BEGINS:
                first = word
    return sorted(found, key=lambda span: (span.start, span.end, span.kind))
