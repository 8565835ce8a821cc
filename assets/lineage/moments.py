"""Moments in time as the platform keeps them: whole microseconds since 1970, UTC, with open ends."""

from datetime import UTC, date, datetime, timedelta

OPEN = 2**62
"""The far future: an end that is not known, for a validity or for a generation."""

BEGINNING = -(2**62)
"""The far past: a start that is not known."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """The present moment."""
    return moment(datetime.now(UTC))


def moment(value: datetime) -> int:
    """A datetime as a moment; one without a time zone is taken as UTC."""
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return (value - _EPOCH) // timedelta(microseconds=1)


def iso(value: int) -> str | None:
    """A moment as ISO 8601 in UTC; None for an open end."""
    if value in (OPEN, BEGINNING):
        return None
    text = (_EPOCH + timedelta(microseconds=value)).isoformat()
    return text.replace("+00:00", "Z")


def parse_as_of(text: str) -> int:
    """The last moment of a day ("2023-06-30"), or the moment of an ISO 8601 time. Raises ValueError with what to write."""
    try:
        day = _day(text)
        if day is None:
            return moment(datetime.fromisoformat(text))
        return moment(datetime.combine(day, datetime.min.time(), UTC) + timedelta(days=1)) - 1
    except (ValueError, OverflowError):
        raise ValueError(f"'{text}' is not a date: write it as 2024-07-01 or 2024-07-01T09:00:00Z") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
