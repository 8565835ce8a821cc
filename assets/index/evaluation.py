"""How good rankings are: metrics over document ids, a test whether two systems differ, and which chunk holds a quote.

The metrics are those of trec_eval (recall_k, map_cut_k, ndcg_cut_k with binary gains), so that figures compare with published
ones. A ranking names each document once, best first.
"""

import math
import re
from collections.abc import Collection, Iterable, Sequence
from difflib import SequenceMatcher
from itertools import islice

import numpy as np

_WORD = re.compile(r"[^\W_]+")
_RUN = 3
_DRAWS = 10_000
_DRAWN_AT_ONCE = 500


def once_each(document_ids: Iterable[str], k: int) -> list[str]:
    """The first `k` different documents of a ranking of chunks, each where its best chunk stands."""
    return list(islice(dict.fromkeys(document_ids), k))


def recall(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of the relevant documents that stand among the first `k`. Raises ValueError where none is relevant."""
    _require(relevant)
    return sum(document in relevant for document in ranking[:k]) / len(relevant)


def average_precision(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The mean, over all relevant documents, of the precision where each one stands; 0 for those not among the first `k`.

    Divided by the number of relevant documents (not by `k` where that is smaller), as trec_eval does. Its mean over
    questions is MAP@k. Raises ValueError where none is relevant.
    """
    _require(relevant)
    found, total = 0, 0.0
    for rank, document in enumerate(ranking[:k], 1):
        if document in relevant:
            found += 1
            total += found / rank
    return total / len(relevant)


def ndcg(ranking: Sequence[str], relevant: Collection[str], k: int) -> float:
    """Normalized discounted cumulative gain at `k`. Raises ValueError where none is relevant."""
    _require(relevant)
    gain = sum(1 / math.log2(rank + 1) for rank, document in enumerate(ranking[:k], 1) if document in relevant)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(relevant), k) + 1))


def paired_test(first: Sequence[float], second: Sequence[float]) -> float:
    """The probability of a mean difference at least as large, in either direction, if the two systems were the same.

    A permutation test: each question's two scores are exchanged at random, 10,000 times with fixed seeds. Raises ValueError
    where the lengths differ or are 0.
    """
    differences = np.asarray(first, np.float64) - np.asarray(second, np.float64)
    if not len(first) or len(first) != len(second):
        raise ValueError("A paired test needs the scores of two systems on the same questions.")
    observed = abs(differences.sum())
    generator = np.random.default_rng(0)
    extreme = 0
    for _ in range(_DRAWS // _DRAWN_AT_ONCE):
        signs = generator.integers(0, 2, (_DRAWN_AT_ONCE, len(differences)), np.int8) * 2 - 1
        sums = np.einsum("ij,j->i", signs, differences)
        extreme += int((np.abs(sums) >= observed - 1e-12).sum())
    return (extreme + 1) / (_DRAWS + 1)


def holds(quote: str, text: str) -> float:
    """The share, from 0 to 1, of a quote's words that stand in a text, in order and in runs of at least three.

    White space, punctuation, letter case and Markdown marks do not matter, nor what stands between the runs (the address
    of a link).
    """
    quoted, words = _words(quote), _words(text)
    if not quoted:
        return 0.0
    shortest = min(_RUN, len(quoted))
    blocks = SequenceMatcher(None, quoted, words, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= shortest) / len(quoted)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _require(relevant: Collection[str]) -> None:
    if not relevant:
        raise ValueError("A question without a relevant document cannot be scored; leave it out.")
