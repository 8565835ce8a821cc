"""The second search for personal items over whole datasets: each text is searched once, by several processes where it pays."""

import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple

from assets.labels.anonymizing.residual import Finding, find_residual

SURE_KINDS = frozenset({"ADDRESS", "BIRTH_DATE", "EMAIL", "URL"})
"""Kinds whose signs survive any spelling: no text with one is published. Names and numbers are told by likeness: of those
that are found in real resumes about half are a college or a patent, so that they are listed for review."""

REVIEW_SHARE = 0.05
"""Of a dataset's resumes, the share that may have something for review, and the share that may be withheld. On real resumes
it is 0.02 to 0.03, on the project's own 0.001; above this the cause lies in a layout that the anonymizer does not know."""

_CHARACTERS_WORTH_PROCESSES = 4_000_000
_TEXTS_AT_ONCE = 50

Found = tuple[tuple[str, int, int], ...]
"""Kind, start and end of each finding in a text."""


def find_all(texts: Mapping[str, str], known: Mapping[str, Found]) -> dict[str, Found]:
    """The findings of every text by its key, in the order of the keys; those of `known` are not searched for again."""
    missing = sorted(key for key in texts if key not in known)
    found = dict(zip(missing, _searched([texts[key] for key in missing]), strict=True))
    return {key: known[key] if key in known else found[key] for key in sorted(texts)}


def _searched(texts: Sequence[str]) -> Iterable[Found]:
    processes = min(len(os.sched_getaffinity(0)), 8)
    if processes == 1 or sum(map(len, texts)) < _CHARACTERS_WORTH_PROCESSES:
        return map(_plain, texts)
    # Not forked: this process has threads of other libraries.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_plain, texts, chunksize=_TEXTS_AT_ONCE))


def _plain(text: str) -> Found:
    return tuple(_values(finding) for finding in find_residual(text))


def _values(finding: Finding) -> tuple[str, int, int]:
    kind, start, end = astuple(finding)
    return str(kind), int(start), int(end)
