"""What labelled resumes are between the parts of this room: as they came in, anonymized, and what could not be taken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A labelled resume as it came in. It holds personal data: it goes into the vault and to the anonymizer, nowhere else.

    `label` is the task's canonical form (see `tasks`). `opening_id` and `opening_text` belong to the task `match`. The id
    is the one that the file gave, or None; `labelled_at` counts microseconds since 1970, UTC.
    """

    row: int
    record_id: str | None
    text: str
    label: str
    opening_id: str | None = None
    opening_text: str | None = None
    labelled_at: int | None = None
    labeller: str | None = None


@dataclass(frozen=True, slots=True)
class AnonymizedRow:
    """The same without anything personal, as it is kept: persons, labellers and openings by keyed or content hashes.

    `text_hash` and `opening_hash` are hashes of the normalized text (see `normalizing`): equal ones are the same text.
    `copies` is how many rows of the file said just this; one of them is kept.
    """

    row: int
    person_id: str
    text_hash: str
    text: str
    label: str
    opening_hash: str | None
    opening_text: str | None
    labelled_at: int | None
    labeller: str | None
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row, counted from 1 (0: the file as a whole), that can't be taken. Reason and advice hold nothing of its content."""

    row: int
    reason: str
    advice: str
