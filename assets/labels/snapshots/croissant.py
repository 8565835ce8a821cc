"""What a snapshot says of itself to machines: Croissant, MLCommons' format 1.0 for datasets (https://docs.mlcommons.org/croissant),
with its vocabulary for responsible use. It is written from the manifest and the objects' hashes, and is no part of the identity.
"""

import json
from collections.abc import Mapping
from typing import Any

from assets.labels.snapshots.datasheet import ANSWERS, summary
from assets.labels.snapshots.storing import OPENINGS, ROWS, TEXTS
from assets.storage.hashing import content_hash

_TERMS = (
    "citeAs",
    "column",
    "equivalentProperty",
    "extract",
    "field",
    "fileProperty",
    "fileObject",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)
_CONTEXT: Mapping[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{term: f"cr:{term}" for term in _TERMS},
}
"""As the format's specification gives it."""

_ROW_FIELDS: Mapping[str, str] = {
    "text_hash": "SHA-256 of the normalized text; the resume's name in the dataset",
    "opening_hash": "SHA-256 of the normalized opening; empty where the task has none",
    "label": "the task's label",
    "group_id": "the group of near-duplicates, named by its smallest text hash",
    "split": "train, validation or test",
    "text_sha256": "SHA-256 of the text to the letter",
    "opening_sha256": "SHA-256 of the opening to the letter",
}
_TEXT_FIELDS = {"text_hash": "SHA-256 of the normalized text", "text": "the anonymized resume"}
_OPENING_FIELDS = {"opening_hash": "SHA-256 of the normalized opening", "opening_text": "the opening"}


def croissant(manifest: Mapping[str, Any], version: str, written: Mapping[str, bytes]) -> bytes:
    """The description of a version whose other objects are `written`, by their names."""
    rows = "One row a resume (and opening), with its label, group and split."
    key = ["text_hash", "opening_hash"] if OPENINGS in written else ["text_hash"]
    records = [
        _records(ROWS, "rows", rows, _ROW_FIELDS, key),
        _records(TEXTS, "texts", "The anonymized texts.", _TEXT_FIELDS, ["text_hash"]),
    ]
    if OPENINGS in written:
        records.append(_records(OPENINGS, "openings", "The openings' texts.", _OPENING_FIELDS, ["opening_hash"]))
    described = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": f"{manifest['task']}-{version[:12]}",
        "description": summary(manifest),
        "identifier": version,
        "distribution": [_file(name, written[name]) for name in (ROWS, TEXTS, OPENINGS) if name in written],
        "recordSet": records,
        **{name: answer for _, name, answer in ANSWERS},
    }
    return json.dumps(described, ensure_ascii=False, indent=2, sort_keys=True).encode()


def _file(name: str, data: bytes) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{len(data)} B",
        "encodingFormat": "application/x-parquet",
        "sha256": content_hash(data),
    }


def _records(file: str, name: str, description: str, fields: Mapping[str, str], key: list[str]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "key": [{"@id": f"{name}/{column}"} for column in key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{column}",
                "name": f"{name}/{column}",
                "description": text,
                "dataType": "sc:Text",
                "source": {"fileObject": {"@id": file}, "extract": {"column": column}},
            }
            for column, text in fields.items()
        ],
    }
