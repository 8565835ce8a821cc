"""Words and runs of capitalized words, with their places; nothing here keeps a whole text's words in memory."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assets.labels.anonymizing.vocabulary import PARTICLES, fold


def _uppercase() -> str:
    """The inside of a character class of capital letters."""
    codes = [code for code in range(0x41, 0x2000) if chr(code).isupper()]
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(chr(first) if first == last else f"{chr(first)}-{chr(last)}" for first, last in ranges)


UPPER = _uppercase()
_LETTER = r"[^\W\d_]"
_PARTICLE = "|".join(sorted(map(re.escape, PARTICLES - {"'t", "d'"}), key=len, reverse=True))
CAPITALIZED = rf"(?:['’][tnkTNK]\s)?(?:[dlDL]['’])?[{UPPER}](?:{_LETTER}|[\u0300-\u036f]|['’‘‑\-](?={_LETTER})){{0,40}}"
_RUN = re.compile(
    rf"(?<![\w@#])(?:(?:{_PARTICLE})[ ]){{0,3}}{CAPITALIZED}\.?(?:[ \u00a0]{{1,2}}(?:(?:{_PARTICLE})[ ])"
    rf"{{0,3}}{CAPITALIZED}\.?){{0,5}}"
)
_WORD = re.compile(rf"(?:['’][tnkTNK](?=\s))|{_LETTER}(?:{_LETTER}|[\u0300-\u036f]|['’‘‑\-](?={_LETTER})){{0,40}}")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text; `folded` is without accents and in lower case."""

    start: int
    end: int
    text: str
    folded: str

    @property
    def is_initial(self) -> bool:
        """A single letter."""
        return len(self.text) == 1

    @property
    def is_particle(self) -> bool:
        """A word such as `van` or `de`."""
        return self.folded in PARTICLES


def words(text: str, start: int, end: int) -> list[Word]:
    """The words between two places."""
    return [word_of(found) for found in _WORD.finditer(text, start, end)]


def word_of(found: "re.Match[str]") -> Word:
    """A match as a word."""
    return Word(found.start(), found.end(), found[0], fold(found[0]))


def runs(text: str, start: int = 0, end: int | None = None) -> Iterator[list[Word]]:
    """Runs of one to six capitalized words on a line, particles and initials among them."""
    for found in _RUN.finditer(text, start, len(text) if end is None else end):
        yield words(text, found.start(), found.end())


def run_at(text: str, start: int, end: int | None = None) -> list[Word]:
    """The run that begins at a place, or nothing."""
    found = _RUN.match(text, start, len(text) if end is None else end)
    return words(text, found.start(), found.end()) if found else []
