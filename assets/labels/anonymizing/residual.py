"""A second search for personal items, by another method than the one that masked: it sees no layout and trusts no position.

Names are told by how their letters follow each other (a comparison of letter trigrams of names and of words), by the frequent
names they hold and by what stands around them; numbers by the runs of digits that are left; addresses by signs that survive
any spelling. It reads anonymized text: placeholders such as `[NAME]` are context, never findings.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from assets.labels.anonymizing.vocabulary import (
    ambiguous,
    company_words,
    family_names,
    given_names,
    is_plain,
    organizations,
    places,
    plain_words,
)
from assets.labels.anonymizing.words import Word, runs

_PLACEHOLDER = re.compile(r"\[(?:NAME|EMAIL|PHONE|ADDRESS|POSTCODE|BIRTH_DATE|URL|ID_NUMBER)\]")
_AT = re.compile(r"(?<=[\w.])@(?=[\w-]{1,63}\.\w)")
_PROFILE = re.compile(
    r"(?<!\w)(?:linkedin|github|gitlab|facebook|instagram|behance|dribbble|xing|twitter)\.(?:com|net)/[\w@./-]{2,120}",
    re.I,
)
_DIGITS = re.compile(r"(?<![\w.,$€£#/-])\+?\(?\d(?:[ ().\-]{0,2}\d){7,17}(?![\w%])")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_BORN = re.compile(
    r"(?i:(?<!\w)(?:date of birth|birth ?date|dob|d\.o\.b\.?|born on))[\s:.\-–]{0,4}(?=\d|"
    r"[A-Z][a-z]{2,8} \d)[\w ,./-]{6,20}"
)
_STREET = re.compile(
    r"(?<![\w$.,])\d{1,5} (?:[A-Z][\w.'’]{1,20} ){1,3}(?:Street|Avenue|Road|Boulevard|Lane|Blvd|Ave|Rd)(?!\w)"
)
_BEFORE_POSTCODE = re.compile(r"(?<![^\n|•·])(?=[^\n\[\]|•·]{0,80}\d)[^\n\[\]|•·]{4,80}[ ,-]\[POSTCODE\]")
_SITE = re.compile(r"(?<![\w.])(?:https?://|www\.)[^\s\[\]<>|]{4,200}", re.I)
_CODE = re.compile(r"(?<![\w.,$€£#/-])[A-Z]{0,3}\d{7,10}[A-Z]?(?![\w%.,-])")
_HONORIFIC = re.compile(r"(?<![\w/.])(?:Mr|Mrs|Ms|Dr|Prof)\.?\s\Z")
_EMPLOYER_BEFORE = re.compile(
    r"(?:(?<!\w)(?:at|for|with|the|of|in|from|to|and|via|using)\s|[&,/|•:]\s{0,2}|[-–]\s)\Z", re.I
)
# How name-like the letters have to be, where no list holds either word and where one does.
_SURE = 0.1
_LIKELY = -0.5
_FEW_LETTERS = 14


@dataclass(frozen=True, slots=True)
class Finding:
    """Something personal that is perhaps left: characters `start` to `end` (exclusive) of the text that was searched."""

    kind: str
    start: int
    end: int


def find_residual(text: str) -> list[Finding]:
    """What is perhaps left in an anonymized text, in order; empty where nothing is suspicious."""
    findings = [*_addresses(text), *_numbers(text), *_names(text)]
    return sorted(findings, key=lambda finding: (finding.start, finding.end))


def _addresses(text: str) -> Iterator[Finding]:
    for sign in _AT.finditer(text):
        start, end = sign.start(), sign.end()
        while start > 0 and sign.start() - start < 64 and not text[start - 1].isspace():
            start -= 1
        while end < len(text) and end - sign.end() < 100 and not text[end].isspace():
            end += 1
        yield Finding("EMAIL", start, end)
    for kind, expression in (
        ("URL", _PROFILE),
        ("BIRTH_DATE", _BORN),
        ("ADDRESS", _STREET),
        ("ADDRESS", _BEFORE_POSTCODE),
    ):
        for found in expression.finditer(text):
            yield Finding(kind, *found.span())
    for site in _SITE.finditer(text):
        # A site of a contact block; one that a sentence names is an employer's or a product's.
        if _PLACEHOLDER.search(text, max(0, site.start() - 40), site.end() + 40):
            yield Finding("URL", *site.span())
    for code in _CODE.finditer(text):
        if _PLACEHOLDER.search(text, max(0, code.start() - 120), code.end() + 120):
            yield Finding("NUMBER", *code.span())


def _numbers(text: str) -> Iterator[Finding]:
    for found in _DIGITS.finditer(text):
        number = found[0]
        count = sum(digit.isdigit() for digit in number)
        years = len(_YEAR.findall(number))
        groups = re.findall(r"\d+", number)
        is_grouped = len(groups) > 1 or number.startswith("+")
        if years and count - 4 * years <= 4:
            continue
        if number.count(".") > 1 and max(map(len, groups)) < 3:
            continue
        if (is_grouped and 9 <= count <= 15) or (not is_grouped and 10 <= count <= 12):
            yield Finding("NUMBER", *found.span())


def _names(text: str) -> Iterator[Finding]:
    for run in runs(text):
        for part in _without_plain(run):
            if _suspicious(text, part):
                yield Finding("NAME", part[0].start, part[-1].end)


def _without_plain(run: list[Word]) -> Iterator[list[Word]]:
    """The pieces of a run between words of the language."""
    piece: list[Word] = []
    for word in run:
        if is_plain(word.folded) and not word.is_initial and not word.is_particle:
            if piece:
                yield piece
            piece = []
        else:
            piece.append(word)
    if piece:
        yield piece


def _suspicious(text: str, part: list[Word]) -> bool:
    solid = [word for word in part if not word.is_initial and not word.is_particle]
    if not solid or _PLACEHOLDER.match(text, part[0].start - 1):
        return False
    folded = tuple(word.folded for word in solid)
    if any(folded[start : start + length] in organizations() for start in range(len(folded)) for length in (1, 2, 3)):
        return False
    if any(word in company_words() for word in folded) or all(word in places() for word in folded):
        return False
    before = text[max(0, part[0].start - 8) : part[0].start]
    if _HONORIFIC.search(before):
        return True
    following = text[part[-1].end : part[-1].end + 24]
    if re.match(r"(?:'s)? (?:&|and Sons|[A-Z]\w+)", following) or len(solid) < 2 or len(solid) > 4:
        return False
    given = folded[0] in given_names() and folded[0] not in places()
    family = folded[-1] in family_names()
    if folded[0] in ambiguous() and folded[-1] in ambiguous():
        return False
    score = sum(map(_likeness, folded)) / len(folded)
    alone = _is_alone(text, part)
    if given and family:
        return alone or not _EMPLOYER_BEFORE.search(before)
    return alone and score > (_LIKELY if given or family else _SURE) and _beside_placeholder(text, part)


def _is_alone(text: str, part: list[Word]) -> bool:
    """Whether little but signs and placeholders stands beside it on its line."""
    start, end = part[0].start, part[-1].end
    line_start = text.rfind("\n", max(0, start - 60), start) + 1
    line_end = text.find("\n", end, end + 60)
    before = text[max(line_start, start - 60) : start]
    after = text[end : line_end if line_end >= 0 else end + 60]
    beside = _PLACEHOLDER.sub("", before) + " " + _PLACEHOLDER.sub("", after)
    return sum(character.isalpha() for character in beside) <= _FEW_LETTERS and not any(map(str.isdigit, beside))


def _beside_placeholder(text: str, part: list[Word]) -> bool:
    around = text[max(0, part[0].start - 80) : part[-1].end + 80]
    return bool(re.search(r"\[(?:EMAIL|PHONE|ADDRESS|URL|BIRTH_DATE|ID_NUMBER)\]", around)) and "[NAME]" not in around


@cache
def _trigrams() -> tuple[dict[str, float], float]:
    """How much more often three letters follow each other in names than in words, as a logarithm; and that of unseen ones."""
    names = Counter(trigram for name in given_names() | family_names() for trigram in _threes(name))
    words = Counter(trigram for word in plain_words() for trigram in _threes(word))
    total_names, total_words = sum(names.values()), sum(words.values())
    size = len(set(names) | set(words))
    table = {
        trigram: math.log((names[trigram] + 0.5) / (total_names + size / 2))
        - math.log((words[trigram] + 0.5) / (total_words + size / 2))
        for trigram in set(names) | set(words)
    }
    return table, 0.2


def _threes(word: str) -> list[str]:
    padded = f"^{word}$"
    return [padded[start : start + 3] for start in range(len(padded) - 2)]


def _likeness(word: str) -> float:
    """How much a folded word looks like a name: positive where its letters follow each other as in names."""
    table, unseen = _trigrams()
    threes = _threes(word[:40])
    return sum(table.get(three, unseen) for three in threes) / len(threes)
