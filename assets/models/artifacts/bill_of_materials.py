"""A model's bill of materials: CycloneDX 1.6, with the model card that the standard has for machine learning.

Written as plain JSON, because the standard's Python library has no model cards; a test holds it against the standard's schema.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from assets.models.artifacts.figures import Figure, headline, shown
from assets.models.artifacts.manifest import Candidate
from assets.models.artifacts.purposes import ARCHITECTURE, LIMITS, NOT_FOR, OUTPUT, PURPOSE

LIBRARIES = (
    "numpy",
    "onnx",
    "onnxruntime",
    "peft",
    "safetensors",
    "scikit-learn",
    "tokenizers",
    "torch",
    "transformers",
)
"""What training, export and measuring are done with."""

_MODEL, _BASE, _DATASET = "model", "base-model", "dataset"


def bill_of_materials(candidate: Candidate) -> bytes:
    """The bill, JSON in UTF-8. It has no time, and a serial number that follows from its content."""
    content: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _model(candidate)},
        "components": [_base(candidate.settings), _dataset(candidate), *map(_library, LIBRARIES)],
        "dependencies": [
            {"ref": _MODEL, "dependsOn": [_BASE, _DATASET, *(f"library-{name}" for name in LIBRARIES)]},
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    content["serialNumber"] = uuid.uuid5(uuid.NAMESPACE_URL, f"urn:hr-data-platform:model:{digest}").urn
    return json.dumps(content, ensure_ascii=False, sort_keys=True, indent=2).encode()


def _model(candidate: Candidate) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": _MODEL,
        "name": f"hr-data-platform/{candidate.task}",
        "description": f"It {PURPOSE[candidate.task]}.",
        "components": [_file(candidate, name) for name in candidate.files],
        "modelCard": {
            "modelParameters": {
                "approach": {"type": "supervised"},
                "task": candidate.task,
                "architectureFamily": "transformer encoder with LoRA",
                "modelArchitecture": ARCHITECTURE[candidate.task],
                "datasets": [{"ref": _DATASET}],
                "inputs": [{"format": "anonymized text"}],
                "outputs": [{"format": OUTPUT[candidate.task]}],
            },
            "quantitativeAnalysis": {"performanceMetrics": [_metric(each) for each in headline(candidate.metrics)]},
            "considerations": {
                "users": ["recruiters and data engineers of the organisation that runs the platform"],
                "useCases": [f"It {PURPOSE[candidate.task]}."],
                "technicalLimitations": [f"{each}." for each in LIMITS],
                "ethicalConsiderations": [
                    {
                        "name": f"It is not for {each}.",
                        "mitigationStrategy": "A person looks at what it says, and decides.",
                    }
                    for each in NOT_FOR
                ],
                "fairnessAssessments": [
                    {
                        "groupAtRisk": "people whose resumes show signs of origin, age or sex",
                        "harms": "their resumes could be sorted otherwise than equal ones of others",
                        "mitigationStrategy": "texts are anonymized; a counterfactual test on synthetic resumes, which is no"
                        " audit, has to pass before promotion",
                    }
                ],
            },
            "properties": [
                {"name": f"hr-data-platform:training:{name}", "value": str(value)}
                for name, value in sorted(candidate.settings["training"].items())
            ],
        },
    }


def _file(candidate: Candidate, name: str) -> dict[str, Any]:
    data = (candidate.folder / name).read_bytes()
    return {
        "type": "file",
        "bom-ref": f"file-{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}],
    }


def _base(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "machine-learning-model",
        "bom-ref": _BASE,
        "name": settings["base_model"],
        "properties": [{"name": "hr-data-platform:model-hash", "value": settings["base_model_hash"]}],
    }


def _dataset(candidate: Candidate) -> dict[str, Any]:
    return {
        "type": "data",
        "bom-ref": _DATASET,
        "name": f"hr-data-platform/datasets/{candidate.task}",
        "version": candidate.dataset_version,
        "data": [
            {
                "type": "dataset",
                "name": candidate.task,
                "classification": "confidential",
                "sensitiveData": ["anonymized resumes"],
            }
        ],
    }


def _library(name: str) -> dict[str, Any]:
    from importlib.metadata import version

    found = version(name)
    return {
        "type": "library",
        "bom-ref": f"library-{name}",
        "name": name,
        "version": found,
        "purl": f"pkg:pypi/{name}@{found}",
    }


def _metric(figure: Figure) -> dict[str, Any]:
    metric: dict[str, Any] = {"type": figure.name, "value": shown(figure.value), "slice": "test split"}
    if figure.low is not None:
        metric["confidenceInterval"] = {"lowerBound": shown(figure.low), "upperBound": shown(figure.high)}
    return metric
