"""What is measured with: the real collection where it is there, and generated documents that are the same every time."""

import gzip
import json
import os
import random
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from assets.index.embedding.calibration import calibration_texts
from tests.benchmarks.measuring import PROJECT

SHARED = Path(os.environ.get("HRDP_SHARED_DATA") or PROJECT.parent / "shared" / "data") / "retrieval"
DISTINCT_TEXTS = 50
DOCUMENTS_A_FOLDER = 500


def records(name: str) -> list[dict[str, Any]]:
    """The records of a file of the real collection; none where it is absent."""
    path = SHARED / f"{name}.jsonl.gz"
    if not path.is_file():
        return []
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def passages(count: int, longest: int = 1_000) -> tuple[list[str], str]:
    """So many passages of at most `longest` characters, and where they are from: real ones, over again where there are
    fewer, else generated ones."""
    found = [text for record in records("obliqa_passages") if 20 <= len(text := record["text"].strip()) <= longest]
    if found:
        return list(islice(cycle(found), count)), "ObliQA"
    return [" ".join(sentences(number, 1 + number % 4)) for number in range(count)], "generated"


def questions(count: int) -> list[str]:
    """So many questions: real ones, else generated ones."""
    found = [record["question"] for record in islice(records("obliqa_dev_questions"), count)]
    return found or [next(sentences(-number - 1, 1)) for number in range(count)]


def sentences(seed: int, count: int) -> Iterator[str]:
    """Sentences of 20 words, drawn as often as rules and handbooks use them; the same for the same seed."""
    words = _words()
    draw = random.Random(seed)
    for _ in range(count):
        yield f"{' '.join(draw.choices(words, k=20)).capitalize()}."


def write_two_sections(folder: Path, count: int) -> list[Path]:
    """Small Markdown documents of two sections each, with few different texts: many ids, little to embed."""
    texts = [" ".join(sentences(number, 1)) for number in range(DISTINCT_TEXTS)]
    paths = []
    for number in range(count):
        path = _place(folder, number)
        first, second = texts[number % DISTINCT_TEXTS], texts[(number + 1) % DISTINCT_TEXTS]
        path.write_text(f"# Rule\n\n## Scope\n\n{first}\n\n## Term\n\n{second}\n")
        paths.append(path)
    return paths


def write_sentences(folder: Path, count: int) -> None:
    """Documents of one sentence each, every one different."""
    for number in range(count):
        _place(folder, number).write_text(f"# Rule {number}\n\n{next(sentences(number, 1))}\n")


def _place(folder: Path, number: int) -> Path:
    part = folder / f"part-{number // DOCUMENTS_A_FOLDER:03d}"
    if number % DOCUMENTS_A_FOLDER == 0:
        part.mkdir(parents=True)
    return part / f"rule-{number:06d}.md"


@cache
def _words() -> tuple[str, ...]:
    stripped = (word.strip(".,;:()").lower() for text in calibration_texts() for word in text.split())
    return tuple(word for word in stripped if word.isalpha())
