"""Words of a text, as its tokenizer cuts them, with the tags that say where spans are: the same in training and serving."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.tasks.spans import Span
from assets.models.model import FoundSpan

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Encoding

TAGS = ("O", "B", "I")
OUTSIDE, BEGINS, GOES_ON = range(3)


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


def spans_of(words: Words, probabilities: "NDArray[Any]", kinds: Sequence[str]) -> list[FoundSpan]:
    """The spans that tags' probabilities, shape (words, kinds, tags), tell; in order. A word that goes on with nothing begins.

    A span is as probable as its words' tags are on average.
    """
    best = probabilities.argmax(-1)
    found: list[FoundSpan] = []
    for number, kind in enumerate(kinds):
        first: int | None = None
        for word in range(len(words.starts) + 1):
            tag = best[word, number] if word < len(words.starts) else OUTSIDE
            if first is not None and tag != GOES_ON:
                chosen = probabilities[first:word, number].max(-1)
                found.append(FoundSpan(words.starts[first], words.ends[word - 1], kind, float(chosen.mean())))
                first = None
            if tag == BEGINS or (tag == GOES_ON and first is None):
                first = word
    return sorted(found, key=lambda span: (span.start, span.end, span.kind))
