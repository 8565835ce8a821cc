"""The versions in a snapshot's recipe rise with what they stand for: these tests know what each version gives."""

import hashlib
from collections.abc import Iterable

import pyarrow as pa

from assets.labels.anonymizing.anonymizer import anonymize
from assets.labels.anonymizing.residual import find_residual
from assets.labels.grouping.signatures import summary
from assets.labels.normalizing import normalized
from assets.labels.snapshots.frozen import freeze
from assets.labels.snapshots.recipe import (
    ANONYMIZER_VERSION,
    NORMALIZER_VERSION,
    RESIDUAL_VERSION,
    SHARES,
    SPLIT_VERSION,
)
from assets.labels.synthetic.generator import resumes
from assets.labels.tasks import task_named
from tests.conftest import PROJECT
from tests.labels.marts import row_of

_TEXTS = [resume.text for resume in resumes(40, 4)]


def digest(values: Iterable[object]) -> str:
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()[:16]


def test_each_version_gives_what_it_gave() -> None:
    """Where this fails on purpose, raise the version and write down what it gives now."""
    masked = [anonymize(text).text for text in _TEXTS]
    found = {
        "anonymizer": (ANONYMIZER_VERSION, digest(masked)),
        "residual": (RESIDUAL_VERSION, digest(find_residual(text) for text in _TEXTS)),
        "normalizer": (NORMALIZER_VERSION, digest(normalized(text) for text in _TEXTS)),
        "splits": (SPLIT_VERSION, digest(round(summary(text, "job-category").seat, 9) for text in _TEXTS)),
    }
    assert found == {
        "anonymizer": (1, "6159934f9b15aef2"),
        "residual": (1, "d3cd94d9941e9b6d"),
        "normalizer": (1, "3e586184d6759554"),
        "splits": (1, "82c9f22cfc175baa"),
    }


def test_the_shares_are_those_by_which_dbt_splits() -> None:
    model = (PROJECT / "dbt_project" / "models" / "staging" / "stg_duplicate_groups.sql").read_text()
    assert f"seat < {SHARES['train']} then 'train'" in model
    assert f"seat < {SHARES['train'] + SHARES['validation']:.1f} then 'validation'" in model
    assert sum(SHARES.values()) == 1


def test_a_version_is_the_same_hash_for_ever() -> None:
    rows = [row_of(label, f"A resume of {label}, über alles", number) for number, label in enumerate("abc")]
    frozen = freeze(pa.Table.from_pylist(rows), task_named("job-category"))
    assert frozen.version == "a97916bb848096e9bb7d4f2777ce6a8795dd7a4fa6e06ccdcd0175fac886ce43"
