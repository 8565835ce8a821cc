"""What the asker of a question should mind about its answer: when the rule began and ends, and for whom another one holds."""

import re
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, select

from assets.answers.checking import normal
from assets.answers.model import Piece, Scope
from assets.lineage import schema
from assets.lineage.moments import BEGINNING, OPEN, iso

_LOOKED_AT = 8
"""How many versions are read in each direction, at most."""

_SIZE = re.compile(
    r"\b(?:small|large|medium-sized)[- ](?:employer|business|compan)\w*|"
    r"\b(?:fewer|less|more) than (?:\d+|\w+) (?:\w+ )?(?:employees|workers)|"
    r"\b\d+ (?:or (?:more|fewer)|to \d+) (?:\w+ )?(?:employees|workers)|\bat least \d+ (?:\w+ )?(?:employees|workers)",
    re.IGNORECASE,
)


def dates(connection: Connection, piece: Piece, generation: int, text_of: Callable[[str], str]) -> list[str]:
    """Since when the quoted text has stood as it stands, and when it ends, where the document's timeline tells a change."""
    table = schema.versions
    timeline = connection.execute(
        select(table.c.version, table.c.valid_from, table.c.valid_to)
        .where(
            table.c.document_id == piece.document_id,
            table.c.from_generation <= generation,
            table.c.to_generation > generation,
        )
        .order_by(table.c.valid_from)
    ).all()
    quoted = normal(text_of(piece.version)[piece.core[0] : piece.core[1]])
    place = next((n for n, row in enumerate(timeline) if row.valid_from == piece.valid_from), None)
    if place is None:
        return []

    def same(number: int) -> bool:
        row = timeline[number]
        return row.version == piece.version or quoted in normal(text_of(row.version))

    notes = []
    first = place
    while first > 0 and place - first < _LOOKED_AT and timeline[first - 1].valid_to == timeline[first].valid_from:
        if not same(first - 1):
            notes.append(f"it has said so since {_day(timeline[first].valid_from)}; before, its text was another")
            break
        first -= 1
    last = place
    while last + 1 < len(timeline) and last - place < _LOOKED_AT and same(last + 1):
        last += 1
    if last + 1 < len(timeline) and last - place < _LOOKED_AT:
        notes.append(f"it changes on {_day(timeline[last + 1].valid_from)}")
    elif last + 1 == len(timeline) and timeline[last].valid_to != OPEN:
        notes.append(f"it applies until {_day(timeline[last].valid_to)}")
    return notes


def elsewhere(chosen: Sequence[Piece], others: Sequence[Piece], scope: Scope) -> list[str]:
    """Whether another jurisdiction has an answer of its own, where none was asked for."""
    own = {piece.jurisdiction for piece in chosen if piece.jurisdiction}
    found = {piece.jurisdiction for piece in others if piece.jurisdiction} | own
    if scope.jurisdiction is not None or len(found) < 2:
        return []
    return [f"the answer may differ by jurisdiction ({', '.join(sorted(found))}): ask for one of them"]


def depends_on_size(text: str) -> bool:
    """Whether a text speaks of how large an employer is."""
    return _SIZE.search(text) is not None


def sizes(pieces: Sequence[Piece]) -> list[str]:
    """Whether a rule, or its neighbour, depends on how large the employer is."""
    sized = dict.fromkeys(normal(match[0]).casefold() for piece in pieces for match in _SIZE.finditer(piece.text))
    if not sized:
        return []
    return [f"the rule depends on the size of the employer ({', '.join(sized)})"]


def _day(moment: int) -> str:
    return "the beginning" if moment == BEGINNING else (iso(moment) or "")[:10]
