"""`skills`: where a text shows which kind of skill. The label is canonical JSON of the spans (see `spans`).

A row has tokens and tags (one column `tags_KIND` a kind, or one column `tags` of B-KIND and I-KIND), or a text and spans.
"""

from assets.labels.anonymizing.model import Anonymized
from assets.labels.model import LabelRow
from assets.labels.normalizing import text_hash
from assets.labels.reading.columns import Columns, column, not_recognised, tags_kind
from assets.labels.reading.refusals import Unusable
from assets.labels.reading.values import Row, checked_text, without_first_line
from assets.labels.tasks import spans, tags


class Skills:
    """A text and the spans in it."""

    name = "skills"

    def check_columns(self, present: tuple[str, ...], columns: Columns) -> None:
        if column("tokens", present):
            if not any(map(tags_kind, present)) and not column("tags", present, columns.label):
                raise not_recognised("the tokens' tags: call it tags, or tags_skill and the like", present)
            return
        if not column("text", present, columns.text):
            raise not_recognised("the tokens or the text: call it tokens, or name the text with --text-column", present)
        if not column("spans", present, columns.label):
            raise not_recognised("the spans: call it spans, or name it with --label-column", present)

    def read(self, number: int, row: Row, *, drop_first_line: bool, allowed: frozenset[str]) -> LabelRow:
        if "tokens" in row:
            text, found = _from_tokens(row)
        else:
            text = row.text(drop_first_line=False)
            found = spans.checked(spans.stated(row.required("spans", "no_label")), text)
        if drop_first_line:
            text, removed = without_first_line(text)
            found = spans.shifted(found, removed)
            checked_text(text)
        return LabelRow(
            number,
            row.record_id(),
            text,
            spans.written(found),
            labelled_at=row.labelled_at(),
            labeller=row.labeller(),
        )

    def subject(self, row: LabelRow) -> tuple[str, ...] | None:
        # A resume's sentences may come as rows of one id.
        return (row.record_id, text_hash(row.text)) if row.record_id else None

    def carried_over(self, label: str, anonymized: Anonymized) -> str:
        return spans.written(spans.moved(spans.read_back(label), anonymized))

    def classes(self, label: str) -> tuple[str, ...]:
        return tuple(sorted({span.kind for span in spans.read_back(label)}))


def _from_tokens(row: Row) -> tuple[str, list[spans.Span]]:
    tokens = tags.listed(row.required("tokens", "no_text"), "bad_tokens")
    if not tokens:
        raise Unusable("no_text")
    # A sentence may well be a number or a rule of dashes: that no skill is in it is a judgement too.
    text = checked_text(tags.joined(tokens), letters=False)
    found: list[spans.Span] = []
    kinds = {name: kind for name in row.names if (kind := tags_kind(name))}
    for name, kind in kinds.items():
        found += tags.spans_of(tokens, tags.listed(row.of(name), "bad_tags"), spans.kind_named(kind))
    if not kinds:
        found = tags.spans_of(tokens, tags.listed(row.required("tags", "no_label"), "bad_tags"), None)
    return text, spans.checked(found, text)
