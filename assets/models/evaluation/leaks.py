"""Whether the dataset that a model was made from keeps evaluation apart from training: the gate `no_leak`."""

from assets.labels.grouping.shingles import THRESHOLD, shingles
from assets.labels.quality.near_duplicates import crossing_pairs
from assets.models.evaluation.model import Parts
from assets.models.model import Gate


def no_leak(parts: Parts) -> Gate:
    """Refuses groups that lie in several splits, and near-duplicates (or equal texts) across them, all of which are found.

    Validation counts as the others: temperature and threshold are fitted there and judged on the test split.
    """
    splits: dict[str, set[int]] = {}
    texts: dict[tuple[str, int], str] = {}
    for number, rows in enumerate((parts.train, parts.validation, parts.test)):
        for row in rows:
            splits.setdefault(row.group_id, set()).add(number)
            texts.setdefault((row.text_hash, number), row.text)
    torn = sum(len(where) > 1 for where in splits.values())
    search = crossing_pairs([shingles(text) for text in texts.values()], [number for _, number in texts], THRESHOLD)
    leaks = torn + search.found
    told = (
        f"no group and no near-duplicate of {len(texts)} texts lies in two splits"
        if not leaks
        else f"{torn} groups lie in several splits, and {search.found} pairs of texts in different splits share at least"
        f" {float(THRESHOLD):.0%} of their runs of words: build the dataset again"
    )
    return Gate("no_leak", not leaks, float(leaks), 0.0, told)
