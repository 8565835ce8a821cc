"""Tables as text that reads and quotes well, and of which each row can stand alone."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from assets.documents.parsing.limits import MAX_TABLE_CELLS
from assets.documents.parsing.refusals import refusal

_MAX_SPAN = 100


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """One line a row.

    With a header, a row is "Header: value; Header: value", so that a row cut off from its table still tells what its
    values are; without one, it is "value | value". Empty cells are left out. A header cell under which nothing stands
    comes with the whole header in a line of its own.
    """
    header = [_cell(cell) for cell in header]
    body = [[_cell(cell) for cell in row] for row in rows]
    lines: list[str] = []
    used = {column for row in body for column, cell in enumerate(row) if cell}
    if any(name and column not in used for column, name in enumerate(header)):
        lines.append(" | ".join(name for name in header if name))
    for row in body:
        if any(header):
            names = header + [""] * (len(row) - len(header))
            cells = [_named(name, cell) for name, cell in zip(names, row, strict=False) if cell]
            lines.append("; ".join(cells))
        else:
            lines.append(" | ".join(cell for cell in row if cell))
    return "\n".join(line for line in lines if line)


def _named(name: str, value: str) -> str:
    if not name or name == value:
        return value
    return f"{name} {value}" if name.endswith((":", "?")) else f"{name}: {value}"


def _cell(text: str) -> str:
    return " ".join(text.split())


def element_table(table: Any, cell_text: Callable[[Any], str]) -> str:
    """The text of an HTML-like table element; `cell_text` reads one cell. Rows of nested tables are not its own.

    Cells that span columns or rows stand in each place that they fill, so that every row is whole. Raises
    UnreadableDocument("too_large") beyond MAX_TABLE_CELLS.
    """
    header: list[str] = []
    rows: list[list[str]] = []
    spanning: dict[int, tuple[int, str]] = {}
    cells = 0
    for in_head, row in _own_rows(table):
        values, is_header = _row_values(row, spanning, cell_text)
        cells += len(values)
        if cells > MAX_TABLE_CELLS:
            raise refusal("too_large")
        if (in_head or is_header) and not rows:
            header = _stacked(header, values)
        else:
            rows.append(values)
    return table_text(header, rows)


def _own_rows(table: Any) -> Iterator[tuple[bool, Any]]:
    for child in table:
        name = local_name(child)
        if name == "tr":
            yield False, child
        elif name in ("thead", "tbody", "tfoot"):
            yield from ((name == "thead", row) for row in child if local_name(row) == "tr")


def _row_values(
    row: Any, spanning: dict[int, tuple[int, str]], cell_text: Callable[[Any], str]
) -> tuple[list[str], bool]:
    """The values of a row, and whether all its cells are headers.

    `spanning` gives, for a column that a cell above fills, how many more rows it fills and with what; it is brought up
    to the next row.
    """
    values: list[str] = []
    is_header = True
    following: dict[int, tuple[int, str]] = {}

    def fill_from_above() -> None:
        while (column := len(values)) in spanning:
            left, text = spanning[column]
            if left > 1:
                following[column] = (left - 1, text)
            values.append(text)

    for cell in row:
        name = local_name(cell)
        if name not in ("td", "th"):
            continue
        is_header = is_header and name == "th"
        text = cell_text(cell)
        fill_from_above()
        down = _span(cell, "rowspan")
        for _ in range(_span(cell, "colspan")):
            if down > 1:
                following[len(values)] = (down - 1, text)
            values.append(text)
    fill_from_above()
    spanning.clear()
    spanning.update(following)
    return values, is_header and bool(values)


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _stacked(upper: list[str], lower: list[str]) -> list[str]:
    if not upper:
        return lower
    width = max(len(upper), len(lower))
    pairs = zip(upper + [""] * (width - len(upper)), lower + [""] * (width - len(lower)), strict=True)
    return [above if above == below else f"{above} {below}".strip() for above, below in pairs]


def local_name(element: Any) -> str:
    """An element's name without its namespace; empty for comments and processing instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
