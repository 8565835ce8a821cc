"""What documents declare about when their rule applies: the accepted names and the reading of dates."""

from datetime import UTC, date, datetime

FROM_NAMES = ("effective_from", "valid_from", "effective_date")
TO_NAMES = ("effective_to", "valid_to", "expiration_date")
_LONG_FORMS = ("%B %d, %Y", "%d %B %Y", "%b %d, %Y", "%d %b %Y")


def moment(value: object) -> datetime | None:
    """A date or date and time as an aware moment (UTC where it names no zone, the day's start where it names no hour).

    Takes what YAML gives and text in ISO 8601 or in the long English form ("July 1, 2024"); None for anything else.
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if not isinstance(value, str) or not 8 <= len(value.strip()) <= 40:
        return None
    text = value.strip()
    try:
        return moment(datetime.fromisoformat(text))
    except ValueError:
        pass
    for form in _LONG_FORMS:
        try:
            return moment(datetime.strptime(text, form))
        except ValueError:
            continue
    return None
