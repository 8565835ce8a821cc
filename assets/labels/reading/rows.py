"""The rows of one file, whatever its form, with the values that each has by column."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from assets.labels.reading import label_studio
from assets.labels.reading.characters import characters
from assets.labels.reading.columns import Columns, considered
from assets.labels.reading.content import Content
from assets.labels.reading.delimited import Records
from assets.labels.reading.forms import Form
from assets.labels.reading.json_rows import objects_of_lines, objects_of_list
from assets.labels.reading.parquet import parquet_rows
from assets.labels.reading.refusals import Unusable
from assets.labels.reading.values import Row
from assets.labels.tasks.task import Task


def rows_of(content: Content, form: Form, task: Task, columns: Columns) -> Iterator[Row | Unusable]:
    """The rows in order, or why one has not the form of a row. Raises Unusable where the file can't be read (on)."""
    match form:
        case Form.DELIMITED:
            return _delimited(Records(characters(content)), task, columns)
        case Form.PARQUET:
            return _parquet(content, task, columns)
        case Form.JSON_LIST:
            return _objects(objects_of_list(characters(content)), task, columns)
        case Form.JSON_LINES:
            return _objects(objects_of_lines(characters(content)), task, columns)
        case Form.ARCHIVE:
            raise Unusable("unknown_format")


def _delimited(records: Records, task: Task, columns: Columns) -> Iterator[Row | Unusable]:
    names = _header(records, task, columns)
    # Of columns of one name the first counts.
    places = {name: place for place, name in reversed(list(enumerate(names)))}
    for cells in records.rows():
        yield cells if isinstance(cells, Unusable) else Row({name: cells[at] for name, at in places.items()}, columns)


def _header(records: Records, task: Task, columns: Columns) -> list[str]:
    """The names of the columns, with the delimiter that makes them such as the task needs."""
    headers = {delimiter: [name.strip() for name in names] for delimiter, names in records.headers()}
    if not headers:
        raise Unusable("columns_unknown", "The first line does not name the columns: write their names there.")
    refused: dict[str, Unusable] = {}
    for delimiter, names in headers.items():
        try:
            task.check_columns(considered(names), columns)
        except Unusable as problem:
            refused[delimiter] = problem
        else:
            records.choose(delimiter)
            return names
    raise refused[max(refused, key=lambda delimiter: len(headers[delimiter]))]


def _parquet(content: Content, task: Task, columns: Columns) -> Iterator[Row | Unusable]:
    for each in parquet_rows(content, columns):
        if isinstance(each, tuple):
            task.check_columns(considered(each), columns)
        else:
            yield each if isinstance(each, Unusable) else Row(each, columns)


def _objects(objects: Iterator[dict[str, Any] | Unusable], task: Task, columns: Columns) -> Iterator[Row | Unusable]:
    is_known = is_told = False
    for each in objects:
        for row in [each] if isinstance(each, Unusable) else _rows_of_object(each, columns):
            if is_known or isinstance(row, Unusable):
                yield row
                continue
            try:
                task.check_columns(row.names, row.columns)
            except Unusable as problem:
                # Names are told once: those of later rows may be no columns at all.
                yield Unusable("columns_unknown") if is_told else problem
                is_told = True
            else:
                is_known = True
                yield row


def _rows_of_object(value: dict[str, Any], columns: Columns) -> Iterator[Row | Unusable]:
    try:
        if not label_studio.is_annotated(value):
            yield Row(value, columns)
            return
        for each in label_studio.annotations(value, columns):
            # The label's column was the name of a control, which is settled now.
            yield each if isinstance(each, Unusable) else Row(each, replace(columns, label=None))
    except Unusable as problem:
        yield problem
