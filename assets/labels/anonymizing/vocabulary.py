"""The word lists that tell names from words, and how texts and names are made comparable."""

import unicodedata
from functools import cache
from importlib.resources import files

_APOSTROPHES = "’‘ʼ`´"
_HYPHENS = "‐‑"
_LETTERS = {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i", "İ": "I"}
PARTICLES = frozenset(
    [
        "van",
        "der",
        "den",
        "de",
        "la",
        "las",
        "los",
        "del",
        "da",
        "do",
        "dos",
        "das",
        "di",
        "du",
        "le",
        "von",
        "zu",
        "zur",
        "ter",
        "ten",
        "bin",
        "ibn",
        "al",
        "el",
        "abu",
        "ben",
        "ould",
        "mac",
        "mc",
        "ni",
        "ó",
        "o",
        "y",
        "e",
        "'t",
        "d'",
    ]
)


@cache
def _folding() -> dict[int, int]:
    table: dict[int, int] = {}
    for code in range(0xC0, 0x2000):
        base = unicodedata.normalize("NFKD", chr(code))[0]
        if base != chr(code) and base.isalpha():
            table[code] = ord(base)
    table |= {ord(letter): ord(plain) for letter, plain in _LETTERS.items()}
    table |= dict.fromkeys(map(ord, _APOSTROPHES), ord("'"))
    return table | dict.fromkeys(map(ord, _HYPHENS), ord("-"))


def fold(text: str) -> str:
    """Lower case without accents, one character for each, so that offsets stay."""
    if text.isascii():
        return text.lower().replace("`", "'")
    folded = text.translate(_folding()).lower()
    if len(folded) == len(text):
        return folded
    # A few rare letters have a longer lower case.
    return "".join(character.translate(_folding()).lower()[:1] or character for character in text)


def spell(name: str) -> str:
    """A name's letters alone, as e-mail addresses write it."""
    folded = fold(name).replace("ß", "ss")
    return folded if folded.isalnum() else "".join(filter(str.isalnum, folded))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _lines(name) for word in line.split())


def _lines(name: str) -> list[str]:
    text = (files("assets.labels.anonymizing") / "data" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def given_names() -> frozenset[str]:
    """Frequent given names, folded."""
    return _words("given.txt")


@cache
def family_names() -> frozenset[str]:
    """Frequent family names, folded."""
    return _words("family.txt")


@cache
def places() -> frozenset[str]:
    """Words of cities, regions and countries, folded."""
    return _words("places.txt")


@cache
def ambiguous() -> frozenset[str]:
    """Words that are names too: alone they say nothing."""
    names = given_names() | family_names()
    return _words("ambiguous.txt") | places() | (_words("words.txt") & names)


@cache
def plain_words() -> frozenset[str]:
    """Words that are no names, folded."""
    return _words("words.txt") - ambiguous()


def is_plain(word: str) -> bool:
    """Whether a folded word is no name; a word with hyphens is plain where all its parts are."""
    if word in plain_words() or (word.endswith("'s") and word[:-2] in plain_words()):
        return True
    return "-" in word and all(part in plain_words() for part in word.split("-"))


@cache
def organizations() -> frozenset[tuple[str, ...]]:
    """Employers, products and famous people that read like names, as folded words."""
    return frozenset(tuple(line.split()) for line in _lines("organizations.txt"))


@cache
def organization_words() -> frozenset[str]:
    """The first words of those."""
    return frozenset(words[0] for words in organizations())


@cache
def company_words() -> frozenset[str]:
    """Words that say that the name before them is not a person's, folded."""
    return _words("companies.txt")


@cache
def street_words() -> frozenset[str]:
    """Words of the language that streets are named with, folded."""
    return _words("streets.txt") | places()


@cache
def city_words() -> frozenset[str]:
    """Words of the language that cities are named with, folded."""
    return _words("cities.txt")
