"""The encoder in training: base weights that stay as they are, LoRA on all its linear layers, token states by window."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assets.index.embedding.weights import ModelFolder, ModelUnavailable
from assets.models.training.settings import TrainingSettings
from assets.models.windows import read_layers

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

_LINEAR_LAYERS = ["query", "key", "value", "dense"]
WINDOW_TOKENS = 256
"""Of a window, special ones included, where the encoder reads as many: attention costs the square of it."""

_TOKENS_A_RUN = 8192
"""Bounds memory: what one pass through the encoder holds for its way back is about 100 kB a token."""
_LEAST_FILLED = 0.8


class Network:
    """An encoder with LoRA. `encoder` is peft's model; token ids go in and states come out by window.

    A state is that of all `layers`, one after another: `dimension` is that of all of them together. A window has at most
    `window_tokens` tokens, with the special ones in `begin` and `end`. `device` is a GPU where there is one.
    """

    def __init__(self, encoder: Any, tokenizer: "Tokenizer", window_tokens: int, layers: Sequence[int]) -> None:
        import torch

        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.encoder = encoder.to(self.device)
        self.tokenizer = tokenizer
        self.layers = layers
        self.dimension = int(encoder.config.hidden_size) * len(layers)
        self.window_tokens = window_tokens
        self.begin, self.end = _special_tokens(tokenizer)
        self._padding = int(encoder.config.pad_token_id or 0)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of whole texts, without special tokens."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def states(self, windows: Sequence[Sequence[int]]) -> "list[torch.Tensor]":
        """A window's token states, shape (its tokens with special ones, dimension), in the order of the windows."""
        import torch

        begin, end = self.begin, self.end
        lengths = [len(window) + len(begin) + len(end) for window in windows]
        found: list[Any] = [None] * len(windows)
        for group in _groups(lengths):
            longest = max(lengths[index] for index in group)
            ids = torch.full((len(group), longest), self._padding, dtype=torch.long)
            for row, index in enumerate(group):
                ids[row, : lengths[index]] = torch.tensor([*begin, *windows[index], *end])
            mask = None
            if any(lengths[index] != longest for index in group):
                counts = torch.tensor([lengths[index] for index in group])
                mask = (torch.arange(longest)[None, :] < counts[:, None]).long()
            of_layers = self.encoder(
                input_ids=ids.to(self.device),
                attention_mask=None if mask is None else mask.to(self.device),
                output_hidden_states=True,
            ).hidden_states
            states = torch.cat([of_layers[layer] for layer in self.layers], -1)
            # Cut in one go: on the way back, a cut of its own for each row would fill the whole group with zeros.
            for index, own in zip(group, states.unbind(0), strict=True):
                found[index] = own if lengths[index] == longest else own[: lengths[index]]
        return found


def new_network(model: ModelFolder, settings: TrainingSettings) -> Network:
    """A base model with LoRA that changes nothing yet. Its first weights follow the seed of the caller."""
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.scale,
        # In front of each of a layer's six products it would cost more than half as much as the products do.
        lora_dropout=0.0,
        target_modules=_LINEAR_LAYERS,
        bias="none",
    )
    return _network(get_peft_model(_base(model), config), model, settings.layers)


def trained_network(model: ModelFolder, adapter: Path, layers: int) -> Network:
    """A base model with the adapter in a folder, for inference in float32; of how many layers states are read."""
    from peft import PeftModel

    encoder = PeftModel.from_pretrained(_base(model), str(adapter))
    encoder.eval()
    return _network(encoder, model, layers)


def _special_tokens(tokenizer: "Tokenizer") -> tuple[list[int], list[int]]:
    """The ids that the tokenizer puts before and behind a text."""
    whole = tokenizer.encode("a")
    marks = whole.special_tokens_mask
    first = marks.index(0)
    last = len(marks) - marks[::-1].index(0)
    return list(whole.ids[:first]), list(whole.ids[last:])


def _base(model: ModelFolder) -> Any:
    from peft import PeftModel
    from transformers import AutoModel
    from transformers.utils import logging

    # Its lines say what is so by design: the pooler on top is not wanted.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        # LoRA has a dropout of its own. That of the frozen weights would only cost the fast attention.
        encoder = AutoModel.from_pretrained(
            model.folder,
            add_pooling_layer=False,
            attn_implementation="sdpa",
            attention_probs_dropout_prob=0.0,
            hidden_dropout_prob=0.0,
        )
        for adapter in model.adapters:
            encoder = PeftModel.from_pretrained(encoder, str(adapter)).merge_and_unload()
        return encoder
    except (OSError, ValueError, TypeError) as problem:
        raise ModelUnavailable(
            f"The model in {model.folder} can't be trained ({type(problem).__name__}): name an encoder of BERT's layout"
        ) from problem


def _network(encoder: Any, model: ModelFolder, layers: int) -> Network:
    from assets.index.embedding.tokens import load_tokenizer

    read = read_layers(int(encoder.config.num_hidden_layers), layers)
    return Network(encoder, load_tokenizer(model.tokenizer_file), min(WINDOW_TOKENS, model.max_tokens), read)


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Windows of about one length together, the longest first, so that little is padded."""
    group: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        longest = lengths[group[0]] if group else 0
        if group and (lengths[index] < _LEAST_FILLED * longest or (len(group) + 1) * longest > _TOKENS_A_RUN):
            yield group
            group = []
        group.append(index)
    if group:
        yield group
