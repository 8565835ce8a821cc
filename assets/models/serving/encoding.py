"""Runs a served encoder over the windows of texts: windows of one length together, a thread a core, nothing padded."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assets.models.windows import SPECIAL_TOKENS, windows

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

Floats = NDArray[np.float32]

MEANS, STATES = "means", "states"

_TEXTS_AT_ONCE = 256
"""Bounds memory: windows, and what is kept of each, are those of so many texts."""
_TOKENS_AT_ONCE = 16_384
"""The same where states are kept, of which a token's are some kilobytes."""


class PredictorUnavailable(RuntimeError):
    """A served model that is missing, damaged or of another form; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Windowing:
    """How texts are cut: `tokens` a window, special ones included, and the first `most` windows of a text (None: all)."""

    tokens: int
    most: int | None


class TextEncoder:
    """A tokenizer and an ONNX encoder of token states. It may be used from several threads.

    Both are loaded at their first use. Raises PredictorUnavailable where they can't be.
    """

    def __init__(self, tokenizer: Path, graph: Path, sha256: str, windowing: Windowing) -> None:
        self._tokenizer_file = tokenizer
        self._graph = graph
        self._sha256 = sha256
        self._windowing = windowing

    def pooled(self, texts: Sequence[str]) -> Iterator[Floats]:
        """For each text, in order, the mean state of each of its windows: shape (windows, dimension)."""
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            parts = [self._parts(encoding.ids) for encoding in self._encodings(texts[start : start + _TEXTS_AT_ONCE])]
            means = self._run(MEANS, [part for each in parts for part in each])
            place = 0
            for each in parts:
                yield np.stack(means[place : place + len(each)])
                place += len(each)

    def token_states(self, texts: Sequence[str]) -> Iterator[tuple["Encoding", Floats]]:
        """For each text, in order, its encoding and its tokens' states, shape (tokens, dimension), both without special ones."""
        for encodings in self._some_encodings(texts):
            parts = [self._parts(encoding.ids) for encoding in encodings]
            values = self._run(STATES, [part for each in parts for part in each])
            place = 0
            for encoding, each in zip(encodings, parts, strict=True):
                yield encoding, np.concatenate([value[1:-1] for value in values[place : place + len(each)]])
                place += len(each)

    def _some_encodings(self, texts: Sequence[str]) -> "Iterator[list[Encoding]]":
        """Those of texts next to each other that together are of not too many tokens."""
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            some: list[Encoding] = []
            tokens = 0
            for encoding in self._encodings(texts[start : start + _TEXTS_AT_ONCE], offsets=True):
                if some and tokens + len(encoding.ids) > _TOKENS_AT_ONCE:
                    yield some
                    some, tokens = [], 0
                some.append(encoding)
                tokens += len(encoding.ids)
            yield some

    def _encodings(self, texts: Sequence[str], offsets: bool = False) -> "list[Encoding]":
        encode = self._tokenizer.encode_batch if offsets else self._tokenizer.encode_batch_fast
        return encode(list(texts), add_special_tokens=False)

    def _parts(self, ids: Sequence[int]) -> list[list[int]]:
        first, last = self._special
        return [[first, *part, last] for part in windows(ids, self._windowing.tokens, self._windowing.most)]

    def _run(self, output: str, parts: list[list[int]]) -> list[Floats]:
        from assets.index.embedding.engine import TOKENS_A_RUN, cores, group_by_length

        session = self._session
        results: list[Any] = [None] * len(parts)

        def run(group: list[int]) -> None:
            values = session.run([output], {"ids": np.array([parts[index] for index in group], np.int64)})[0]
            for index, value in zip(group, values, strict=True):
                results[index] = value

        with ThreadPoolExecutor(cores(), "predicting") as pool:
            for future in [
                pool.submit(run, group) for group in group_by_length([len(part) for part in parts], TOKENS_A_RUN)
            ]:
                future.result()
        return results

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from assets.index.embedding.tokens import load_tokenizer
        from assets.index.embedding.weights import ModelUnavailable

        try:
            tokenizer = load_tokenizer(self._tokenizer_file)
        except ModelUnavailable:
            raise PredictorUnavailable(
                f"{self._tokenizer_file.name} is missing or damaged: fetch the model again."
            ) from None
        if self._windowing.most is not None:
            tokenizer.enable_truncation(self._windowing.most * (self._windowing.tokens - SPECIAL_TOKENS))
        return tokenizer

    @cached_property
    def _special(self) -> tuple[int, int]:
        ids = self._tokenizer.encode("").ids
        if len(ids) != SPECIAL_TOKENS:
            raise PredictorUnavailable(
                "The tokenizer does not put one token on each end of a text: it can't be served."
            )
        return ids[0], ids[1]

    @cached_property
    def _session(self) -> "InferenceSession":
        from assets.index.embedding.engine import open_session

        try:
            with self._graph.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            raise PredictorUnavailable(f"{self._graph.name} is missing: fetch the model again.") from None
        if found != self._sha256:
            raise PredictorUnavailable(
                f"{self._graph.name} is not the file that was proven (its SHA-256 differs): fetch the model again."
            )
        try:
            return open_session(self._graph)
        except Exception as problem:
            # The runtime raises a dozen kinds of error for a graph that it can't run.
            raise PredictorUnavailable(f"ONNX Runtime can't run {self._graph.name}: {problem}") from problem
