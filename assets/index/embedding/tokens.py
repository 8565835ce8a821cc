"""Counts tokens the way the embedding model does, without loading the model."""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from assets.index.embedding.weights import ModelUnavailable, find_model

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class TokenCounter:
    """Counts over the whole text, special tokens included, however long: `max_tokens` is for the caller to compare."""

    def __init__(self, tokenizer_json: Path, max_tokens: int) -> None:
        self.max_tokens = max_tokens
        self._tokenizer_json = tokenizer_json

    def count(self, text: str) -> int:
        return self.count_many([text])[0]

    def count_many(self, texts: Sequence[str]) -> list[int]:
        return [len(encoding.ids) for encoding in self._tokenizer.encode_batch_fast(list(texts))]

    @cached_property
    def tokenizer_hash(self) -> str:
        """The SHA-256 of the tokenizer's file, in hexadecimal: with the same one, a text has the same count."""
        return hashlib.sha256(self._tokenizer_json.read_bytes()).hexdigest()

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        return load_tokenizer(self._tokenizer_json)


def open_token_counter(model: str) -> TokenCounter:
    """The counter of a model (see `weights.find_model`). Cheap: the tokenizer is read at the first count.

    Raises ModelUnavailable.
    """
    found = find_model(model)
    return TokenCounter(found.tokenizer_file, found.max_tokens)


def load_tokenizer(path: Path) -> "Tokenizer":
    """The tokenizer without truncation and padding, which model folders ship with settings of their own for.

    Raises ModelUnavailable.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        # The Rust library raises bare Exception, for a missing file too.
        raise ModelUnavailable(f"{path} could not be read as a tokenizer: fetch the model again.") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
