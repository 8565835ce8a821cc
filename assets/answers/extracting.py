"""The built-in generator: selects whole sentences from the evidence and orders them. Every sentence is a quote."""

from collections.abc import Mapping, Sequence

from assets.answers.model import Draft, Piece, Quote
from assets.answers.noticing import depends_on_size

MOST = 3
"""How many statements an answer holds at most, besides what belongs to them."""

MARGIN = 3.5
"""How far below the best score a further statement may lie; one that lies further off rather distracts than adds."""

_SIDE_BY_SIDE = 12
"""In characters, white space and indentation."""


class Extractor:
    """Chooses the statements that fit best, each with the rule that opens its list and what belongs to it."""

    name = "extractive"

    def __init__(self) -> None:
        self.settings: Mapping[str, str | int | float] = {"most": MOST, "margin": MARGIN}

    def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
        """The best statements, best first; right behind each the list items that it opens; what holds for employers of another
        size comes last."""
        found = sorted((piece for piece in evidence if piece.role == "found"), key=lambda each: -each.score)
        chosen = [piece for piece in found[:MOST] if piece.score >= found[0].score - MARGIN]
        drafts: list[Draft] = []
        for piece in chosen:
            drafts.append(quoting(piece))
            drafts += [quoting(other) for other in evidence if other.role == "item" and _opens(piece, other)]
        # Where a rule depends on the employer's size, half of it misleads.
        beside = [other for other in evidence if other.role == "neighbour" and _same_list(found[0], other)]
        if any(depends_on_size(each.text) for each in (found[0], *beside)):
            drafts += [quoting(other) for other in beside[:MOST] if depends_on_size(found[0].text + other.text)]
        return drafts


def quoting(piece: Piece) -> Draft:
    """A sentence that is the piece, word for word, with the core quoted first."""
    spans = [piece.core, *(span for span in piece.spans if span != piece.core)]
    parts = iter(_parts(piece))
    by_span = dict(zip(piece.spans, parts, strict=True))
    return Draft(piece.text, tuple(quote(piece, span, by_span[span]) for span in spans))


def quote(piece: Piece, span: tuple[int, int], text: str) -> Quote:
    """A part of a piece as a quote."""
    return Quote(
        piece.chunk_ids[piece.spans.index(span)], piece.document_id, piece.version, span[0], span[1], text, piece.uri
    )


def _parts(piece: Piece) -> list[str]:
    """The text of each span, taken out of the piece's own text, which holds them one after the other."""
    parts, start = [], 0
    for first, last in piece.spans:
        parts.append(piece.text[start : start + last - first])
        start += last - first + 1
    return parts


def _same_list(piece: Piece, other: Piece) -> bool:
    """Whether two pieces stand in one list, side by side."""
    same = (piece.document_id, piece.version, piece.spans[:-1]) == (other.document_id, other.version, other.spans[:-1])
    return same and min(abs(piece.core[0] - other.core[1]), abs(other.core[0] - piece.core[1])) < _SIDE_BY_SIDE


def _opens(piece: Piece, other: Piece) -> bool:
    """Whether a statement ends with the rule that opens the list which another one stands in."""
    same = (piece.document_id, piece.version) == (other.document_id, other.version)
    return same and any(
        piece.core[0] <= start and end == piece.core[1] for start, end in other.spans if (start, end) != other.core
    )
