"""When a dataset grew enough to train again: exactly at the limit in new groups, never for copies, never against a refusal."""

import math
from collections.abc import Iterable
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from assets.labels.quality.classes import FEW_TO_LEARN
from assets.models.retraining.growth import Before, Content, Growth, Limits, Row, judge, relabelled

NEVER = Limits(groups=10**9, share=10.0**9)
counts = st.integers(0, 60)
shares = st.decimals(Decimal("0.01"), Decimal("2"), places=2).map(float)


def groups(numbers: Iterable[int], *, copies: int = 1, label: str = "IT", split: str = "train") -> list[Row]:
    """A row for each copy in each of the groups."""
    return [Row(f"{number}-{copy}", None, str(number), split, label) for number in numbers for copy in range(copies)]


def content(rows: Iterable[Row]) -> Content:
    return Content.of(rows, lambda label: (label,))


def against_champion(latest: list[Row], before: list[Row], limits: Limits, drifted: tuple[str, ...] = ()) -> Growth:
    return judge(
        content(latest), [Before("the champion", content(before), drifted, relabelled(latest, before))], limits
    )


class TestGrowth:
    @given(before=st.integers(1, 60), new=counts, copies=st.integers(1, 4), most=st.integers(1, 80), share=shares)
    def test_it_is_due_at_exactly_the_configured_number_or_share_of_new_groups(
        self, before: int, new: int, copies: int, most: int, share: float
    ) -> None:
        latest = groups(range(before), copies=copies) + groups(range(before, before + new), copies=copies)
        needed = max(1, min(most, math.ceil(Decimal(str(share)) * before)))
        # Drift, and a class that has enough rows by now, change nothing where all that came is copies.
        drifted = ("labels moved",) if new == 0 else ()
        found = against_champion(latest, groups(range(before), label="IT"), Limits(most, share), drifted)
        learnable = before < FEW_TO_LEARN <= before + new
        assert found.is_due == (new >= needed or learnable)

    @given(before=st.integers(1, 40), copies=st.integers(2, 9), share=shares, merged=st.integers(0, 39))
    def test_copies_are_no_growth_in_whatever_number_and_however_groups_merge(
        self, before: int, copies: int, share: float, merged: int
    ) -> None:
        known = groups(range(before))
        latest = [
            Row(row.text_hash, None, "0" if int(row.group_id) <= merged else row.group_id, row.split, row.label)
            for row in groups(range(before), copies=copies)
        ]
        assert not against_champion(latest, known, Limits(1, share), ("words moved",)).is_due

    @given(st.data())
    def test_batches_one_after_another_start_a_training_at_the_limit_and_at_no_other_time(
        self, data: st.DataObject
    ) -> None:
        limits = Limits(data.draw(st.integers(1, 12)), data.draw(shares))
        rows = groups(range(data.draw(st.integers(1, 20))))
        # What is trained on is refused or promoted; the next growth is counted from both.
        champion = refused = rows
        for _ in range(data.draw(st.integers(1, 15))):
            texts = len(rows)
            new = data.draw(st.integers(0, 6))
            copied = data.draw(st.lists(st.sampled_from(rows), max_size=8))
            rows = [
                *rows,
                *(Row(f"copy-{texts}-{n}", None, row.group_id, row.split, "IT") for n, row in enumerate(copied)),
                *groups(range(1000 + texts, 1000 + texts + new)),
            ]
            stages = [Before("a", content(champion)), Before("b", content(refused))]
            grown = min(
                len({row.group_id for row in rows} - {row.group_id for row in each})
                - min(
                    limits.groups, max(1, math.ceil(Decimal(str(limits.share)) * len({row.group_id for row in each})))
                )
                for each in (champion, refused)
            )
            reached = all(
                len({row.group_id for row in each}) < FEW_TO_LEARN <= len({row.group_id for row in rows})
                for each in (champion, refused)
            )
            due = judge(content(rows), stages, limits).is_due
            if not reached:
                assert due == (grown >= 0)
            if due:
                refused = rows
                if data.draw(st.booleans()):
                    champion = rows

    def test_a_share_is_of_the_number_as_it_was_written(self) -> None:
        assert Limits(100, 0.2).needed(15) == 3
        assert Limits(100, 0.07).needed(100) == 7
        assert Limits(100, 0.2).needed(10_000) == 100
        assert Limits(100, 0.01).needed(3) == 1

    def test_the_first_dataset_is_trained_on(self) -> None:
        assert judge(content(groups(range(3))), [], NEVER).is_due

    def test_why_or_why_not_is_said_with_the_numbers(self) -> None:
        found = against_champion(groups(range(110)), groups(range(100)), Limits(100, 0.2))
        assert (found.is_due, found.reason) == (
            False,
            "10 new groups of resumes since the champion, of 20 that it takes",
        )
        found = against_champion(groups(range(120)), groups(range(100)), Limits(100, 0.2))
        assert (found.is_due, found.reason) == (True, "20 new groups of resumes since the champion")


class TestOtherReasons:
    def test_a_class_that_can_be_learned_for_the_first_time(self) -> None:
        law = range(1000, 1000 + FEW_TO_LEARN)
        known = groups(range(200)) + groups(law[:-1], label="LAW")
        found = against_champion(groups(range(200)) + groups(law, label="LAW"), known, NEVER)
        assert found.is_due
        assert "LAW" in found.reason
        later = groups(range(200)) + groups(range(1000, 1001 + FEW_TO_LEARN), label="LAW")
        assert not against_champion(later, groups(range(200)) + groups(law, label="LAW"), NEVER).is_due

    def test_copies_and_rows_to_measure_with_teach_no_class(self) -> None:
        law = range(1000, 1000 + FEW_TO_LEARN - 1)
        known = groups(range(200)) + groups(law, label="LAW")
        latest = [
            *groups(range(201)),
            *groups(law, label="LAW", copies=3),
            *groups(range(2000, 2050), label="LAW", split="test"),
        ]
        assert not against_champion(latest, known, NEVER).is_due

    def test_drift_counts_when_something_came_that_is_no_copy(self) -> None:
        known, drifted = groups(range(50)), ("this moved far from the last snapshot: labels",)
        assert not against_champion(groups(range(50), copies=9), known, NEVER, drifted).is_due
        assert not against_champion(groups(range(51)), known, NEVER).is_due
        assert "this moved far" in against_champion(groups(range(51)), known, NEVER, drifted).reason
        assert against_champion(groups(range(51)), known, NEVER, drifted).is_due

    def test_labels_that_were_corrected_count_where_they_moved_far(self) -> None:
        known = groups(range(50))
        corrected = groups(range(25)) + groups(range(25, 50), label="HR")
        assert against_champion(corrected, known, NEVER, ("labels moved",)).is_due
        few = groups(range(49)) + groups([49], label="HR")
        assert not against_champion(few, known, NEVER).is_due


def test_an_erased_person_is_a_reason_until_a_candidate_without_them_was_decided_on() -> None:
    latest = content(groups(range(99)))
    champion = Before("the champion", content(groups(range(100))), erased=True)
    found = judge(latest, [champion], NEVER)
    assert (found.is_due, found.reason) == (True, "a person was erased since the champion")
    last = "the last candidate, which was refused"
    assert judge(latest, [Before(last, champion.content, erased=True), champion], NEVER).is_due
    assert not judge(latest, [Before(last, latest), champion], NEVER).is_due


def test_a_refused_candidate_is_in_the_way_until_the_dataset_grew_beyond_it_too() -> None:
    limits = Limits(20, 10.0)
    champion = Before("the champion", content(groups(range(100))))
    refused = Before("the last candidate, which was refused", content(groups(range(120))))
    assert judge(content(groups(range(120))), [champion], limits).is_due
    for size in (120, 139):
        found = judge(content(groups(range(size))), [champion, refused], limits)
        assert not found.is_due
        assert found.reason.endswith("since the last candidate, which was refused, of 20 that it takes")
    assert judge(content(groups(range(140))), [champion, refused], limits).is_due
