"""Small candidates' folders: real files of the forms that training, serving and evaluation write, by the kilobyte."""

import hashlib
import json
from pathlib import Path
from typing import Any

GATES = (
    "no_leak",
    "better_than_baseline",
    "better_than_champion",
    "calibrated",
    "fair",
    "private",
    "served_as_trained",
)


def write_candidate(
    folder: Path, seed: int = 0, *, failed: tuple[str, ...] = (), task: str = "job-category", dataset: str = "d" * 64
) -> Path:
    """A candidate whose weights follow from `seed`; the gates named in `failed` did not pass."""
    import numpy as np
    from safetensors.numpy import save_file

    random = np.random.default_rng(seed)
    (folder / "served").mkdir(parents=True)
    (folder / "plots").mkdir()
    save_file({"a": random.standard_normal((4, 8)).astype(np.float32)}, folder / "adapter_model.safetensors")
    save_file({"weight": random.standard_normal((2, 16)).astype(np.float32)}, folder / "head.safetensors")
    encoder = _encoder(random.standard_normal((8, 8)).astype(np.float32))
    (folder / "served" / "encoder.onnx").write_bytes(encoder)
    (folder / "plots" / "confusion_matrix.png").write_bytes(_picture())
    contents: dict[str, Any] = {
        "adapter_config.json": {"peft_type": "LORA", "r": 16, "lora_alpha": 32},
        "tokenizer.json": {"version": "1.0", "model": {"type": "WordPiece", "vocab": {"[UNK]": 0}}},
        "curves.json": {"losses": [2.0, 1.0], "epochs": [], "best_epoch": 1},
        "calibration.json": {"temperature": 1.5, "threshold": 0.4},
        "served/served.json": {
            "form": "int8",
            "parity": {"agreement": 0.997},
            "sha256": hashlib.sha256(encoder).hexdigest(),
        },
        "settings.json": {
            "format": 1,
            "task": task,
            "dataset_version": dataset,
            "base_model": "all-MiniLM-L6-v2",
            "base_model_hash": "b" * 64,
            "classes": ["ACCOUNTANT", "CHEF"],
            "window_tokens": 256,
            "windows": 6,
            "training": {"epochs": 3, "learning_rate": 0.0008, "seed": 1},
        },
        "metrics.json": {
            "format": 1,
            "rows": {"train": 800, "validation": 100, "test": 100},
            "accuracy": 0.82,
            "macro_f1": 0.77,
            "intervals": {"accuracy": [0.78, 0.86], "macro_f1": [0.72, 0.81]},
            "per_class": {"CHEF": {"precision": 0.9, "recall": 0.8, "f1": 0.85, "n": 12}},
            "confusion": {"classes": ["ACCOUNTANT", "CHEF"], "counts": [[9, 1], [2, 8]]},
            "baseline": {"accuracy": 0.63, "macro_f1": 0.58, "intervals": {"accuracy": [0.58, 0.68]}},
            "champion": None,
            "fairness": {
                "test": "counterfactual",
                "swapped": [{"kind": "name", "pairs": 50, "flipped": 0.01}],
                "impact": [],
            },
            "privacy": {"area": 0.53},
            "gates": [
                {
                    "name": name,
                    "passed": name not in failed,
                    "value": 0.2 if name in failed else 0.01,
                    "limit": 0.05,
                    "told": f"what {name.replace('_', ' ')} found",
                }
                for name in GATES
            ],
        },
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def _encoder(weights: Any) -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "encoder",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 8])],
        [numpy_helper.from_array(weights, "w")],
    )
    model: bytes = helper.make_model(graph).SerializeToString()
    return model


def _picture() -> bytes:
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "png")
    return buffer.getvalue()
