"""Weaviate and the embedded index rank alike: regulatory passages and real questions on both, the vectors embedded once."""

import gzip
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from assets.backup.copying import copy_index
from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index.refresh import RefreshResult
from assets.index.retrieval_evaluation import evaluate_retrieval, read_questions
from assets.index.searching import search
from assets.platform import Platform
from deploy.services.weaviate import WeaviateNode

PASSAGES = 1_200
QUESTIONS = 150


def test_ten_of_ten_passages_are_nearly_always_the_same(
    platform: Platform,
    shared_data: Path,
    weaviate_server: WeaviateNode,
    refreshed: Callable[..., RefreshResult],
    tmp_path: Path,
) -> None:
    with gzip.open(shared_data / "retrieval" / "obliqa_dev_questions.jsonl.gz", "rt") as lines:
        questions = [json.loads(line) for line in lines][:QUESTIONS]
    asked = {f"{document}:{passage}" for question in questions for document, passage in question["relevant"]}
    with (
        gzip.open(shared_data / "retrieval" / "obliqa_passages.jsonl.gz", "rt") as lines,
        (tmp_path / "passages.jsonl").open("w") as records,
    ):
        others = PASSAGES - len(asked)
        for passage in map(json.loads, lines):
            name = f"{passage['document_id']}:{passage['passage_id']}"
            others -= name not in asked
            if name in asked or others >= 0:
                records.write(json.dumps({"id": name, "text": passage["text"]}) + "\n")
    with (tmp_path / "questions.jsonl").open("w") as file:
        for question in questions:
            relevant = [{"document_id": f"obliqa/{document}:{passage}"} for document, passage in question["relevant"]]
            file.write(json.dumps({"question": question["question"], "relevant": relevant}) + "\n")
    registry.add(platform.catalogue, SourceSpec("obliqa", "regulation", str(tmp_path / "passages.jsonl")))
    refreshed(platform, "obliqa")
    on_weaviate = Platform(
        replace(
            platform.settings,
            weaviate_url=weaviate_server.url,
            weaviate_grpc_port=str(weaviate_server.grpc_port),
            weaviate_api_key=weaviate_server.api_key,
            weaviate_alias=f"agree_{uuid.uuid4().hex[:8]}",
        )
    )
    copied = copy_index(on_weaviate, "weaviate")
    assert copied.rows > PASSAGES * 0.9
    other = Platform(replace(on_weaviate.settings, index="weaviate"))
    shared = [
        len(
            {hit.chunk_id for hit in search(platform, text, k=10)} & {hit.chunk_id for hit in search(other, text, k=10)}
        )
        for text in (question["question"] for question in questions)
    ]
    assert sum(shared) / (10 * len(shared)) >= 0.9
    read = read_questions(tmp_path / "questions.jsonl")
    here, there = evaluate_retrieval(platform, read, k=10), evaluate_retrieval(other, read, k=10)
    assert here.recall > 0.7
    assert abs(here.recall - there.recall) <= 0.01
