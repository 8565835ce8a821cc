"""Datasets and predictors for the tests of evaluating: synthetic resumes, and plain models behind the predictors' interface."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from assets.labels.normalizing import text_hash
from assets.labels.snapshots.reading import Snapshot
from assets.labels.synthetic.generator import SyntheticResume, near_duplicate, resumes

COLUMNS = ("text_hash", "text", "label", "opening_hash", "opening_text", "group_id", "split")
Row = tuple[str, str, str, str | None, str | None, str, str]


class Words:
    """A classifier of words (naive Bayes) that was trained on these texts."""

    def __init__(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.naive_bayes import MultinomialNB

        self._words = CountVectorizer(stop_words="english", binary=True)
        self._model = MultinomialNB(alpha=0.1).fit(self._words.fit_transform(texts), list(labels))
        self.classes = tuple(str(label) for label in self._model.classes_)

    def logits(self, texts: Sequence[str]) -> Any:
        return self._model.predict_log_proba(self._words.transform(texts))


class Changed:
    """A classifier whose logits are changed by something in the text."""

    def __init__(self, other: Any, change: Callable[[str, Any], Any]) -> None:
        self._other, self._change, self.classes = other, change, other.classes

    def logits(self, texts: Sequence[str]) -> Any:
        found = self._other.logits(texts)
        return np.stack([self._change(text, row) for text, row in zip(texts, found, strict=True)])


@cache
def drawn(count: int, seed: int) -> list[SyntheticResume]:
    return list(resumes(count, seed))


@cache
def experienced(count: int = 1500) -> Words:
    """A model that has seen many more resumes than the dataset holds, as one that was pretrained has."""
    return Words([each.text for each in drawn(count, 7)], [each.category for each in drawn(count, 7)])


def category_rows(train: int = 70, validation: int = 200, test: int = 240) -> list[Row]:
    rows: list[Row] = []
    for number, resume in enumerate(drawn(train + validation + test, 11)):
        split = "train" if number < train else "validation" if number < train + validation else "test"
        key = text_hash(resume.text)
        rows.append((key, resume.text, resume.category, None, None, key, split))
    return rows


def leaking_rows() -> list[Row]:
    """As `category_rows`, with an edited copy of a resume of training among the test rows, under another group."""
    resume = drawn(1, 11)[0]
    copy = near_duplicate(resume, 0.5)
    key = text_hash(copy.text)
    return [*category_rows(), (key, copy.text, resume.category, None, None, key, "test")]


def snapshot(task: str, rows: Sequence[Row]) -> Snapshot:
    columns = zip(*rows, strict=True)
    table = pa.table({name: pa.array(column, pa.string()) for name, column in zip(COLUMNS, columns, strict=True)})
    return Snapshot("5" * 64, task, {}, table, ())
