"""`hrdp ask`."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from assets.documents.registry import KINDS
from assets.platform import Platform
from orchestration.command_line.output import as_of_option, json_option, print_json, with_platform

if TYPE_CHECKING:
    from assets.answers.model import Answer


@click.command()
@click.argument("question")
@as_of_option
@click.option("--known-at", metavar="DATE", help="By what was recorded up to that day.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind of source.")
@click.option("--jurisdiction", help="Only rules of this jurisdiction.")
@click.option("--source", help="Only this source.")
@json_option
@with_platform
def ask(
    platform: Platform,
    question: str,
    as_of: int | None,
    known_at: str | None,
    kind: str | None,
    jurisdiction: str | None,
    source: str | None,
    as_json: bool,
) -> None:
    """Answer QUESTION with quotes of what applies now or applied on a day, or refuse."""
    from assets.answers.answering import BadQuestion, answer
    from assets.documents.registry import find
    from assets.lineage.moments import parse_as_of

    try:
        known = None if known_at is None else parse_as_of(known_at)
    except ValueError as problem:
        raise click.BadParameter(str(problem), param_hint="--known-at") from None
    if source is not None:
        find(platform.catalogue, source)
    try:
        given = answer(
            platform, question, as_of=as_of, known_at=known, kind=kind, jurisdiction=jurisdiction, source=source
        )
    except BadQuestion as problem:
        raise click.UsageError(str(problem)) from None
    if as_json:
        print_json(as_values(given))
    else:
        print_answer(given)


def as_values(given: "Answer") -> dict[str, object]:
    """An answer as JSON values."""
    return {
        "answer_id": given.answer_id,
        "question": given.question,
        "answer": given.answer,
        "refused": given.refused,
        "reason": given.reason,
        "citations": [asdict(citation) for citation in given.citations],
        "nearest": [asdict(section) for section in given.nearest],
        "dropped": [asdict(each) for each in given.dropped],
        "as_of": given.as_of,
        "known_at": given.known_at,
        "generation": given.generation,
        "index_version": given.index_version,
        "generator": given.generator,
        "seconds": given.seconds,
    }


def print_answer(given: "Answer") -> None:
    """The answer, its quotes, and where they stand."""
    if given.refused:
        click.secho("No answer: " + given.reason + ".", bold=True)
        for section in given.nearest:
            click.echo(f"  {section.place}\n    {section.document_id} [{section.start}:{section.end}]")
    else:
        places = {(piece.document_id, piece.version, piece.core[0]): piece.place for piece in given.evidence}
        sentences = dict.fromkeys(citation.sentence for citation in given.citations)
        for number, sentence in enumerate(sentences, 1):
            click.secho(_wrapped(f"{sentence} [{number}]"), bold=number == 1)
        if given.reason:
            click.echo(f"\nMind: {given.reason}.")
        click.echo()
        for number, sentence in enumerate(sentences, 1):
            for citation in (each for each in given.citations if each.sentence == sentence):
                place = places.get((citation.document_id, citation.version, citation.start), "")
                click.echo(f"[{number}] {place}".rstrip())
                click.echo(
                    f"    {citation.document_id} [{citation.start}:{citation.end}] version {citation.version[:12]}"
                )
                # A quote that is the sentence has just been read.
                if " ".join(citation.quote.split()) != sentence:
                    click.echo(_wrapped(f"“{citation.quote}”", "    "))
    if given.dropped:
        click.echo(f"\n{len(given.dropped)} sentences were left out, because what they cite does not say so.")
    click.echo(f"\nOn record as {given.answer_id}. Next: hrdp document show DOCUMENT_ID --version VERSION")


def _wrapped(text: str, indent: str = "") -> str:
    return click.wrap_text(text, 110, indent, indent, preserve_paragraphs=True)
