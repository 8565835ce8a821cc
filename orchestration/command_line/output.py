"""How commands print: one JSON document on standard output, or tables for a person; progress on standard error."""

import json
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click

from assets.platform import Platform, Settings

P = ParamSpec("P")
T = TypeVar("T")


def json_option(command: Callable[P, T]) -> Callable[P, T]:
    """Adds `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def as_of_option(command: Callable[P, T]) -> Callable[P, T]:
    """Adds `--as-of DATE`, handed over as a moment or None."""

    def parsed(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
        from assets.lineage.moments import parse_as_of

        try:
            return None if value is None else parse_as_of(value)
        except ValueError as problem:
            raise click.BadParameter(str(problem)) from None

    return click.option("--as-of", callback=parsed, metavar="DATE", help="What applied on that day.")(command)


def with_platform(command: Callable[..., T]) -> Callable[..., T]:
    """Hands the command the platform of the environment, and gives it back afterwards."""

    @wraps(command)
    def wrapped(*arguments: Any, **options: Any) -> T:
        from assets.platform import BadSetting

        try:
            platform = Platform(Settings.from_environment())
        except BadSetting as problem:
            raise click.UsageError(str(problem)) from None
        try:
            return command(platform, *arguments, **options)
        finally:
            platform.release()

    return wrapped


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str | None = None) -> None:
    """A table on standard output; numbers to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        # A file or a pipe has no width of its own.
        console = Console(width=160)
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE)
    for position, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[position], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def say(text: str) -> None:
    """A line of progress on standard error."""
    click.echo(text, err=True)
