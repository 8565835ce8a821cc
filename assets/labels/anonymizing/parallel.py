"""Labelled resumes anonymized in as many processes as there are processors, in order, holding some hundreds at most."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from multiprocessing.connection import wait

from assets.labels.anonymizing.model import Anonymized, Masked
from assets.labels.model import LabelRow, Rejected
from assets.labels.normalizing import text_hash

# What one process does in less time than others take to start, and what it is given at a time; in characters.
_ALONE = 150_000
_AT_A_TIME = 40_000
_ROWS_AT_A_TIME = 64
_AHEAD = 3
_REMEMBERED_CHARACTERS = 50_000

_FAILED = "anonymizing_failed"
_ADVICE = "Look at this resume: something in it is not as text should be. Correct it, or leave the row out."


class AnonymizingStopped(Exception):
    """A process that anonymizes was ended from outside; the message says what to do."""


@dataclass(frozen=True, slots=True)
class MaskedRow:
    """A row and what is left of it without personal items. `original_hash` is that of the text as it came in, in which
    `masked` counts.
    """

    original: LabelRow
    original_hash: str
    text: str
    text_hash: str
    label: str
    opening_text: str | None
    opening_hash: str | None
    masked: tuple[Masked, ...]


def anonymize_rows(
    rows: Iterable[LabelRow | Rejected], task_name: str, processes: int | None = None
) -> Iterator[MaskedRow | Rejected]:
    """Rows in their order, without personal items in texts, openings and labels; what was rejected stays so.

    `processes` are as many as this process may use processors, where it isn't said. A row that can't be anonymized is
    rejected. Raises AnonymizingStopped.
    """
    packs = _packs(rows)
    first: list[list[LabelRow | Rejected]] = []
    size = 0
    for pack in packs:
        first.append(pack)
        size += sum(map(_size, pack))
        if size > _ALONE:
            break
    count = processes or len(os.sched_getaffinity(0))
    if size <= _ALONE or count == 1:
        for pack in chain(first, packs):
            yield from _masked_pack(task_name, pack)
        return
    yield from _side_by_side(chain(first, packs), task_name, count)


def _side_by_side(
    packs: Iterable[list[LabelRow | Rejected]], task_name: str, processes: int
) -> Iterator[MaskedRow | Rejected]:
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_parent)
    waiting: deque[Future[list[MaskedRow | Rejected]]] = deque()
    try:
        for pack in packs:
            waiting.append(pool.submit(_masked_pack, task_name, pack))
            if len(waiting) >= _AHEAD * processes:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool:
        raise AnonymizingStopped(
            "a process that anonymizes resumes was ended from outside, perhaps for want of memory: nothing was taken in;"
            " run the command again"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _packs(rows: Iterable[LabelRow | Rejected]) -> Iterator[list[LabelRow | Rejected]]:
    pack: list[LabelRow | Rejected] = []
    size = 0
    for row in rows:
        pack.append(row)
        size += _size(row)
        if size > _AT_A_TIME or len(pack) >= _ROWS_AT_A_TIME:
            yield pack
            pack, size = [], 0
    if pack:
        yield pack


def _size(row: LabelRow | Rejected) -> int:
    return 0 if isinstance(row, Rejected) else len(row.text) + len(row.opening_text or "")


def _masked_pack(task_name: str, pack: list[LabelRow | Rejected]) -> list[MaskedRow | Rejected]:
    return [row if isinstance(row, Rejected) else _masked(task_name, row) for row in pack]


def _masked(task_name: str, row: LabelRow) -> MaskedRow | Rejected:
    from assets.labels.tasks import task_named

    try:
        anonymized = _anonymized(row.text)
        opening = None if row.opening_text is None else _anonymized(row.opening_text).text
        return MaskedRow(
            original=row,
            original_hash=text_hash(row.text),
            text=anonymized.text,
            text_hash=text_hash(anonymized.text),
            label=task_named(task_name).carried_over(row.label, anonymized),
            opening_text=opening,
            opening_hash=None if opening is None else text_hash(opening),
            masked=anonymized.masked,
        )
    except Exception:
        # A defect met in one resume must not stop the others; what it says may hold the resume's text.
        return Rejected(row.row, _FAILED, _ADVICE)


def _anonymized(text: str) -> Anonymized:
    from assets.labels.anonymizing.anonymizer import anonymize

    return _remembered(text) if len(text) <= _REMEMBERED_CHARACTERS else anonymize(text)


@lru_cache(maxsize=256)
def _remembered(text: str) -> Anonymized:
    """Sets repeat themselves: a resume comes with many openings, an opening with many resumes, a copy soon after the first."""
    from assets.labels.anonymizing.anonymizer import anonymize

    return anonymize(text)


def _end_with_parent() -> None:
    """A process waits for work for ever when its parent was killed: this one watches."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
