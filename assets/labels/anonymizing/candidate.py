"""Whose resume it is: the names at its head, in its labelled fields, its signature, its footer and its letter head.

What e-mail addresses and profile URLs spell is the evidence that tells a name from a title or a heading.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assets.labels.anonymizing.evidence import Evidence, evidence
from assets.labels.anonymizing.model import Masked
from assets.labels.anonymizing.vocabulary import (
    ambiguous,
    family_names,
    given_names,
    is_plain,
    organizations,
    places,
    plain_words,
)
from assets.labels.anonymizing.words import Word, run_at, runs, words

_HEAD_CHARACTERS = 6_000
_TAIL_CHARACTERS = 1_500
_HEAD_CELLS = 24
_LONGEST_CELL = 100
_LONGEST_TITLE = 40
_NEAR = 260
_CELL = re.compile(r"(?:(?!\s{3})[^\n\t|•·;\[\]])+")
_FIELD = re.compile(
    r"(?:^|[\n|•\t>]|\s{3})[ *\-•]{0,8}(?:full |complete |candidate'?s? |applicant'?s? )?"
    r"(name(?: of (?:the )?(?:applicant|candidate))?|candidate|applicant|first name|given names?|"
    r"forenames?|middle name|last name|"
    r"surname|family name|nombre(?: y apellidos)?|apellidos|nom|prénom|nome(?: completo)?|vorname|"
    r"nachname|naam|imię i nazwisko|"
    r"adı?(?: soyadı?)?|soyadı?|姓名|氏名|이름|الاسم)[ \t]{0,8}(?:[:：|–]|\s-|\t|[ ]{3})[ \t|:]{0,20}",
    re.I,
)
_FIELD_VALUE = re.compile(r"(?:(?!\s{3})[^\n\t|•;<\[(]){1,80}")
_LEAD = re.compile(
    r"\A[\s>*\-–•·]*(?:(?:resume|résumé|cv|c\.v\.|curriculum vitae|profile|biography|bio)\s?(?:of|for|"
    r"[:–-])\s+|about\s+|"
    r"personal information\s+|page \d+(?: of \d+)?\s?[-–|:,]?\s+)*(?:(?:mr|mrs|miss|dr|prof|er|adv|ca)\.?\s+|ms\.\s+)?",
    re.I,
)
_CREDENTIALS = re.compile(
    r"(?:,?\s+(?:MBA|PMP|CPA|RN|BSN|MSN|MSc|BSc|MA|BA|MS|BS|PhD|Ph\.?\s?D\.?|M\.?D\.?|JD|Esq\.?|CFA|PE|"
    r"P\.?Eng\.?|SHRM-CP|PHR|SPHR|"
    r"CISSP|LPN|CNA|ACCA|FCA|CA|Jr\.?|Sr\.?|II|III|IV|LLB|LLM|B\.?Tech|M\.?Tech|B\.?E|M\.?Sc|B\.?Sc|CSM|ITIL)\.?)+\s*\Z"
)
_TAIL = re.compile(
    r"\s*(?:[-–,|·(]\s*)?(?:page\s?\d+.{0,12}|curriculum vitae|resume|cv|\(?continued\)?|\d{1,2}|"
    r"'s (?:resume|cv))?[)\s]*\Z",
    re.I,
)
_FAMILY_FIRST = re.compile(r"([^,\n\d]{2,40}),\s*([^,\n\d]{2,30})\Z")
_STATE = re.compile(r", (?!RN|MD|BA|MA\Z|MS|PE|JD|CA\Z|Jr|Sr|II|IV|BS|BE)[A-Z]{2}(?!\w)")
_PRESENTS = re.compile(r"(?i:resume|résumé|cv|c\.v|curriculum|profile|bio|about|personal|page)")
_POSITION = re.compile(r"[^\n]{0,12}\n[ \t>]{0,8}[A-Z][^\n]{3,60} at [A-Z]")
_PAGE = re.compile(r"(?i:page \d+|\(?continued\)?|(?<!\w)(?:resume|cv) of(?!\w))")
_TITLES = frozenset(
    {"c", "v", "curriculum", "vitae", "resume", "cv", "contact", "personal", "information", "details", "profile"}
)
_CLOSING = re.compile(
    r"(?:^|\n)[> \t]{0,4}(?:(?:yours|best|kind|kindest|warm|with|very|many)\s){0,2}(?:sincerely|regards|"
    r"faithfully|respectfully|thanks|thank you|best(?: wishes)?|cheers|truly|warmly|cordially|signed|"
    r"signature|"
    r"atentamente|cordialement|mit freundlichen grüßen|grüße)(?: yours)?\s?[,.:]?\s{0,4}\n\s{0,8}[>\s]{0,4}",
    re.I,
)
_SENDER = re.compile(r"(?:^|\n)[> ]{0,4}(?:From|Sender|Von|De|Reply-To)\s?:\s{0,4}\"?", re.I)
_SELF = re.compile(r"(?i:(?<!\w)(?:my name is|i am called|this is))\s+")
_SUBJECT = re.compile(r"\s(?:is|was|has|joined|holds|brings|works|studied)\s")


@dataclass(frozen=True, slots=True)
class Name:
    """A name found at a place: its folded words in order, `family` those of the family name where it is known."""

    start: int
    end: int
    parts: tuple[str, ...]
    family: tuple[str, ...]


def find_names(text: str, found: Sequence[Masked]) -> list[Name]:
    """Every place that presents the candidate; the first is the most certain."""
    proof = evidence(text, found)
    contacts = [find.start for find in found if find.start < _HEAD_CHARACTERS]
    head = text[:_HEAD_CHARACTERS]
    names = [*_join_fields(list(_fields(head))), *_letter(text)]
    names += _cells(text, 0, len(head), proof, contacts)
    if len(text) > _HEAD_CHARACTERS:
        contacts = [find.start for find in found if find.start >= len(text) - _TAIL_CHARACTERS]
        names += _cells(text, max(len(text) - _TAIL_CHARACTERS, len(head)), len(text), proof, contacts, first=False)
    names += _beside(text, proof, found)
    for spot in _SELF.finditer(head):
        name = _name(run_at(text, spot.end()))
        if name and not _plain(name.parts):
            names.append(name)
    return names


def _beside(text: str, proof: Evidence, found: Sequence[Masked]) -> Iterator[Name]:
    """Names that an address close by spells."""
    for find in [find for find in found if find.kind in ("EMAIL", "URL")][:20]:
        for run in runs(text, max(0, find.start - 200), find.start):
            windows = (run[start : start + length] for length in (4, 3, 2) for start in range(len(run) - length + 1))
            for window in windows:
                solid = [word.folded for word in window if not word.is_initial]
                if len(solid) > 1 and proof.proves(solid) and not any(is_plain(part) for part in solid):
                    yield Name(window[0].start, window[-1].end, tuple(word.folded for word in window), ())
                    break


def _fields(text: str) -> Iterator[Name]:
    for label in _FIELD.finditer(text):
        value = _FIELD_VALUE.match(text, label.end())
        if not value:
            continue
        lead = _LEAD.match(value[0])
        start = label.end() + (lead.end() if lead else 0)
        trimmed = _CREDENTIALS.sub("", text[start : value.end()].rstrip(" .,"))
        found = words(text, start, start + len(trimmed))
        if not found or len(found) > 7 or any(character.isdigit() for character in trimmed):
            continue
        parts = tuple(word.folded for word in found)
        if all(is_plain(part) for part in parts):
            continue
        kind = label[1].lower()
        family = (
            parts if kind in ("last name", "surname", "family name", "apellidos", "nachname", "soyad", "soyadı") else ()
        )
        yield Name(found[0].start, found[-1].end, parts, family)


def _join_fields(fields: list[Name]) -> list[Name]:
    """Given and family names that stand in fields of their own, also as one name."""
    family = next((name for name in fields if name.family), None)
    given = next((name for name in fields if not name.family), None)
    if not family or not given:
        return fields
    return [*fields, Name(given.start, given.end, given.parts + family.parts, family.parts)]


def _letter(text: str) -> Iterator[Name]:
    """The sender of a message and the signature of a letter."""
    for expression in (_SENDER, _CLOSING):
        for place in expression.finditer(text):
            found = run_at(text, place.end(), place.end() + 80)
            name = _name(found)
            if name and len(name.parts) <= 5 and not _plain(name.parts) and name.parts not in organizations():
                yield name


def _cells(
    text: str, start: int, end: int, proof: Evidence, contacts: Sequence[int], *, first: bool = True
) -> Iterator[Name]:
    leading = first
    count = 0
    for cell in _CELL.finditer(text, start, end):
        if not cell[0].strip():
            continue
        count += 1
        if len(cell[0]) > _LONGEST_CELL and count > 3:
            leading = False
            continue
        lead = _LEAD.match(cell[0])
        begin = cell.start() + (lead.end() if lead else 0)
        whole, name = _whole_name(text, begin, cell.end())
        near = any(cell.start() <= place <= cell.end() + _NEAR for place in contacts)
        introduced = bool(lead and _PRESENTS.search(lead[0]))
        if name and len(name.parts) > 1 and not introduced:
            introduced = _in_page_line(text, cell, contacts) or (whole and _POSITION.match(text, name.end) is not None)
        if name and _accept(
            name,
            proof,
            leading=leading or introduced,
            near=near or introduced,
            whole=whole,
            head=count <= _HEAD_CELLS and first,
        ):
            yield name
        if len(cell[0].strip()) > _LONGEST_TITLE:
            leading = False
        elif cell_words := {word.folded for word in words(text, cell.start(), cell.end())}:
            leading = bool(cell_words & _TITLES) and cell_words <= _TITLES | plain_words()


def _in_page_line(text: str, cell: "re.Match[str]", contacts: Sequence[int]) -> bool:
    """Whether a page's number or a contact detail stands in the cell's line, near it."""
    start = text.rfind("\n", max(0, cell.start() - 80), cell.start()) + 1
    end = text.find("\n", cell.end(), cell.end() + 80)
    start, end = max(start, cell.start() - 80), end if end >= 0 else min(len(text), cell.end() + 80)
    gap = text.find("   ", cell.start(), end)
    end = gap if gap >= 0 else end
    start = max(start, text.rfind("   ", start, cell.start() + 1) + 1)
    return _PAGE.search(text, start, end) is not None or any(start <= place < end for place in contacts)


def _whole_name(text: str, begin: int, end: int) -> tuple[bool, Name | None]:
    """The name a cell begins with, and whether it is all of the cell."""
    if not run_at(text, begin, min(end, begin + 90)):
        return False, None
    cell = text[begin : min(end, begin + 90)]
    trimmed = _TAIL.sub("", _CREDENTIALS.sub("", _TAIL.sub("", cell)))
    family_first = _FAMILY_FIRST.match(trimmed)
    if family_first and not _is_place(family_first):
        family, given = words(trimmed, *family_first.span(1)), words(trimmed, *family_first.span(2))
        together = [*family, *given]
        if 2 <= len(together) <= 6 and all(word.text[0].isupper() or word.is_particle for word in together):
            found = words(text, begin, begin + len(trimmed))
            return True, Name(
                found[0].start,
                found[-1].end,
                tuple(word.folded for word in found),
                tuple(word.folded for word in family),
            )
    found = run_at(text, begin, begin + len(trimmed))
    stop = next((index for index, word in enumerate(found) if index and _ends(word)), len(found))
    named = found[:stop]
    if named and _STATE.match(text, named[-1].end):
        while named and named[-1].folded in places():
            named = named[:-1]
        if len(named) < 2:
            return False, None
    if named and (text[named[-1].end : named[-1].end + 2].lstrip(" ")[:1] == ":"):
        # A label.
        return False, None
    whole = stop == len(found) and bool(found) and found[-1].end >= begin + len(trimmed) - 1
    return whole, _name(named)


def _is_place(pair: "re.Match[str]") -> bool:
    """Whether `this, that` is a place, an employer with its city, or a title rather than a reversed name."""
    parts = [tuple(word.folded for word in words(pair[0], *pair.span(index))) for index in (1, 2)]
    return (
        (pair[2].isupper() and len(pair[2]) <= 3)
        or any(part in organizations() for part in parts)
        or (all(word in places() for word in parts[1]) and not set(parts[0]) & family_names())
        or any(is_plain(word) for part in parts for word in part if len(word) > 1)
    )


def _ends(word: Word) -> bool:
    return is_plain(word.folded) and not word.is_initial and not word.is_particle


def _name(found: Sequence[Word]) -> Name | None:
    while found and found[-1].is_particle and found[-1].text.islower():
        found = found[:-1]
    solid = [word for word in found if not word.is_initial]
    if not solid:
        return None
    return Name(found[0].start, found[-1].end, tuple(word.folded for word in found), ())


def _plain(parts: Sequence[str]) -> bool:
    return any(is_plain(part) for part in parts if len(part) > 1 and part not in ("al", "de", "do", "no"))


def _accept(name: Name, proof: Evidence, *, leading: bool, near: bool, whole: bool, head: bool) -> bool:
    solid = [part for part in name.parts if len(part) > 1]
    if all(len(part) <= 3 for part in solid) and not leading and not proof.proves(solid):
        return False
    if not solid or len(name.parts) > 6 or tuple(solid) in organizations():
        return False
    if len(solid) == 1 and is_plain(solid[0]):
        return False
    hard = [part for part in solid if is_plain(part) and not proof.explains(part)]
    if proof.proves(solid) and not hard and (whole or head) and (len(solid) > 1 or whole):
        return True
    if _plain(solid) and not (leading and near and whole and len(solid) == 2 and solid[0] in given_names()):
        return False
    soft = [part for part in solid if part in ambiguous() or part in places()]
    given = any(part in given_names() for part in solid)
    family = any(part in family_names() for part in solid[1:])
    if all(part in places() for part in solid):
        return False
    if len(solid) == 1:
        return leading and near and whole and not soft
    if leading and near:
        return True
    if leading and whole and len(solid) <= 4:
        return (given and (family or not soft)) or (not soft and len(solid) <= 3)
    return head and whole and given and family and len(soft) < len(solid)
