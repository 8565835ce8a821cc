"""A Label Studio export: each annotation of a task as a row, with who made it and when."""

from collections.abc import Iterator, Mapping
from typing import Any

from assets.labels.reading.columns import Columns, column, considered
from assets.labels.reading.refusals import Unusable


def is_annotated(value: Mapping[str, Any]) -> bool:
    """Whether an object is a task of an export; else it is a row of its own."""
    return isinstance(value.get("data"), dict) and isinstance(value.get("annotations"), list)


def annotations(task: Mapping[str, Any], columns: Columns) -> Iterator[dict[str, Any] | Unusable]:
    """The rows of a task: its data, with `label`, `grade` and `spans` as each annotation that was not skipped states them.

    `columns.label` names the control whose choices or labels count, where there are several.
    """
    made = [each for each in task["annotations"] if isinstance(each, dict) and not each.get("was_cancelled")]
    if not made:
        yield Unusable("no_label")
    for annotation in made:
        try:
            yield _row(task, annotation, columns)
        except Unusable as problem:
            yield problem


def _row(task: Mapping[str, Any], annotation: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    data: dict[str, Any] = task["data"]
    present = considered(data)
    results = annotation.get("result")
    if not isinstance(results, list):
        raise Unusable("no_label")
    results = [each for each in results if isinstance(each, dict) and isinstance(each.get("value"), dict)]
    if columns.label is not None:
        results = [each for each in results if each.get("from_name") == columns.label]
    text_column = column("text", present, columns.text)
    label = _choice(results)
    # The names that come first when columns are recognised, so that the data's own can't stand before them.
    row = {**data, "label": label, "grade": label, "spans": _spans(results, data.get(text_column or ""))}
    if not column("id", present, columns.id):
        row["id"] = _task_id(task)
    by = annotation.get("completed_by")
    row["labeller"] = by.get("id") if isinstance(by, dict) else by
    row["labelled_at"] = annotation.get("updated_at") or annotation.get("created_at")
    return row


def _task_id(task: Mapping[str, Any]) -> str | None:
    # Its number tells a task from others of its project only.
    if type(task.get("id")) is int and type(task.get("project")) is int:
        return f"label-studio/{task['project']}/{task['id']}"
    return None


def _choice(results: list[dict[str, Any]]) -> Any:
    chosen: list[Any] = []
    for result in results:
        value = result["value"]
        if isinstance(value.get("choices"), list):
            chosen += value["choices"]
        chosen += [value[name] for name in ("rating", "number") if name in value]
    if len(chosen) > 1:
        raise Unusable("several_labels")
    return chosen[0] if chosen else None


def _spans(results: list[dict[str, Any]], text: Any) -> list[list[Any]]:
    spans: list[list[Any]] = []
    for result in results:
        value = result["value"]
        if not isinstance(value.get("labels"), list):
            continue
        start, end = value.get("start"), value.get("end")
        if type(start) is not int or type(end) is not int or not isinstance(text, str) or not 0 <= start < end:
            raise Unusable("bad_spans")
        start, end = _placed(start, end, value.get("text"), text)
        spans += [[start, end, kind] for kind in value["labels"]]
    return spans


def _placed(start: int, end: int, words: Any, text: str) -> tuple[int, int]:
    """Where a span is in characters: a browser counts those beyond the first 65,536 as two. Raises Unusable."""
    if not isinstance(words, str) or _same(words, text[start:end]):
        return start, end
    wide = text.encode("utf-16-le", "surrogatepass")
    before = wide[: 2 * start].decode("utf-16-le", "replace")
    inside = wide[2 * start : 2 * end].decode("utf-16-le", "replace")
    if not _same(words, inside):
        raise Unusable("shifted_spans")
    return len(before), len(before) + len(inside)


def _same(words: str, found: str) -> bool:
    # An export writes line ends as blanks or as `\\n`.
    return words.replace("\\n", " ").split() == found.split()
