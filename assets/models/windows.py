"""What is read of a text: its windows, and of which layers of the encoder; the same when a model is trained and served."""

from collections.abc import Sequence

SPECIAL_TOKENS = 2
"""The encoder's own marks at both ends of a window."""


def windows(ids: Sequence[int], window_tokens: int, most: int | None) -> list[list[int]]:
    """Consecutive parts of a text's token ids, given and returned without special tokens; at most `most` of them.

    A part has at most `window_tokens` tokens with its special ones. A text without tokens is one empty part.
    """
    size = window_tokens - SPECIAL_TOKENS
    if size < 1:
        raise ValueError("A window has to hold a token beside its special ones.")
    parts = [list(ids[start : start + size]) for start in range(0, len(ids), size)] or [[]]
    return parts if most is None else parts[:most]


def read_layers(layers: int, count: int) -> tuple[int, ...]:
    """Of an encoder with so many layers, numbered from one: the last one and others at even distances below, `count` in all."""
    count = min(count, layers)
    return tuple(layers * place // count for place in range(1, count + 1))
