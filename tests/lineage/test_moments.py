"""Days and times as people write them."""

import pytest

from assets.lineage.moments import iso, parse_as_of


@pytest.mark.parametrize("day", ["2024-02-29", "20240229", "2024-W09-4"])
def test_a_day_is_meant_to_its_end(day: str) -> None:
    assert iso(parse_as_of(day)) == "2024-02-29T23:59:59.999999Z"


@pytest.mark.parametrize("time", ["2024-02-29T09:00:00Z", "2024-02-29T10:00+01:00", "2024-02-29 09:00"])
def test_a_time_is_meant_exactly(time: str) -> None:
    assert iso(parse_as_of(time)) == "2024-02-29T09:00:00Z"


@pytest.mark.parametrize("text", ["2024-02-30", "yesterday", "", "9999-12-31"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it as"):
        parse_as_of(text)
