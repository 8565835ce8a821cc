"""By which rules a snapshot was made: part of its identity, so that other rules give another version."""

from typing import Any

ANONYMIZER_VERSION = 1
"""Rises when texts that are anonymized from then on can come out otherwise."""

NORMALIZER_VERSION = 1
"""Rises when other texts than before count as the same."""

RESIDUAL_VERSION = 1
"""Rises when the second search for personal items can find something else, and with it what is withheld."""


LABEL_VERSION = 1
"""Rises when labels that differ can be decided otherwise."""

SPLIT_VERSION = 1
"""Rises when a group can come to lie in another split."""

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
"""Of all seats; a group lies where the most evaluative of its texts would."""


def recipe() -> dict[str, Any]:
    """The rules' versions and settings, as plain values."""
    from assets.labels.grouping.shingles import THRESHOLD, WORDS_A_SHINGLE

    return {
        "anonymizer": ANONYMIZER_VERSION,
        "normalizer": NORMALIZER_VERSION,
        "residual": RESIDUAL_VERSION,
        "grouping": {"words_a_shingle": WORDS_A_SHINGLE, "threshold": str(THRESHOLD)},
        "labels": LABEL_VERSION,
        "splits": {"version": SPLIT_VERSION, "shares": SHARES},
    }
