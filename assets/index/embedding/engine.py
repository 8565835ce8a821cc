"""Embeds texts with ONNX Runtime on the processor: int8, texts of one length together, a thread a core."""

import os
import platform
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assets.index.embedding.base import Embedder
from assets.index.embedding.convert import converted_file, folder_of, recipe
from assets.index.embedding.tokens import TokenCounter, load_tokenizer
from assets.index.embedding.weights import (
    DEFAULT_MODEL,
    SEARCH_MODEL,
    ModelFolder,
    ModelUnavailable,
    find_model,
    model_hash,
)

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

TOKENS_A_RUN = 512
"""Keeps what a run works on within a core's own cache; more is not faster."""

_TEXTS_A_WINDOW = 4096
"""Bounds memory, and lets the tokenizer work on a window while the encoder is at the one before."""


def open_embedder(model: str, cache: Path) -> Embedder:
    """The embedder of a model (see `weights.find_model`), whose converted form is kept in the folder `cache`.

    Cheap: the hash is taken here, the runtime and, once for ever, the conversion come with the first `embed`.
    Raises ModelUnavailable.
    """
    return FastEmbedder(find_model(model), cache)


def reopen_embedder(model_hash: str, cache: Path) -> Embedder | None:
    """The embedder that has a hash, of a bundled model or one that was used on this machine; None where its model is no longer
    there as it was."""
    for model in (folder_of(model_hash, cache), SEARCH_MODEL, DEFAULT_MODEL):
        try:
            found = FastEmbedder(find_model(model), cache) if model else None
        except ModelUnavailable:
            continue
        if found is not None and found.model_hash == model_hash:
            return found
    return None


class FastEmbedder:
    """An `Embedder`. It may be used from several threads. Its methods raise ModelUnavailable for a damaged model."""

    def __init__(self, model: ModelFolder, cache: Path) -> None:
        self.model_hash = model_hash(model, recipe())
        self.dimension = model.dimension
        self.max_tokens = model.max_tokens
        self._model = model
        self._cache = cache
        self._counter = TokenCounter(model.tokenizer_file, model.max_tokens)
        self._loading = threading.Lock()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each whole text, special ones included, without loading the encoder."""
        return self._counter.count_many(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimension); of a text longer than `max_tokens`, its beginning."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        if not texts:
            return vectors
        with self._loading:
            session, tokenizer = self._session, self._tokenizer

        def run(rows: list[int], ids: list[list[int]]) -> None:
            vectors[rows] = session.run(["vectors"], {"ids": np.array(ids, np.int64)})[0]

        with ThreadPoolExecutor(cores(), "embedding") as pool:
            waiting: list[Future[None]] = []
            for start in range(0, len(texts), _TEXTS_A_WINDOW):
                encodings = tokenizer.encode_batch_fast(list(texts[start : start + _TEXTS_A_WINDOW]))
                ids = [encoding.ids for encoding in encodings]
                for future in waiting:
                    future.result()
                waiting = [
                    pool.submit(run, [start + index for index in group], [ids[index] for index in group])
                    for group in group_by_length([len(text_ids) for text_ids in ids], TOKENS_A_RUN)
                ]
            for future in waiting:
                future.result()
        return vectors

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        tokenizer = load_tokenizer(self._model.tokenizer_file)
        tokenizer.enable_truncation(self.max_tokens)
        return tokenizer

    @cached_property
    def _session(self) -> "InferenceSession":
        file = converted_file(self._model, self.model_hash, self._cache)
        try:
            return open_session(file)
        except Exception:
            # The cache is only a cache: a damaged file in it is made again.
            file = converted_file(self._model, self.model_hash, self._cache, fresh=True)
        try:
            return open_session(file)
        except Exception as error:
            raise ModelUnavailable(
                f"The model in {self._model.folder} can't be run by ONNX Runtime: {error}"
            ) from error


def group_by_length(lengths: Sequence[int], tokens_a_run: int) -> list[list[int]]:
    """Indices in groups of one length, the longest first, so that no text is padded or can touch another's vector.

    A group holds at most `tokens_a_run` tokens, but always a text.
    """
    by_length: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        by_length.setdefault(length, []).append(index)
    groups: list[list[int]] = []
    for length, indices in sorted(by_length.items(), reverse=True):
        size = max(1, tokens_a_run // length)
        groups += [indices[start : start + size] for start in range(0, len(indices), size)]
    return groups


def open_session(file: Path) -> "InferenceSession":
    """A graph of ours, as it should run. Raises what ONNX Runtime does for a damaged one."""
    import onnxruntime

    options: Any = onnxruntime.SessionOptions()
    # The threads are ours: independent runs side by side need no waiting for each other after every step.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # The graph is written as it should run, and starts sooner as it is.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    if not _has_exact_int8():
        # Stores weights as unsigned bytes, which is an optimization to ONNX Runtime.
        options.add_session_config_entry("session.x64quantprecision", "1")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def _has_exact_int8() -> bool:
    """Whether products of unsigned and signed bytes are summed without overflow: of the x86 processors only by VNNI.

    Where it can't be found out the answer is no, which is slower and gives the same vectors.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return True
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False
    return "avx512_vnni" in flags or "avx_vnni" in flags


def cores() -> int:
    """A container's share of the machine, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
