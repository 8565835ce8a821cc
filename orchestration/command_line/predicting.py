"""`hrdp classify`, `hrdp skills` and `hrdp match`: what the served models say of resumes."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from assets.platform import Platform
from orchestration.command_line.output import json_option, print_table, say, with_platform

if TYPE_CHECKING:
    from assets.labels.model import Rejected
    from assets.models.serving.predicting import Classified, Ranked, Tagged
    from assets.models.serving.unlabelled import UnlabelledText

T = TypeVar("T")
_SHOWN = 50
_SHOWN_OPENINGS = 3
_SHOWN_SKILLS = 10
_RECORDED_AT_ONCE = 128


def _options(command: Callable[..., T]) -> Callable[..., T]:
    for option in (
        click.option("--record", is_flag=True, help="Keep each prediction in the catalogue, without the text."),
        click.option("--id-column", metavar="C", help="The column of ids."),
        click.option("--text-column", metavar="C", help="The column of resumes."),
        click.option("--model", "version", metavar="V", help="Another model than the champion, by its version."),
        click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    ):
        command = option(command)
    return command


_drop_option = click.option("--drop-first-line", is_flag=True, help="Take the first line off each resume.")


@click.command()
@_options
@_drop_option
@json_option
@with_platform
def classify(platform: Platform, file: Path, version: str | None, record: bool, as_json: bool, **reading: Any) -> None:
    """Tell the job category of each resume in FILE: CSV, JSON lines, Parquet, or one resume (PDF, DOCX, text).

    The best category is told also where the model abstains, because it is less sure than it has to be.
    """
    from assets.models.serving.predicting import classify as classified
    from assets.models.serving.predictors import Classifier

    model, name = _model(platform, "job-category", version, Classifier)
    output = _Output(platform, "job-category", name, record, as_json)
    abstained = 0

    def row(made: "Classified") -> dict[str, Any]:
        nonlocal abstained
        abstained += made.abstained
        return {"label": made.label, "probability": round(made.probability, 6), "abstained": made.abstained}

    output.write(classified(model, _resumes(platform, file, **reading)), row)
    output.show(["category", "probability", "abstained"], lambda each: [each[key] for key in list(each)[1:4]])
    output.end(f"The model abstains from {abstained:,}; a person should read those." if abstained else "")


@click.command()
@_options
@json_option
@with_platform
def skills(platform: Platform, file: Path, version: str | None, record: bool, as_json: bool, **reading: Any) -> None:
    """Find the skills in each resume of FILE, which may be what `hrdp classify` takes; offsets count in the text that came in."""
    from assets.models.serving.predicting import tag
    from assets.models.serving.predictors import Tagger

    model, name = _model(platform, "skills", version, Tagger)
    output = _Output(platform, "skills", name, record, as_json)

    def row(made: "Tagged") -> dict[str, Any]:
        return {
            "skills": [
                {
                    "text": made.of.original[span.start : span.end],
                    "kind": span.kind,
                    "start": span.start,
                    "end": span.end,
                    "probability": round(span.probability, 6),
                }
                for span in made.skills
            ]
        }

    output.write(tag(model, _resumes(platform, file, **reading)), row)
    output.show(["skills"], lambda each: [_listed(skill["text"] for skill in each["skills"])])
    output.end()


@click.command()
@_options
@_drop_option
@click.option(
    "--openings",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV, JSON lines or Parquet of openings: id and text.",
)
@json_option
@with_platform
def match(
    platform: Platform,
    file: Path,
    openings: Path,
    version: str | None,
    record: bool,
    as_json: bool,
    **reading: Any,
) -> None:
    """Rank openings for each resume of FILE, which may be what `hrdp classify` takes; the one that fits best first."""
    from assets.models.serving.predicting import Openings
    from assets.models.serving.predictors import Matcher
    from assets.models.serving.unlabelled import read_openings

    model, name = _model(platform, "match", version, Matcher)
    known = Openings(model, read_openings(openings, platform.settings.parser_workers))
    output = _Output(platform, "match", name, record, as_json)
    for rejected in known.rejected:
        say(f"{openings.name}, {_place(rejected)}: {rejected.advice}")

    def row(made: "Ranked") -> dict[str, Any]:
        return {
            "ranking": [{"opening_id": opening, "score": round(score, 6)} for opening, score in made.ranking],
        }

    output.write(known.rank(_resumes(platform, file, **reading)), row)
    output.show(
        ["best openings"],
        lambda each: [
            ", ".join(f"{one['opening_id']} ({one['score']:.2f})" for one in each["ranking"][:_SHOWN_OPENINGS])
        ],
    )
    output.end(rejected_openings=[_as_json(each) for each in known.rejected])


class _Output:
    """Predictions as they come: one JSON document, or a table of the first and a count of all."""

    def __init__(self, platform: Platform, task: str, version: str, record: bool, as_json: bool) -> None:
        self._platform = platform
        self._task = task
        self._version = version
        self._record = record
        self._as_json = as_json
        self._count = 0
        self._rejected: list[Rejected] = []
        self._first: list[dict[str, Any]] = []

    def write(self, made: "Iterable[Any]", row: "Callable[[Any], dict[str, Any]]") -> None:
        """Each prediction is written as it comes: a file can hold more resumes than the memory."""
        for pack in _packs(made):
            predictions = [each for each in pack if not self._is_rejected(each)]
            if self._record:
                from assets.models.serving.recording import record

                record(self._platform, self._task, self._version, predictions)
            for each in predictions:
                self._one({"id": each.of.id, **row(each), "model_version": self._version})

    def show(self, columns: list[str], cells: Callable[[dict[str, Any]], list[object]]) -> None:
        """The first ones as a table, for a person."""
        if not self._as_json and self._first:
            print_table(["resume", *columns], [[each["id"], *cells(each)] for each in self._first])

    def end(self, told: str = "", **more: list[dict[str, Any]]) -> None:
        """What could not be read, and what to do next; ends with 1 where nothing could be."""
        if self._as_json:
            rejected = ",\n".join(json.dumps(_as_json(each), ensure_ascii=False) for each in self._rejected)
            rest = "".join(f', "{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in more.items())
            click.echo(("" if self._count else '{"results": [') + f'], "rejected": [{rejected}]{rest}}}')
        else:
            if self._count > _SHOWN:
                click.echo(f"These are the first {_SHOWN} of {self._count:,}; --json gives all.")
            if told:
                click.echo(told)
            if self._count:
                click.echo(f"Next: hrdp models show {self._version[:12]}, which says how good this model is")
            for each in self._rejected[:_SHOWN]:
                say(f"{_place(each)}: {each.advice}")
            if len(self._rejected) > _SHOWN:
                say(f"{len(self._rejected) - _SHOWN:,} more could not be read: --json names all")
        if not self._count:
            raise click.exceptions.Exit(1)

    def _one(self, result: dict[str, Any]) -> None:
        self._count += 1
        if self._as_json:
            click.echo(('{"results": [\n' if self._count == 1 else ",\n") + _line(result), nl=False)
        elif self._count <= _SHOWN:
            self._first.append(result)

    def _is_rejected(self, each: object) -> bool:
        from assets.labels.model import Rejected

        if isinstance(each, Rejected):
            self._rejected.append(each)
            return True
        return False


def _model(platform: Platform, task: str, version: str | None, kind: type[T]) -> tuple[T, str]:
    """The champion of a task, or the model of a version, verified; and its whole version."""
    from assets.models.artifacts.loading import load
    from assets.models.promotion.champion import load_champion
    from assets.models.serving.predictors import open_predictor

    folder = load_champion(platform, task) if version is None else load(platform, version)
    predictor = open_predictor(folder)
    if not isinstance(predictor, kind):
        raise click.ClickException(
            f"{folder.name[:12]} is no model of {task}: hrdp models list --task {task} names those that are"
        )
    return predictor, folder.name


def _resumes(
    platform: Platform,
    file: Path,
    text_column: str | None,
    id_column: str | None,
    drop_first_line: bool = False,
) -> "Iterator[UnlabelledText | Rejected]":
    from assets.labels.reading.columns import Columns
    from assets.models.serving.unlabelled import read_resumes

    columns = Columns(text=text_column, id=id_column)
    return read_resumes(file, columns, drop_first_line, platform.settings.parser_workers)


def _packs(made: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(made)
    while pack := list(islice(waiting, _RECORDED_AT_ONCE)):
        yield pack


def _line(result: dict[str, Any]) -> str:
    line = json.dumps(result, ensure_ascii=False)
    try:
        line.encode()
    except UnicodeEncodeError:
        # A lone surrogate can't be written as UTF-8, but escaped.
        return json.dumps(result)
    return line


def _listed(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(" ".join(name.split()) for name in names))
    more = f" and {len(found) - _SHOWN_SKILLS} more" if len(found) > _SHOWN_SKILLS else ""
    return ", ".join(found[:_SHOWN_SKILLS]) + more


def _as_json(rejected: "Rejected") -> dict[str, Any]:
    return {"row": rejected.row, "reason": rejected.reason, "advice": rejected.advice}


def _place(rejected: "Rejected") -> str:
    return f"row {rejected.row}" if rejected.row else "the file"
