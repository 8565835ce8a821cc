"""Every other place where a name that was found stands: whole, in part, with initials, in file names, in capitals."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from assets.labels.anonymizing.candidate import Name
from assets.labels.anonymizing.model import Masked
from assets.labels.anonymizing.vocabulary import (
    PARTICLES,
    ambiguous,
    company_words,
    is_plain,
    organization_words,
    organizations,
    spell,
)
from assets.labels.anonymizing.words import words

_GAP = r"[ \t\u00a0.,_'\-]{0,3}"
_EDGE_BEFORE, _EDGE_AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_MOST_NAMES = 12
_FILE = re.compile(
    r"(?<![\w/.])([^\W\d_]{2,30}(?:[_\-.][^\W\d_]{1,30}){0,3})[_\-. ](?:cv|c\.v|resume|portfolio|"
    r"lebenslauf|curriculum)[\w\-.]{0,20}"
    r"\.(?:pdf|docx?|odt|rtf|txt)(?!\w)"
)
_PERSON_AFTER = re.compile(
    r"\s(?:is|was|has|had|joined|holds|held|brings|works|worked|led|leads|studied|earned|began|started|"
    r"lives|serves|served|"
    r"graduated|managed|manages|speaks|received|completed|moved|became|enjoys)\s"
)
_PERSON_BEFORE = re.compile(
    r"(?:(?<!\w)(?:mr|mrs|ms|miss|mx|dr|prof|dear|hi|hello|sir|madam|by|i am|named|called|regards|"
    r"sincerely|thanks|best|"
    r"contact|reach|ask|call)[.,:]?\s{1,3}|[“\"])\Z"
)


def propagate(text: str, folded: str, names: Sequence[Name], *, alone: bool = True) -> Iterator[Masked]:
    """All mentions of names in `text` (`folded` is the same with `fold`); with `alone`, single parts as well."""
    seen: set[tuple[str, ...]] = set()
    for name in names:
        if name.parts in seen:
            continue
        seen.add(name.parts)
        if len(seen) > _MOST_NAMES:
            return
        yield from _together(folded, name)
    if alone:
        parts = dict.fromkeys(part for name in names[:_MOST_NAMES] for part in name.parts)
        ends = {name.parts[-1] for name in names[:_MOST_NAMES]}
        for part in islice((part for part in parts if len(part) >= 2 and (part in ends or part not in PARTICLES)), 24):
            yield from _single(text, folded, part)


def file_names(folded: str) -> Iterator[Masked]:
    """The names that files of resumes carry."""
    for found in _FILE.finditer(folded):
        if not all(is_plain(part) for part in re.split(r"[_\-.]", found[1])):
            yield Masked("NAME", *found.span(1))


def spelled(names: Sequence[Name]) -> list[str]:
    """The letters that a personal URL of one of these people holds."""
    found: dict[str, None] = {}
    for name in names:
        solid = [spell(part) for part in name.parts if len(part) > 1]
        for letters in (
            "".join(solid),
            *solid,
            *(first + second for first, second in pairwise(solid)),
        ):
            if len(letters) >= 6 or (len(letters) >= 5 and not is_plain(letters) and letters not in ambiguous()):
                found[letters] = None
        if len(solid) > 1:
            pairs = [(first, second) for first in solid for second in solid if first != second]
            found |= dict.fromkeys(first + second for first, second in pairs if len(first + second) >= 6)
            found |= dict.fromkeys(first[0] + second for first, second in pairs if len(second) >= 4)
    return list(found)


def _together(folded: str, name: Name) -> Iterator[Masked]:
    """The name whole, reversed, with initials, and each two neighbours of its parts."""
    solid = [part for part in name.parts if len(part) > 1]
    forms: list[list[str]] = []
    if len(solid) > 1:
        first, last = solid[0], solid[-1]
        forms += [solid, [last, first], [first, last]]
        forms += [list(pair) for pair in pairwise(solid) if not set(pair) <= PARTICLES]
        forms += [solid[start:] for start in range(1, len(solid) - 1)]
        if name.family and len(name.family) > 1:
            forms.append(list(name.family))
    middle = rf"(?:[ \t\u00a0.,_'\-]{{1,3}}[^\W\d_]\.?(?![^\W_]))?{_GAP}"
    expressions = [middle.join(map(_spelling, form)) for form in forms]
    if len(solid) > 1:
        family = solid[1:] if not name.family else list(name.family)
        given = next((part for part in solid if part not in name.family), solid[0])
        for tail in (family, solid[-1:]):
            long = _GAP.join(map(_spelling, tail))
            if len("".join(tail)) >= 3:
                expressions.append(rf"{re.escape(given[0])}\.[\s.]{{0,2}}(?:[^\W\d_]\.\s?)?{long}")
                expressions.append(rf"{long},\s?{re.escape(given[0])}(?:\.|(?=\W))(?:\s?[^\W\d_]\.)?")
                if len("".join(tail)) >= 5:
                    expressions.append(rf"{re.escape(given[0])}{long}")
    if expressions:
        # The longest come first: of those that begin at one place the first that fits is taken.
        together = "|".join(dict.fromkeys(expressions))
        for found in re.finditer(f"{_EDGE_BEFORE}(?:{together}){_EDGE_AFTER}", folded):
            yield Masked("NAME", *found.span())


def _spelling(part: str) -> str:
    """A part in a pattern: apostrophes, hyphens and the German letter may be written otherwise or left out."""
    pattern = re.escape(part).replace(r"\-", r"[\- ]?").replace("'", "'?")
    return pattern.replace("ß", "(?:ß|ss)")


def _single(text: str, folded: str, part: str) -> Iterator[Masked]:
    is_word = is_plain(part) or part in ambiguous() or len(part) < 3
    for found in re.finditer(f"{_EDGE_BEFORE}{_spelling(part)}{_EDGE_AFTER}", folded):
        start, end = found.span()
        if text[start].islower() and (is_word or len(part) < 5):
            continue
        if is_word and not _person_meant(text, folded, start, end):
            continue
        if _of_company(text, folded, start, end, part):
            continue
        yield Masked("NAME", start, end)


def _person_meant(text: str, folded: str, start: int, end: int) -> bool:
    line_start, line_end = text.rfind("\n", max(0, start - 60), start) + 1, text.find("\n", end, end + 60)
    alone = (
        text[max(line_start, start - 60) : start].strip(" >*-") == ""
        and text[end : line_end if line_end >= 0 else end + 60].strip(" ,.") == ""
    )
    return (
        (alone and start > 0)
        or folded[end : end + 2] == "'s"
        or _PERSON_AFTER.match(folded, end) is not None
        or _PERSON_BEFORE.search(folded[max(0, start - 12) : start]) is not None
    )


def _of_company(text: str, folded: str, start: int, end: int, part: str) -> bool:
    following = words(text, end, end + 40)[:2] if text[end : end + 1] in (" ", "\u00a0") else []
    if following and following[0].folded in company_words() and following[0].text[0].isupper():
        return True
    if folded[end : end + 3] in (" & ", " + ") or folded[max(0, start - 3) : start] in (" & ", " + "):
        return True
    if part in organization_words() and following:
        pairs = {(part, following[0].folded), (part, *(word.folded for word in following))}
        return bool(pairs & organizations())
    before = words(text, max(0, start - 24), start)[-2:]
    return bool(before) and any(
        (*[word.folded for word in before[-count:]], part) in organizations()
        for count in (1, 2)
        if len(before) >= count
    )
