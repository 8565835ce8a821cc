"""Checks every sentence of a draft against what it cites, whoever wrote it. A sentence that fails is not shown.

First that the quotes are quotes: verbatim, at the stated offsets, of a version that is among the evidence. Then that the
sentence says no more, no less and nothing else than its quotes: see `entailment`.
"""

import re
from collections.abc import Callable, Sequence

from assets.answers.entailment import says_the_same
from assets.answers.instructions import addresses_a_machine
from assets.answers.meaning import Meanings
from assets.answers.model import Draft, Dropped, Piece, Quote
from assets.storage.hashing import content_hash

_LONGEST_QUOTE = 4_000


class Checker:
    """Checks drafts against one collection of evidence. `text_of` gives a version's stored text, verified against its hash."""

    def __init__(self, evidence: Sequence[Piece], text_of: Callable[[str], str], meanings: Meanings) -> None:
        self._pieces = evidence
        self._text_of = text_of
        self._meanings = meanings

    def check(self, drafts: Sequence[Draft]) -> tuple[list[Draft], list[Dropped]]:
        """The sentences that hold, once each and in order, and those that were dropped, by the first check that they failed."""
        held: list[Draft] = []
        dropped: list[Dropped] = []
        for draft in drafts:
            if any(normal(draft.text) == normal(each.text) for each in held):
                continue
            failed = self.failed(draft)
            if failed:
                dropped.append(Dropped(failed, content_hash(draft.text.encode())))
            else:
                held.append(draft)
        return held, dropped

    def failed(self, draft: Draft) -> str:
        """The name of the first check that a sentence fails; empty where it holds."""
        if not draft.quotes:
            return "uncited"
        for quote in draft.quotes:
            if not self._stands(quote):
                return "not verbatim"
        if addresses_a_machine(draft.text):
            return "instruction"
        failures = [says_the_same(draft.text, part, self._meanings) for part in _by_version(draft.quotes)]
        return "" if "" in failures else failures[0]

    def _stands(self, quote: Quote) -> bool:
        """Whether a quote stands where it says: whole words inside a piece of the evidence, in a version as it is stored."""
        if not 0 <= quote.start < quote.end or quote.end - quote.start > _LONGEST_QUOTE or not quote.text.strip():
            return False
        if not any(_within(quote, piece) for piece in self._pieces):
            return False
        text = self._text_of(quote.version)
        if text[quote.start : quote.end] != quote.text:
            return False
        before, after = text[quote.start - 1 : quote.start], text[quote.end : quote.end + 1]
        return not (before.isalnum() and quote.text[0].isalnum()) and not (after.isalnum() and quote.text[-1].isalnum())


def normal(text: str) -> str:
    """A text with every run of white space as one space."""
    return re.sub(r"\s+", " ", text).strip()


def _within(quote: Quote, piece: Piece) -> bool:
    same = (quote.document_id, quote.version, quote.uri) == (piece.document_id, piece.version, piece.uri)
    return same and any(start <= quote.start and quote.end <= end for start, end in piece.spans)


def _by_version(quotes: Sequence[Quote]) -> list[str]:
    """The quoted text of each version that is cited, in the order of the text; sentences of two versions are not one."""
    versions = dict.fromkeys((quote.document_id, quote.version) for quote in quotes)
    return [
        " ".join(
            quote.text
            for quote in sorted(quotes, key=lambda each: each.start)
            if (quote.document_id, quote.version) == version
        )
        for version in versions
    ]
