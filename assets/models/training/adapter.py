"""A trained candidate on the base model that it was trained on, in float32: what the served form is held against."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.index.embedding.weights import ModelUnavailable, find_model, model_hash
from assets.models.model import FoundSpan
from assets.models.tasks import model_task
from assets.models.tasks.job_category import JobCategory
from assets.models.tasks.match import Match
from assets.models.tasks.skills import Skills
from assets.models.training.training import HEAD, SETTINGS
from assets.models.words import shapes_of, spans_of, words_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from assets.models.training.network import Network


class Adapter:
    """A candidate's network and head. The methods are those of the served form; each belongs to one task."""

    def __init__(self, folder: Path) -> None:
        """Raises ModelUnavailable where the base model is not the one that the adapter was trained on."""
        self._folder = folder
        self._settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        self._base = find_model(self._settings["base_model"])
        if model_hash(self._base, "") != self._settings["base_model_hash"]:
            raise ModelUnavailable(
                f"the model {self._settings['base_model']} is another one than the adapter was trained on: train it again"
            )

    def logits(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Of `job-category`: shape (texts, classes)."""
        with _inference():
            ids = self._network.ids(texts)
            found: NDArray[np.float32] = JobCategory().logits(self._network, self._head, ids, self._settings["windows"])
        return found

    def tag(self, texts: Sequence[str]) -> list[list[FoundSpan]]:
        """Of `skills`: each text's spans."""
        kinds = self._settings["kinds"]
        encodings = self._network.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        words = [words_of(encoding) for encoding in encodings]
        shapes = [shapes_of(text, each) for text, each in zip(texts, words, strict=True)]
        with _inference():
            ids = [encoding.ids for encoding in encodings]
            found = Skills().tagged(self._network, self._head, ids, words, shapes)
        return [spans_of(each, tagged, kinds) for each, tagged in zip(words, found, strict=True)]

    def vectors(self, texts: Sequence[str], side: str) -> "NDArray[np.float32]":
        """Of `match`: unit vectors, shape (texts, dimension); `side` is resume or opening."""
        with _inference():
            ids = self._network.ids(texts)
            found: NDArray[np.float32] = Match().all_vectors(
                self._network, self._head, side, ids, self._settings["windows"]
            )
        return found

    @cached_property
    def _network(self) -> "Network":
        from assets.models.training.network import trained_network

        return trained_network(self._base, self._folder, self._settings["training"]["layers"])

    @cached_property
    def _head(self) -> Any:
        from safetensors.torch import load_file

        weights = load_file(self._folder / HEAD)
        vocabulary = {name: self._settings[name] for name in ("classes", "kinds", "grades") if name in self._settings}
        head = model_task(self._settings["task"]).head(self._network.dimension, vocabulary)
        head.load_state_dict(weights)
        return head.to(self._network.device).eval()


def open_adapter(folder: Path) -> Adapter:
    """The candidate in a folder. Cheap: the network is loaded at its first use. Raises ModelUnavailable."""
    return Adapter(folder)


def _inference() -> Any:
    import torch

    return torch.inference_mode()
