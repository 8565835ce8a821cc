"""`hrdp anonymize`."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from orchestration.command_line.output import json_option, say


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def anonymize(file: Path, as_json: bool) -> None:
    """Replace the personal items of the resumes in FILE, JSON lines of {id, text}; nothing is stored.

    Without --json each resume is a line of JSON on standard output, and what was masked is counted at the end.
    """
    from assets.labels.anonymizing.records import BadRecord, NoResumes, anonymized_records

    masked: Counter[str] = Counter()
    quarantined: list[BadRecord] = []

    def results() -> Iterator[str]:
        for record in anonymized_records(file):
            if isinstance(record, BadRecord):
                quarantined.append(record)
                continue
            masked.update(span.kind for span in record.masked)
            line = json.dumps(asdict(record), ensure_ascii=False)
            # A lone surrogate can't be written as UTF-8, but escaped.
            yield line if _is_unicode(line) else json.dumps(asdict(record))

    resumes = 0
    try:
        # Each is written as it comes: a file of resumes can be larger than the memory.
        for resumes, line in enumerate(results(), 1):
            before = "" if not as_json else ",\n" if resumes > 1 else '{"results": [\n'
            click.echo(before + line, nl=not as_json)
    except NoResumes as problem:
        raise click.ClickException(str(problem)) from None
    if as_json:
        bad = json.dumps([asdict(record) for record in quarantined], ensure_ascii=False)
        click.echo(("\n" if resumes else '{"results": [') + f'], "quarantined": {bad}}}')
    else:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in sorted(masked.items())) or "nothing"
        say(f"{resumes:,} resumes; masked: {counts}")
    for record in quarantined:
        say(f"{file.name}, line {record.line} {record.reason}")
    if quarantined:
        raise click.exceptions.Exit(1)


def _is_unicode(line: str) -> bool:
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True
