"""Identity numbers and birth dates: labelled ones, and those whose form and check digits leave no doubt."""

import re
from collections.abc import Iterator

from assets.labels.anonymizing.model import Masked

_LABELLED = re.compile(
    r"(?<![\w])(?:social security|ssn|ss|ni|nino|national insurance|passport|pan|aadhaar|aadhar|uid|cpf|"
    r"cnpj|rg|pesel|bsn|sin|"
    r"t\.?\s?c\.?\s?kimlik|dni|nif|nie|nric|cnic|national id(?:entity)?|identity|id card|id|emirates id|steuer-?id|"
    r"personnummer|tax id|tin|driver'?s?'? licen[cs]e|driving licen[cs]e|licen[cs]e|visa|residence permit|work permit|"
    r"codice fiscale|curp|rut|military id|voter id|ssnit|nin|bvn|iban)"
    r"(?![^\W\d_])(?:\s?(?:card|number|no|num|nr|#))?\.?\s?[:#.|\-–\t]{0,3}[ \t]{0,4}"
    r"([A-Z]{0,4}[ \-]?\d[A-Z0-9]{0,19}(?:[ .\-/][A-Z]{0,2}\d[A-Z0-9]{0,11}){0,6}(?:[ \-/][A-Z](?!\w))?)(?!\w)",
    re.I,
)
_SOCIAL_SECURITY = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}(?![\w-])")
_NATIONAL_INSURANCE = re.compile(r"(?<!\w)(?![DFIQUV])[A-Z](?![DFIQUVO])[A-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)")
_PAN = re.compile(r"(?<!\w)[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z](?!\w)")
_AADHAAR = re.compile(r"(?<![\w-])[2-9]\d{3}[ -]\d{4}[ -]\d{4}(?![\w-])")
_CPF = re.compile(r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d\d(?!\w)")
_DNI = re.compile(r"(?<!\w)(?:\d{8}|[XYZ]-?\d{7})-?[A-Z](?!\w)")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_CARD = re.compile(r"(?<![\w-])\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}(?![\w-])")

_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fev|mai|set|out|dez|janv|févr|avr|juin|juil|"
    r"août|déc|okt|mär)[^\W\d_]{0,8}\.?"
)
_DATE = (
    rf"(?:\d{{1,2}}(?:st|nd|rd|th|\.)?[\s\-/]{{0,2}}(?:of |de )?{_MONTH}[\s,\-/]{{0,3}}(?:de )?\d{{2,4}}"
    rf"|{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}|\d{{4}}[\-/.]\d{{1,2}}[\-/.]\d{{1,2}}|"
    rf"\d{{1,2}}\s?[\-/.]\s?\d{{1,2}}\s?[\-/.]\s?\d{{2,4}}"
    rf"|\d{{1,2}} \d{{1,2}} \d{{4}})"
)
_BIRTH = re.compile(
    r"(?<!\w)(?:date\s?of\s?birth|birth\s?date|birthday|d\s?\.?\s?o\s?\.?\s?b|born|fecha de nacimiento|"
    r"geburtsdatum|geboren|"
    r"date de naissance|née?|data de nascimento|data di nascita|data urodzenia|geboortedatum|doğum tarihi|nascimento)"
    rf"(?:\s?\([^)\n]{{0,24}}\))?\.?(?:\s(?:on|am|le|in [^\W\d_]{{2,20}}(?:,)? on))?\s{{0,3}}[:|"
    rf"\-–.\t]{{0,3}}\s{{0,4}}({_DATE})(?!\w)",
    re.I,
)


def identity_numbers(text: str) -> Iterator[Masked]:
    """Numbers of passports, insurance, tax and the like, and of bank accounts and cards."""
    from stdnum import iban, luhn, verhoeff
    from stdnum.br import cpf
    from stdnum.es import dni, nie

    for found in _LABELLED.finditer(text):
        if sum(character.isdigit() for character in found[1]) >= 5 and not _is_years(found[1]):
            yield Masked("ID_NUMBER", *found.span(1))
    for expression in (_SOCIAL_SECURITY, _NATIONAL_INSURANCE, _PAN):
        for found in expression.finditer(text):
            yield Masked("ID_NUMBER", *found.span())
    checked = (
        (_AADHAAR, lambda number: verhoeff.is_valid(re.sub(r"\D", "", number))),
        (_CPF, cpf.is_valid),
        (_DNI, lambda number: dni.is_valid(number) or nie.is_valid(number)),
        (_IBAN, iban.is_valid),
        (_CARD, lambda number: luhn.is_valid(re.sub(r"\D", "", number))),
    )
    for expression, is_valid in checked:
        for found in expression.finditer(text):
            if is_valid(found[0]):
                yield Masked("ID_NUMBER", *found.span())


def birth_dates(text: str) -> Iterator[Masked]:
    """Dates that a label calls somebody's birth."""
    for found in _BIRTH.finditer(text):
        yield Masked("BIRTH_DATE", *found.span(1))


def _is_years(number: str) -> bool:
    return re.fullmatch(r"(?:(?:19|20)\d\d[ \-/.]*){1,2}", number) is not None
