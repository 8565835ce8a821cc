"""`job-category`: which job family a resume belongs to. The label is the family's name."""

from assets.labels.anonymizing.model import Anonymized
from assets.labels.model import LabelRow
from assets.labels.reading.columns import Columns, column, not_recognised
from assets.labels.reading.values import Row
from assets.labels.tasks.names import listed, plain_name


class JobCategory:
    """A resume and one name."""

    name = "job-category"

    def check_columns(self, present: tuple[str, ...], columns: Columns) -> None:
        if not column("text", present, columns.text) and (columns.text or not column("file", present)):
            raise not_recognised("the resumes' text (or their files): name it with --text-column", present)
        if not column("label", present, columns.label):
            raise not_recognised("the label: name it with --label-column", present)

    def read(self, number: int, row: Row, *, drop_first_line: bool, allowed: frozenset[str]) -> LabelRow:
        label = listed(plain_name(row.required("label", "no_label")), allowed)
        return LabelRow(
            number,
            row.record_id(),
            row.text(drop_first_line=drop_first_line),
            label,
            labelled_at=row.labelled_at(),
            labeller=row.labeller(),
        )

    def subject(self, row: LabelRow) -> tuple[str, ...] | None:
        return (row.record_id,) if row.record_id else None

    def carried_over(self, label: str, anonymized: Anonymized) -> str:
        return label

    def classes(self, label: str) -> tuple[str, ...]:
        return (label,)
