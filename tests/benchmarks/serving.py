"""Predictions by the served form against transformers' pipeline with the same merged model, in one run, in turns.

    python -m tests.benchmarks.serving [--resumes 48] [--rounds 3] [--candidate FOLDER]

Both get anonymized resumes and read the same windows of them. The pipeline classifies each window in float32, in batches,
with as many threads as there are cores, which leaves out what it would take to pool them. Without `--candidate`, a trained
candidate's folder of job-category, the adapter is a random one and the head too: what they say costs the same time. Peak
memory is that of a process which does nothing else.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from assets.index.embedding.engine import cores
from assets.index.embedding.weights import DEFAULT_MODEL, find_model, model_hash
from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.synthetic.generator import resumes
from assets.models.model import Example
from assets.models.serving.exporting import export
from assets.models.serving.predictors import Classifier, open_predictor
from assets.models.tasks.job_category import JobCategory
from assets.models.training.adapter import open_adapter
from assets.models.windows import windows
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.measuring import median_seconds, milliseconds, percentile, run_python

PLAIN = "transformers pipeline"
CLASSES = 24
WINDOWS = 4
BATCH = 16
SINGLE = 40

_PROGRAM = """
import json, re, sys
from pathlib import Path
from assets.models.serving.predictors import open_predictor
open_predictor(Path(sys.argv[1])).probabilities(json.loads(Path(sys.argv[2]).read_text()))
print(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Predictions by the served form against transformers' pipeline.")
    parser.add_argument("--resumes", type=int, default=48, help="how many a round classifies")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--candidate", type=Path, help="a trained candidate's folder; it is left as it is")
    arguments = parser.parse_args()
    texts = resumes_of_usual_length(arguments.resumes)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "candidate"
        if arguments.candidate:
            shutil.copytree(arguments.candidate, folder)
        else:
            write_candidate(folder)
            validation = [Example(str(row), str(row), text, "") for row, text in enumerate(texts[:BATCH])]
            export(folder, texts, validation, open_adapter(folder))
        figures, facts = measured(folder, texts, arguments.rounds, Path(scratch))
        print(document("serving", figures, **facts))


def measured(folder: Path, texts: list[str], rounds: int, scratch: Path) -> tuple[list[Figure], dict[str, Any]]:
    """The figures, and on what they were measured."""
    predictor = open_predictor(folder)
    assert isinstance(predictor, Classifier)
    classify = plain_classifier(folder, scratch)
    parts = windows_as_texts(folder, texts)
    predictor.probabilities(texts[:2])
    classify(parts[:BATCH])
    ours, plain = median_seconds(rounds, lambda: predictor.probabilities(texts), lambda: classify(parts))
    single = [milliseconds(partial(predictor.probabilities, [text])) for text in (texts * SINGLE)[:SINGLE]]
    (scratch / "texts.json").write_text(json.dumps(texts))
    peak = int(run_python("-c", _PROGRAM, str(folder), str(scratch / "texts.json")).output.strip()) / 1024
    figures = [
        Figure("resumes a second", len(texts) / ours, "1/s"),
        Figure("resumes a second of the pipeline", len(texts) / plain, "1/s"),
        Figure("speed-up", plain / ours, "×", PLAIN, at_least=5),
        Figure("one resume, median", round(statistics.median(single), 2), "ms"),
        Figure("one resume, 95th percentile", percentile(single, 95), "ms"),
        Figure("peak memory", peak, "MiB"),
    ]
    served = json.loads((folder / "served" / "served.json").read_text())
    return figures, {"form": served["form"], "resumes": len(texts), "windows": len(parts), "rounds": rounds}


def resumes_of_usual_length(count: int) -> list[str]:
    """Generated resumes, anonymized; each is some put together, for real ones have about 1,000 tokens at the median."""
    made = [anonymize(each.text).text for each in resumes(4 * count, 7)]
    return ["\n\n".join(made[start : start + 4]) for start in range(0, len(made), 4)]


def windows_as_texts(folder: Path, texts: Sequence[str]) -> list[str]:
    """The characters of each window that the served form reads."""
    from tokenizers import Tokenizer

    settings = json.loads((folder / "settings.json").read_text())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    found = []
    for text, encoding in zip(texts, tokenizer.encode_batch(list(texts), add_special_tokens=False), strict=True):
        start = 0
        for part in windows(encoding.ids, settings["window_tokens"], settings["windows"]):
            offsets = encoding.offsets[start : start + len(part)]
            found.append(text[offsets[0][0] : offsets[-1][1]])
            start += len(part)
    return found


def plain_classifier(folder: Path, scratch: Path) -> Any:
    """Transformers' pipeline with the adapter merged by peft, and a linear layer on top."""
    import torch
    from peft import PeftModel
    from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer, pipeline

    torch.set_num_threads(cores())
    settings = json.loads((folder / "settings.json").read_text())
    base = find_model(settings["base_model"])
    merged = PeftModel.from_pretrained(AutoModel.from_pretrained(base.folder), str(folder)).merge_and_unload()
    whole = AutoModelForSequenceClassification.from_pretrained(base.folder, num_labels=len(settings["classes"]))
    whole.base_model.load_state_dict(merged.state_dict())
    whole.save_pretrained(scratch / "merged")
    AutoTokenizer.from_pretrained(base.folder).save_pretrained(scratch / "merged")
    run = pipeline("text-classification", model=str(scratch / "merged"), device=-1)
    return lambda parts: run(parts, batch_size=BATCH, truncation=True, max_length=settings["window_tokens"])


def write_candidate(folder: Path) -> None:
    """A folder as training leaves it, with a random adapter that changes the encoder about as much as training does."""
    import torch
    from peft import LoraConfig, get_peft_model
    from safetensors.numpy import save_file
    from transformers import AutoModel

    model = find_model(DEFAULT_MODEL)
    torch.manual_seed(1)
    layers = ["query", "key", "value", "dense"]
    config = LoraConfig(r=16, lora_alpha=32, target_modules=layers, init_lora_weights=False)
    adapter = get_peft_model(AutoModel.from_pretrained(model.folder, add_pooling_layer=False), config)
    for name, parameter in adapter.named_parameters():
        if "lora_B" in name:
            parameter.data *= 0.1
    adapter.save_pretrained(str(folder))
    shutil.copyfile(model.tokenizer_file, folder / "tokenizer.json")
    settings = {
        "format": 1,
        "task": "job-category",
        "dataset_version": "0" * 64,
        "base_model": DEFAULT_MODEL,
        "base_model_hash": model_hash(model, ""),
        "classes": [f"class {number:02}" for number in range(CLASSES)],
        "window_tokens": model.max_tokens,
        "windows": WINDOWS,
        "training": {"layers": JobCategory.settings.layers},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    weight = np.random.default_rng(1).standard_normal((CLASSES, JobCategory.settings.layers * 2 * model.dimension))
    save_file({"weight": weight.astype(np.float32), "bias": np.zeros(CLASSES, np.float32)}, folder / "head.safetensors")


if __name__ == "__main__":
    main()
