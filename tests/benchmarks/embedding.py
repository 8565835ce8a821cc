"""Embedding speed and quality against plain sentence-transformers, in one run, in turns.

    python -m tests.benchmarks.embedding [--texts 1000] [--rounds 3] [--full]

Speed is texts a second, the median over the rounds, on the same texts in the same order. On a busy machine the threads
of the plain one wait for each other, which flatters ours: pin it to one core then (`taskset -c 0`), read the ratio of
processor time. Quality is retrieval by the vectors alone (Recall@10, MAP@10, nDCG@10), over a sample of passages that
holds every answer of the sampled questions, or with `--full` over all of them, which takes some minutes. Without the
shared data only speed and likeness are measured, on the bundled texts.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.index.embedding.calibration import calibration_texts
from assets.index.embedding.engine import open_embedder
from assets.index.embedding.weights import DEFAULT_MODEL, find_model
from tests.benchmarks.figures import Figure, document
from tests.benchmarks.texts import records

PLAIN = "sentence-transformers"
DEPTH = 10
SEED = 20

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]
Passage = tuple[int, str]


def main() -> None:
    parser = argparse.ArgumentParser(description="Embedding speed and quality against plain sentence-transformers.")
    parser.add_argument("--texts", type=int, default=1000, help="how many texts a round embeds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="quality over all passages and questions")
    arguments = parser.parse_args()
    passages, questions = read_collection()
    draw = np.random.default_rng(SEED)
    texts = list(passages.values()) or list(calibration_texts())
    texts = [texts[index] for index in draw.permutation(len(texts))[: arguments.texts]]
    facts: dict[str, Any] = {
        "model": DEFAULT_MODEL,
        "texts_from": "ObliQA" if passages else "bundled texts",
        "texts": len(texts),
        "rounds": arguments.rounds,
    }
    with tempfile.TemporaryDirectory() as cache:
        started = time.perf_counter()
        open_embedder(DEFAULT_MODEL, Path(cache)).embed(["converts"])
        converted = time.perf_counter()
        embedder = open_embedder(DEFAULT_MODEL, Path(cache))
        embedder.embed(["loads"])
        loaded = time.perf_counter()
        figures = [
            Figure("first start, converting the model", round(converted - started, 2), "s"),
            Figure("start", round(loaded - converted, 2), "s"),
        ]
        plain = plain_sentence_transformers()
        figures += compare_speed(embedder.embed, plain, texts, arguments.rounds)
        if questions:
            if not arguments.full:
                passages, questions = sample(passages, questions, draw)
            facts |= {"passages": len(passages), "questions": len(questions)}
            figures += compare_quality(embedder.embed, plain, passages, questions)
    print(document("embedding", figures, **facts))


def plain_sentence_transformers() -> Embed:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(find_model(DEFAULT_MODEL).folder), device="cpu")
    return lambda texts: np.asarray(model.encode(list(texts), show_progress_bar=False), np.float32)


def compare_speed(ours: Embed, plain: Embed, texts: Sequence[str], rounds: int) -> list[Figure]:
    seconds: dict[str, list[float]] = {"ours": [], "plain": []}
    processor: dict[str, list[float]] = {"ours": [], "plain": []}
    vectors: dict[str, Vectors] = {}
    for name, embed in (("ours", ours), ("plain", plain)):
        embed(texts[:64])
        vectors[name] = embed(texts)
    for _ in range(rounds):
        for name, embed in (("ours", ours), ("plain", plain)):
            wall, busy = time.perf_counter(), time.process_time()
            embed(texts)
            seconds[name].append(time.perf_counter() - wall)
            processor[name].append(time.process_time() - busy)
    rates = {name: len(texts) / statistics.median(values) for name, values in seconds.items()}
    busy_ratio = statistics.median(processor["plain"]) / statistics.median(processor["ours"])
    likeness = (vectors["ours"] * vectors["plain"]).sum(axis=1)
    return [
        Figure("speed", round(rates["ours"], 1), "texts/s"),
        Figure(f"speed of plain {PLAIN}", round(rates["plain"], 1), "texts/s"),
        Figure("speed", round(rates["ours"] / rates["plain"], 2), "times", PLAIN),
        Figure("speed by processor time", round(busy_ratio, 2), "times", PLAIN),
        Figure("mean cosine to the plain vectors", round(float(likeness.mean()), 5), "cosine"),
        Figure("least cosine to the plain vectors", round(float(likeness.min()), 5), "cosine"),
    ]


def compare_quality(
    ours: Embed, plain: Embed, passages: dict[Passage, str], questions: list[dict[str, Any]]
) -> list[Figure]:
    asked = [question["question"] for question in questions]
    scores = {
        name: retrieval_scores(embed(list(passages.values())), embed(asked), list(passages), questions)
        for name, embed in (("ours", ours), (PLAIN, plain))
    }
    loss = 1 - scores["ours"]["nDCG"] / scores[PLAIN]["nDCG"]
    return [
        *(Figure(f"{name}@{DEPTH}", round(value, 4), "share") for name, value in scores["ours"].items()),
        *(
            Figure(f"{name}@{DEPTH} of plain {PLAIN}", round(value, 4), "share")
            for name, value in scores[PLAIN].items()
        ),
        Figure(f"loss of nDCG@{DEPTH}", round(100 * loss, 2), "%", PLAIN),
    ]


def retrieval_scores(
    passages: Vectors, questions: Vectors, names: list[Passage], asked: list[dict[str, Any]]
) -> dict[str, float]:
    row = {name: index for index, name in enumerate(names)}
    discounts = 1 / np.log2(np.arange(2, DEPTH + 2))
    recall, precision, gain = [], [], []
    for vector, question in zip(questions, asked, strict=True):
        relevant = {
            row[(document, passage)] for document, passage in question["relevant"] if (document, passage) in row
        }
        best = np.argsort(-(passages @ vector), kind="stable")[:DEPTH]
        hits = np.array([index in relevant for index in best], float)
        most = max(1, min(len(relevant), DEPTH))
        recall.append(hits.sum() / max(1, len(relevant)))
        precision.append((hits * np.cumsum(hits) / np.arange(1, DEPTH + 1)).sum() / most)
        gain.append((hits * discounts).sum() / discounts[:most].sum())
    return {"Recall": float(np.mean(recall)), "MAP": float(np.mean(precision)), "nDCG": float(np.mean(gain))}


def sample(
    passages: dict[Passage, str], questions: list[dict[str, Any]], draw: np.random.Generator
) -> tuple[dict[Passage, str], list[dict[str, Any]]]:
    """300 questions, their answers, and 2,000 other passages."""
    chosen = [questions[index] for index in draw.permutation(len(questions))[:300]]
    names = list(passages)
    kept = {(document, passage) for question in chosen for document, passage in question["relevant"]}
    kept |= {names[index] for index in draw.permutation(len(names))[:2000]}
    return {name: text for name, text in passages.items() if name in kept}, chosen


def read_collection() -> tuple[dict[Passage, str], list[dict[str, Any]]]:
    """Nothing where the shared data is absent."""
    passages, questions = records("obliqa_passages"), records("obliqa_dev_questions")
    if not passages or not questions:
        return {}, []
    return {(row["document_id"], row["passage_id"]): row["text"] for row in passages if row["text"].strip()}, questions


if __name__ == "__main__":
    main()
