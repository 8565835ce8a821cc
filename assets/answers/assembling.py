"""Assembles the evidence whole: with a statement come the items of the list that it opens, its neighbours in a list, the
exceptions behind it, the definitions of its terms, and the sections that it refers to, one step far."""

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from assets.answers.model import Piece
from assets.answers.reading import Reading, Readings
from assets.answers.retrieval import Version, versions_of
from assets.answers.statements import Statement, core, in_a_list, piece, statements
from assets.lineage import schema

FOUND = 6
"""How many of the statements that were found are evidence."""

_FAR = 8.0
"""How far below the best score a statement may lie to be evidence."""

_MOST_ITEMS = 12
_NEIGHBOURS = 2
_MOST_DEFINITIONS = 3
_MOST_REFERENCES = 3
_OF_A_REFERENCE = 2
_EXCEPTION = re.compile(
    r"\W*(?:\([0-9A-Za-z]{1,4}\)\s*)*(?:Except|Notwithstanding|However|Unless|This (?:section|subsection|paragraph|rule|does)|"
    r"The (?:foregoing|requirements?) .{0,40}(?:does|do|shall) not apply|(?:Subsection|Paragraph|Section) .{0,40}does not apply)"
)
_DEFINES = re.compile(
    r"\W*(?:\([0-9A-Za-z.\-]{1,8}\)\s*)*[“\"]([^”\"]{2,60})[”\"][^.]{0,60}?\b(?:means|includes|refers to|has the meaning)\b"
)
_REFERENCE = re.compile(r"(?:§{1,2}|\b[Ss]ections?)\s*(\d[\w.]*-\d[\w.]*|\d+(?:\.\d+)+)")
_NUMBER = re.compile(r"\d[\w.]*-\d[\w.]*|\d+(?:\.\d+)+")


class Assembler:
    """Assembles evidence from the versions that were valid at a moment, as recorded in a generation."""

    def __init__(self, connection: Connection, readings: Readings, generation: int, moment: int) -> None:
        self._connection = connection
        self._readings = readings
        self._generation = generation
        self._moment = moment

    def assemble(self, found: Sequence[Piece], versions: dict[tuple[str, str], Version]) -> list[Piece]:
        """The found pieces, best first, each followed by what it needs to be understood, every statement once.

        `versions` are those of the found pieces, by document id and version.
        """
        gathered: dict[tuple[str, str, int], Piece] = {}

        def take(pieces: Iterator[Piece], most: int) -> None:
            for taken in pieces:
                key = taken.document_id, taken.version, taken.core[0]
                if most and key not in gathered:
                    gathered[key] = taken
                    most -= 1

        best = [piece for piece in found[:FOUND] if piece.score >= found[0].score - _FAR]
        take(iter(best), len(best))
        for each in best:
            version = versions[each.document_id, each.version]
            reading = self._reading(version)
            take(self._items(each, version, reading), _MOST_ITEMS)
            take(self._neighbours(each, version, reading), 2 * _NEIGHBOURS)
        for each in best[:2]:
            version = versions[each.document_id, each.version]
            take(self._definitions(each, version), _MOST_DEFINITIONS)
            take(self._references(each, version), _MOST_REFERENCES * _OF_A_REFERENCE)
        return list(gathered.values())

    def _reading(self, version: Version) -> Reading:
        return self._readings.of(version.version, version.structure, version.title)

    def _items(self, each: Piece, version: Version, reading: Reading) -> Iterator[Piece]:
        for statement in statements(reading):
            if any(each.core[0] <= reading.sentences[lead].start < each.core[1] for lead in statement.lead):
                yield piece(reading, version, statement, "item")

    def _neighbours(self, each: Piece, version: Version, reading: Reading) -> Iterator[Piece]:
        every = statements(reading)
        here = next((place for place, other in enumerate(every) if core(reading, other)[0] == each.core[0]), None)
        if here is None:
            return
        for place in range(max(0, here - _NEIGHBOURS), min(len(every), here + _NEIGHBOURS + 1)):
            other = every[place]
            same_list = in_a_list(reading, every[here]) and in_a_list(reading, other) and other.lead == every[here].lead
            excepts = place > here and _EXCEPTION.match(_text(reading, other)) is not None
            under = reading.sentences[other.first].headings == each.headings
            if place != here and under and (same_list or excepts):
                yield piece(reading, version, other, "neighbour")

    def _definitions(self, each: Piece, version: Version) -> Iterator[Piece]:
        text = each.text.casefold()

        def defined(reading: Reading, statement: Statement) -> bool:
            match = _DEFINES.match(_text(reading, statement))
            return match is not None and re.search(rf"\b{re.escape(match[1].casefold())}", text) is not None

        places = [version, *self._definition_sections(version)]
        for place in {found.document_id: found for found in places}.values():
            reading = self._reading(place)
            for statement in statements(reading):
                if defined(reading, statement) and core(reading, statement) != each.core:
                    yield piece(reading, place, statement, "definition")

    def _definition_sections(self, version: Version) -> list[Version]:
        """The section of definitions that lies nearest by its number: the one whose number begins most alike."""
        own = _NUMBER.search(version.title)
        if own is None:
            return []
        rows = self._titled(version.source, [schema.versions.c.title.like("%Definitions%")])
        numbered = [(match[0], document_id) for document_id, title in rows if (match := _NUMBER.search(title))]
        best = max(numbered, key=lambda pair: (_alike(own[0], pair[0]), pair[1]), default=None)
        return [] if best is None or "-" not in own[0][: _alike(own[0], best[0]) + 1] else self._versions({best[1]})

    def _references(self, each: Piece, version: Version) -> Iterator[Piece]:
        numbers = [number.rstrip(".") for number in dict.fromkeys(_REFERENCE.findall(each.text))][:_MOST_REFERENCES]
        if not numbers:
            return
        title = schema.versions.c.title
        rows = self._titled(version.source, [title.like(f"% {number}.%") for number in numbers])
        wanted = {document_id for document_id, _ in rows if document_id != version.document_id}
        for place in sorted(self._versions(wanted), key=lambda found: found.document_id):
            reading = self._reading(place)
            for statement in statements(reading)[:_OF_A_REFERENCE]:
                yield piece(reading, place, statement, "reference")

    def _titled(self, source: str, titles: Sequence[ColumnElement[bool]]) -> list[tuple[str, str]]:
        table = schema.versions
        query = select(table.c.document_id, table.c.title).where(
            and_(table.c.source == source, table.c.to_generation > self._generation),
            and_(table.c.from_generation <= self._generation),
            and_(table.c.valid_from <= self._moment, table.c.valid_to > self._moment),
            or_(*titles),
        )
        return [(row.document_id, row.title) for row in self._connection.execute(query.limit(50))]

    def _versions(self, document_ids: set[str]) -> list[Version]:
        return list(versions_of(self._connection, document_ids, self._generation, self._moment).values())


def _text(reading: Reading, statement: Statement) -> str:
    start, end = core(reading, statement)
    return reading.text[start:end]


def _alike(one: str, other: str) -> int:
    """How many characters two section numbers have in common at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
