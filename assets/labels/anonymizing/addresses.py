"""Postal addresses and postcodes: a street, box or flat in the forms of many countries, and the places that follow it.

A city or an employer's address line without a street stays; it says where somebody works, not where they live.
"""

import re
from collections.abc import Iterator
from functools import cache

from assets.labels.anonymizing.model import Masked
from assets.labels.anonymizing.vocabulary import city_words, fold, places, plain_words, street_words
from assets.labels.anonymizing.words import UPPER

_CAPITAL = rf"[{UPPER}][\w.'’-]{{0,30}}"
_LETTERS = rf"[{UPPER}](?:[^\W\d_]|[.'’-]){{0,30}}(?![\w])"
_STRONG = "street|avenue|ave|road|rd|boulevard|blvd|lane|ln|terrace|highway|hwy|parkway|pkwy|mews|nagar|salai|marg"
_WEAK = (
    "st|crescent|drive|dr|court|ct|place|pl|close|way|walk|square|sq|circle|cir|trail|alley|row|grove|gardens|parade|esplanade|green|"
    "hill|approach|wharf|quay|loop|plaza|sector|colony|enclave|layout|cross|main|chowk|vihar|view"
)
_BREAK = r"(?=\.?\s?(?:\Z|[\n,;|•·#\[]|\s{2,}|-|(?:[Aa]pt|[Uu]nit|[Ss]uite)\b|\d|[A-Z][\w. ]{2,20},? ?[A-Z]{2}\b))"
_HOUSE = r"(?<![\w$€£.,/#-])(?:(?:No|H\.No|Plot|nº)\.?\s?)?\d{1,5}[A-Za-z]?(?:[-/]\d{1,5}[A-Za-z]?)?,? "
_STREETS = (
    re.compile(
        rf"{_HOUSE}(?:(?:{_CAPITAL}|\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH)|of|the|de|la)\s){{0,4}}"
        rf"(?:(?=[A-Z])(?i:{_STRONG})(?!\w)\.?(?:\s(?:\d{{1,4}}|NE|NW|SE|SW|N|S|E|W|North|South|East|West)(?!\w))?"
        rf"|(?=[A-Z])(?i:{_WEAK})(?!\w)(?:\s(?:\d{{1,4}}|NE|NW|SE|SW|N|S|E|W)(?!\w))?{_BREAK})"
    ),
    re.compile(
        r"(?<!\w)(?:[A-ZÄÖÜ][\w.-]{0,20} ){0,2}[A-ZÄÖÜ]\w{1,30}"
        r"(?:straße|strasse|str\.|weg|allee|platz|gasse|(?<=[nsdkl])ring|damm|ufer|straat|gracht|laan|plein|"
        r"kade|dijk|singel)"
        r" (?!(?:19|20)\d\d(?!\d))\d{1,4} ?[a-z]?(?:-\d{1,4})?(?!\w|\.\d)"
    ),
    re.compile(
        r"(?<!\w)(?:Calle|C/|Avenida|Avda?\.?|Paseo|Plaza|Rua|Travessa|Alameda|Praça|Rodovia|[Uu]l\.|"
        r"[Aa]l\.|[Oo]s\.|[Pp]lac|"
        r"Aleja|Via|Viale|Piazza|Corso|Rúa|Carrera|Cra\.|Am|An der)\s(?=[^\n]{2,60}\d)"
        r"[^\n,;|\d]{3,45},?\s?(?:n[º°o]\.?\s?|No\.?:?\s?)?\d{1,5}(?:/\d{1,4})?[a-z]?(?!\w)"
    ),
    re.compile(
        rf"(?<![\w$€£.,/#-])\d{{1,4}}(?:\s(?:bis|ter))?,?\s(?:rue|avenue|boulevard|bd|place|chemin|allée|"
        rf"impasse|quai|cours|route)\s"
        rf"(?:(?:de|du|des|la|le|les)\s|[dl]['’]){{0,3}}{_CAPITAL}(?:\s(?:{_CAPITAL}|du|de|la|des)){{0,3}}"
    ),
    re.compile(
        rf"(?<!\w)(?:{_CAPITAL} ){{1,3}}(?:Caddesi|Cad\.|Sokak|Sokağı|Sk\.|Mahallesi|Mah\.|Bulvarı|Blv\.)"
        r"(?:\s?No\s?:?\s?\d{1,4})?(?:,?\s?D\s?:\s?\d{1,3})?"
    ),
    re.compile(r"(?<!\w)P\.?\s?O\.?\s?Box\s\d{1,6}(?!\w)", re.I),
    re.compile(
        rf"(?<!\w)(?:Villa|Flat|Apartment|Apt|Unit|Plot|House|H\.?\s?No|Door)\.?\s?(?:No\.?\s?)?#?\d{{1,4}}[A-Za-z]?,\s"
        rf"(?:(?:{_CAPITAL}|\d{{1,3}}(?:st|nd|rd|th)?)(?:\s(?=[\w])|(?=\W|\Z))){{1,4}}"
    ),
)
_UNIT_BEFORE = re.compile(
    r"(?<!\w)(?:Villa|Flat|Apartment|Apt|Unit|Plot|House|H|Door|Suite)\.?\s?(?:No\.?\s?)?#?\w{1,5},?\s\Z", re.I
)
_UNIT_AFTER = re.compile(
    r"\.?,?\s?(?:(?:Apartment|Apto|Apt|Unit|Suite|Ste|Flat|Floor|Piso)\.?\s?#?(?:\d[\w-]{0,5}|[A-Z](?!\w))|"
    r"#\s?\w{1,5}|D\s?:\s?\d{1,3}|\d{1,2}[º°]\s?[A-Z]?|P\.?O\.? Box \d{1,6})(?!\w)",
    re.I,
)
_PLACE = re.compile(rf"(,\s?|\s[-–]\s|\s|\s?\n\s{{0,8}})({_LETTERS}(?: (?:{_LETTERS}|am|de|of|del|la|do)){{0,4}})")
_CODE = re.compile(
    r"(?:,?\s{0,2}\n?\s?|\s?[-–]\s?)(?:(?:CEP|PIN|ZIP|PLZ|D|F|Pin ?code)\s?[-:]?\s?)?"
    r"(\d{5}-\d{4}|\d{5}-\d{3}|\d{2}-\d{3}|\d{4} ?[A-Z]{2}|\d{3} \d{3}|\d{4,6}|"
    r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?!\w)"
)
_STANDING_CODES = (
    re.compile(r"(?<!\w)([A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})(?!\w)"),
    re.compile(r"(?<!\w)([ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d)(?!\w)"),
    re.compile(
        r"(?:,\s|\s)(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|"
        r"S[CD]|T[NX]|UT|V[AT]|"
        r"W[AIVY]),?\s(\d{5}(?:-\d{4})?)(?![\w,-])"
    ),
    re.compile(
        r"(?i:(?<!\w)(?:post\s?code|postal code|zip(?: code)?|pin\s?code|plz|cep|"
        r"pin)\s?[:.#\-]{0,2}\s?)(\d[\d -]{2,8}\d)(?!\w)"
    ),
)
_LABELLED = re.compile(
    r"(?<!\w)(?:(?:home|permanent|current|present|mailing|postal|correspondence|residential)\s)?"
    r"(?:address|residence|dirección|adresse|endereço|adres|domicilio|anschrift|indirizzo)\s?[:|\t]\s{0,4}(?=\S)",
    re.I,
)
_LABELLED_END = re.compile(
    r"[\n|•·;\t]|\s{3,}|(?i:(?<!\w)(?:phone|tel|mobile|mob|cell|e-?mail|contact|nationality|dob|"
    r"date of birth|born)(?!\w))"
)
_SENTENCE = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "and",
        "with",
        "for",
        "in",
        "on",
        "at",
        "to",
        "from",
        "by",
        "that",
        "has",
        "have",
        "unit",
        "units",
        "or",
        "as",
        "via",
    ]
)
_COUNTRIES = frozenset(
    [
        "usa",
        "germany",
        "france",
        "spain",
        "india",
        "nigeria",
        "brazil",
        "poland",
        "netherlands",
        "canada",
        "australia",
        "turkey",
        "uk",
    ]
)


def addresses(text: str, found: list[Masked]) -> Iterator[Masked]:
    """Addresses with their postcodes; they end before what was `found` already."""
    stops = sorted(find.start for find in found)
    for label in _LABELLED.finditer(text):
        end_found = _LABELLED_END.search(text, label.end(), label.end() + 160)
        end = _stop(stops, label.end(), end_found.start() if end_found else min(len(text), label.end() + 160))
        line = text[label.end() : end].rstrip(" ,.-")
        code = next((code for code in _CODE.finditer(line) if code.start() > 3), None)
        if not any(expression.search(line) for expression in _STREETS) and len(line.split()) > 1:
            if code:
                yield Masked("ADDRESS", label.end(), label.end() + code.start())
                yield Masked("POSTCODE", label.end() + code.start(1), label.end() + code.end(1))
            elif any(character.isdigit() for character in line):
                yield Masked("ADDRESS", label.end(), label.end() + len(line))
    for expression in _STREETS:
        for street in expression.finditer(text):
            if expression is _STREETS[2] and any(word in _SENTENCE for word in street[0].split()):
                continue
            if expression is _STREETS[0] and any(
                fold(word.strip(".,")) in _no_street_words() for word in street[0].split()[1:-1]
            ):
                continue
            yield from _whole(text, street.start(), street.end(), stops)


def postcodes(text: str) -> Iterator[Masked]:
    """Postcodes that can be told without a street."""
    for expression in _STANDING_CODES:
        for code in expression.finditer(text):
            yield Masked("POSTCODE", *code.span(1))


def _whole(text: str, start: int, end: int, stops: list[int]) -> Iterator[Masked]:
    before = _UNIT_BEFORE.search(text, max(0, start - 20), start)
    if before:
        start = before.start()
    limit = _stop(stops, end, min(len(text), end + 120))
    has_place = False
    for _ in range(6):
        unit = _UNIT_AFTER.match(text, end, limit)
        if unit and not has_place:
            end = unit.end()
            continue
        code = _CODE.match(text, end, limit)
        if code:
            yield Masked("ADDRESS", start, end)
            yield Masked("POSTCODE", *code.span(1))
            if not has_place:
                city = _PLACE.match(text, code.end(), limit)
                length = _place_length(city[2]) if city and city[1].strip(" ") == "" else 0
                if city and length:
                    yield Masked("ADDRESS", city.start(2), city.start(2) + length)
            return
        place = _PLACE.match(text, end, limit)
        length = _place_length(place[2]) if place else 0
        if not place or not length:
            break
        stop = place.start(2) + length
        if "," not in place[1] and not _CODE.match(text, stop, limit) and fold(place[2].split()[0]) not in places():
            break
        if (
            "\n" in place[1]
            and not _CODE.match(text, stop, limit)
            and not re.match(r", [A-Z]{2} \d", text[stop : stop + 6])
        ):
            break
        end, has_place = stop, True
    yield Masked("ADDRESS", start, end)


@cache
def _no_street_words() -> frozenset[str]:
    return plain_words() - street_words()


def _place_length(words: str) -> int:
    """How many characters of capitalized words may be a place: up to the first that is a word of resumes."""
    length = 0
    for word in re.finditer(r"\S+", words):
        plain = fold(word[0].strip(".'’-"))
        known = plain in places() or plain in city_words() or (len(plain) in (2, 3) and word[0].isupper())
        if (length and plain in _COUNTRIES) or (plain in plain_words() and not known):
            break
        length = word.end()
        if word[0].endswith(".") and len(plain) > 3:
            return length - 1
    return length


def _stop(stops: list[int], start: int, end: int) -> int:
    from bisect import bisect_left

    position = bisect_left(stops, start)
    return min(end, stops[position]) if position < len(stops) else end
