"""What each task has to say about its rows and labels; the rest of the room treats all tasks alike."""

from typing import Protocol

from assets.labels.anonymizing.model import Anonymized
from assets.labels.model import LabelRow
from assets.labels.reading.columns import Columns
from assets.labels.reading.values import Row


class Task(Protocol):
    """One task: how its rows are read, and what becomes of its labels."""

    @property
    def name(self) -> str:
        """As in commands, partitions and files' names."""

    def check_columns(self, present: tuple[str, ...], columns: Columns) -> None:
        """Raises Unusable, naming the columns that are there, where they can't be what the task needs.

        A column of files stands for one of texts.
        """

    def read(self, number: int, row: Row, *, drop_first_line: bool, allowed: frozenset[str]) -> LabelRow:
        """The labelled resume in a row; `allowed` are the labels that may occur (empty: any). Raises Unusable."""

    def subject(self, row: LabelRow) -> tuple[str, ...] | None:
        """What can have one label only, of which the row tells it; None where it has no id."""

    def carried_over(self, label: str, anonymized: Anonymized) -> str:
        """The label of the anonymized text, from that of the text that was anonymized."""

    def classes(self, label: str) -> tuple[str, ...]:
        """What the label counts for in statistics, sorted, each once."""
