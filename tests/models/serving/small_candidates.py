"""Candidates' folders as training leaves them, on a small encoder of BERT's layout, so that tests take seconds."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.index.embedding.weights import DEFAULT_MODEL, find_model, model_hash
from assets.models.words import SHAPES

DIMENSION, LAYERS, HEADS, WIDE, WINDOW_TOKENS = 32, 2, 4, 64, 12
WORDS = [
    "nurse", "ward", "patients", "ledger", "audit", "tax", "python", "sql", "data", "team", "led", "a", "of", "and",
    "managed", "the", "opening", "we", "need", "s", "[", "]", "name", ",", ".", "-",
]  # fmt: skip
RESUMES = [
    "Led a team of nurses. Managed patients and the ward, audit of data",
    "Tax audit, ledger and SQL data",
    "Python, SQL and data. Managed the audit",
    "Nurse",
    "the ward and the ledger " * 12,
]
OPENINGS = ["We need a nurse", "We need Python and SQL", "We need tax audit and the ledger"]


def write_base(folder: Path, seed: int = 1) -> Path:
    """A model folder with random weights, in transformers' own form."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS, *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
    vocabulary = {name: number for number, name in enumerate(dict.fromkeys(names))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=DIMENSION,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=WIDE,
        max_position_embeddings=64,
        initializer_range=0.2,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": WINDOW_TOKENS}))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    return folder


def write_candidate(folder: Path, base: Path | None, task: str, seed: int = 2, **settings: Any) -> Path:
    """A folder with a random adapter, that changes the encoder well, and a random head; `base` None: the default model."""
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.numpy import save_file
    from transformers import AutoModel

    name = DEFAULT_MODEL if base is None else str(base)
    model = find_model(name)
    torch.manual_seed(seed)
    adapter = get_peft_model(
        AutoModel.from_pretrained(model.folder, add_pooling_layer=False),
        LoraConfig(r=4, lora_alpha=8, target_modules=["query", "key", "value", "dense"], init_lora_weights=False),
    )
    folder.mkdir(parents=True)
    if base is None:
        # As far from the base model as a training takes it.
        for parameter_name, parameter in adapter.named_parameters():
            if "lora_B" in parameter_name:
                parameter.data *= 0.1
    adapter.save_pretrained(str(folder))
    (folder / "tokenizer.json").write_bytes(model.tokenizer_file.read_bytes())
    names = {"job-category": {"classes": ["Audit", "Care", "Data"]}, "skills": {"kinds": ["KNOWLEDGE", "SKILL"]}}
    described = {
        "format": 1,
        "task": task,
        "dataset_version": "0" * 64,
        "base_model": name,
        "base_model_hash": model_hash(model, ""),
        "window_tokens": min(256, model.max_tokens),
        "windows": None if task == "skills" else 3,
        "training": {"layers": LAYERS if task == "skills" else 1},
        **names.get(task, {"grades": ["0", "1"]}),
        **settings,
    }
    (folder / "settings.json").write_text(json.dumps(described))
    save_file(_head(task, model.dimension, np.random.default_rng(seed)), folder / "head.safetensors")
    return folder


def _head(task: str, dimension: int, draw: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return draw.standard_normal((rows, columns)).astype(np.float32)

    if task == "job-category":
        return {"weight": matrix(3, 2 * dimension), "bias": matrix(1, 3)[0]}
    if task == "skills":
        # Outside of all spans is less likely than a chance would have it, so that there are some.
        bias = matrix(1, 6)[0] - np.array([3, 0, 0, 3, 0, 0], np.float32)
        from assets.models.tasks.tagging_head import WIDTH as width

        inputs = LAYERS * dimension + SHAPES

        return {
            "normalize.weight": matrix(1, inputs)[0],
            "normalize.bias": matrix(1, inputs)[0],
            "neighbours.weight": matrix(width, 3 * inputs).reshape(width, inputs, 3) / 8,
            "neighbours.bias": matrix(1, width)[0],
            "tag.weight": matrix(6, inputs + width) / 16,
            "tag.bias": bias,
            "transitions": matrix(6, 3).reshape(2, 3, 3),
            "first": matrix(2, 3),
            "last": matrix(2, 3),
        }
    return {"resume.weight": matrix(dimension, dimension), "opening.weight": matrix(dimension, dimension)}
