"""Great Expectations over what was found out about a dataset: which expectation belongs to which check, and what fails it."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from assets.labels.quality.classes import FEW_TO_LEARN, FEW_TO_MEASURE, SPLITS, UNTAUGHT_SHARE
from assets.labels.quality.drift import MAJOR
from assets.labels.quality.label_noise import SUSPICIOUS_SHARE
from assets.labels.quality.personal_data import REVIEW_SHARE

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation
    from pandas import DataFrame

_SHA256 = r"^[0-9a-f]{64}$"
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Unmet:
    """An expectation that was not met: its check, whether that keeps the dataset from being published, and what is wrong."""

    check: str
    blocks: bool
    told: str


class ExaminationBroken(RuntimeError):
    """A check could not be carried out; nothing may be concluded about the dataset."""


def unmet(frames: "Mapping[str, DataFrame]") -> Iterator[Unmet]:
    """Runs every expectation over its frame: `dataset` (one row), `rows`, `texts`, `groups`, `classes`, `measured` (the
    rows to measure with), `noise`, `drift`.

    Each frame has a column `named`, which says in words for a person what a row is. Raises ExaminationBroken.
    """
    # Great Expectations reports each use to its maker unless this is set before it is imported.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    for name, expectations in _expectations({name: len(frame) for name, frame in frames.items()}).items():
        frame = frames[name]
        if frame.empty:
            continue
        suite = gx.ExpectationSuite(name=name, expectations=expectations)
        data = context.data_sources.pandas_default.read_dataframe(frame)
        found = []
        for result in data.validate(suite, result_format={"result_format": "COMPLETE"}).results:
            if result.success:
                continue
            meta = (result.expectation_config and result.expectation_config.meta) or {}
            positions = sorted({int(position) for position in result.result.get("unexpected_index_list") or ()})
            if not positions:
                raise ExaminationBroken(
                    f"The check {meta.get('check')} could not be carried out: report this as an error."
                )
            names = list(dict.fromkeys(frame["named"].iloc[positions]))
            shown = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
            found.append((int(meta["order"]), Unmet(meta["check"], meta["blocks"], f"{meta['reason']}: {shown}")))
        # Results come in an order of their own.
        yield from (each for _, each in sorted(found, key=lambda pair: pair[0]))


def _expectations(sizes: Mapping[str, int]) -> "dict[str, list[Expectation]]":
    """The expectations of each frame, each with its check, the reason that fails it, and whether that blocks."""
    import great_expectations as gx

    # Its package names what it exports in a way that type checkers don't see.
    expect: Any = gx.expectations
    order = iter(range(100))

    def about(check: str, reason: str, *, blocks: bool = True) -> dict[str, Any]:
        return {"meta": {"check": check, "reason": reason, "blocks": blocks, "order": next(order)}}

    def mostly(tolerated: float, size: int) -> float:
        # One in a small set is chance, whatever its share.
        return max(0.0, 1 - max(tolerated, 1 / max(size, 1)))

    def at_least(column: str, least: int, about: dict[str, Any]) -> Any:
        return expect.ExpectColumnValuesToBeBetween(column=column, min_value=least, **about)

    def none_of(column: str, about: dict[str, Any], **options: float) -> Any:
        return expect.ExpectColumnValuesToBeBetween(column=column, min_value=0, max_value=0, **options, **about)

    well_formed, minimums, personal = "rows_well_formed", "class_minimums", "residual_personal_data"
    rows = [
        expect.ExpectCompoundColumnsToBeUnique(
            column_list=["text_hash", "opening_hash"], **about(well_formed, "these resumes are there more than once")
        ),
        at_least("label_characters", 1, about(well_formed, "these resumes have no label")),
        expect.ExpectColumnValuesToBeInSet(
            column="split", value_set=list(SPLITS), **about(well_formed, "these resumes are in no known split")
        ),
        expect.ExpectColumnValuesToMatchRegex(
            column="group_id", regex=_SHA256, **about(well_formed, "these resumes have no group")
        ),
    ]
    texts = [
        expect.ExpectColumnPairValuesToBeEqual(
            column_A="text_hash",
            column_B="hash_of_text",
            **about(well_formed, "these resumes are not named by the hash of their text"),
        ),
        none_of(
            "twins",
            about(
                "no_near_duplicates_across_splits",
                "these resumes are near-duplicates and lie in different splits, so that what is measured was seen in training",
            ),
        ),
        none_of(
            "surely_personal",
            about(
                personal, "too many resumes hold an address, a birth date, an e-mail or a profile that was not masked"
            ),
            mostly=mostly(REVIEW_SHARE, sizes["texts"]),
        ),
        none_of(
            "perhaps_personal",
            about(personal, "too many resumes hold what may be a name or a number that was not masked"),
            mostly=mostly(REVIEW_SHARE, sizes["texts"]),
        ),
    ]
    return {
        "dataset": [
            at_least(
                "rows_in_training", 1, about(minimums, "there is nothing to learn from: add more labelled resumes")
            ),
            at_least(
                "rows_to_measure", 1, about(minimums, "there is nothing to measure with: add more labelled resumes")
            ),
            expect.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="classes",
                column_B="fewest_classes",
                or_equal=True,
                **about(minimums, "there are too few classes to tell apart: add resumes with other labels"),
            ),
        ],
        "rows": rows,
        "texts": texts,
        "groups": [
            expect.ExpectColumnValuesToBeBetween(
                column="splits",
                min_value=1,
                max_value=1,
                **about("groups_in_one_split", "these groups of near-duplicates lie in several splits"),
            )
        ],
        "classes": [
            at_least("train", FEW_TO_LEARN, about(minimums, "these classes are small", blocks=False)),
            at_least(
                "evaluation", FEW_TO_MEASURE, about(minimums, "these classes can't be measured yet", blocks=False)
            ),
        ],
        "measured": [
            none_of(
                "untaught",
                about(minimums, "these classes are measured and never taught: add more resumes of them"),
                mostly=mostly(UNTAUGHT_SHARE, sizes["measured"]),
            )
        ],
        "noise": [
            none_of(
                "suspicious",
                about(
                    "label_noise", "labels do not belong to their texts: see that the file's columns were named rightly"
                ),
                mostly=mostly(SUSPICIOUS_SHARE, sizes["noise"]),
            )
        ],
        "drift": [
            expect.ExpectColumnValuesToBeBetween(
                column="index",
                max_value=MAJOR,
                strict_max=True,
                **about("drift", "this moved far from the last snapshot", blocks=False),
            )
        ],
    }
