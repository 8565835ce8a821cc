"""E-mail addresses, profile and personal URLs, phone numbers.

Every expression is anchored where a word begins and bounded in length, so that the time is linear in the text.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from assets.labels.anonymizing.model import Masked

_LOCAL = re.compile(r"[\w.+%'’\-]{1,64}\Z")
_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
_AT = re.compile(r"(?<=[\w.+%'-])@(?=\w)")
_SPELLED = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:\s?[(\[{]\s?at\s?[)\]}]\s?|\s@\s?|@\s)[\w-]{1,63}"
    r"(?:\s?[(\[{]\s?dot\s?[)\]}]\s?[\w-]{1,63}|\s?\.\s?[\w-]{2,63}){1,4}",
    re.I,
)
_TOP = (
    "com|net|org|io|dev|me|co|info|biz|edu|gov|app|tech|ai|design|studio|page|site|online|name|pro|blog|art|us|uk|ca|de|"
    "fr|es|it|nl|pl|pt|br|in|ng|tr|au|ae|ie|gr|ru|ua|cn|kr|vn|jp|ch|at|be|se|no|dk|fi|cz|eu|tv|cc|xyz"
)
_ADDRESS = re.compile(
    r"(?<![\w.@/-])(?:https?://|ftp://)?(?:[\w-]{1,63}\.){1,5}"
    rf"(?:{_TOP})(?::\d{{2,5}})?(?![\w@-]|\.[a-z])(?:/[^\s<>\"'|)\]}},;•·]{{0,300}})?",
    re.I,
)
_SCHEME = re.compile(r"(?<!\w)(?:https?|ftp)://[^\s<>\"'|)\]},;•·]{3,300}", re.I)
_PROFILES = re.compile(
    r"(?:^|[./])(?:linkedin|github|gitlab|bitbucket|twitter|x|facebook|fb|instagram|behance|dribbble|"
    r"medium|xing|kaggle|"
    r"stackoverflow|researchgate|orcid|about|youtube|tiktok|t|wa|pinterest|angel|leetcode|hackerrank|"
    r"codepen|artstation|"
    r"vimeo|soundcloud|flickr|tumblr|scholar\.google|academia|quora|skype|telegram|deviantart|wordpress|"
    r"blogspot|wixsite|"
    r"carrd|substack|github|gitlab|netlify|vercel|herokuapp)"
    r"\.(?:com|org|io|net|me|co|app|tv|dev|edu|in|co\.uk)(?:\.[a-z]{2})?(?:[:/]|$)",
    re.I,
)
_HANDLE = re.compile(
    r"(?<!\w)(?:twitter|instagram|skype|github|telegram|linkedin|wechat)(?: id| handle)?\s?:\s?(@?[\w.\-]{3,40})",
    re.I,
)
_OWN_LABEL = re.compile(
    r"(?:portfolio|website|web\s?site|homepage|web|blog|site|url|profile|linkedin)\s{0,2}[:|\-\t]?\s{0,4}\Z", re.I
)
_PHONE = re.compile(
    r"(?<![\w.,$€£@#/-])(?:\(?\+|00)?\(?\d(?:(?!   )[ \u00a0().\-/–‑]{0,3}\d){6,16}(?: ?(?:x|ext\.?|"
    r"extension)\s?\d{1,6})?(?![\w%$€£])",
    re.I,
)
_PHONE_LABEL = re.compile(
    r"(?:phone|tele?|telephone|mobile|cell|cellular|contact|call|whats\s?app|fax|home|office|work|ph|mob|tel[eé]fono|"
    r"telefone|telefon|celular|handy|m[oó]vil|gsm|hp)"
    r"(?: ?(?:no|number|nr|num|#))?\.?[ \t]{0,2}[:|\-–#.\t]{0,2}[ \t]{0,4}\Z|(?<![A-Za-z])[tmphc] ?[:.] ?\Z",
    re.I,
)
_NORTH_AMERICAN = re.compile(r"(?:\+?1[\s.-]?)?(?:\(\d{3}\)\s?|\d{3}[\s.-])\d{3}[\s.-]?\d{4}(?:\D|\Z)")
_YEARS = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_DATE = re.compile(r"\A\(?\d{1,4}[./\-\s]\d{1,2}[./\-\s]\d{2,4}\)?\Z")
_PERIOD = re.compile(r"\A\(?(?:\d{1,2}[./-])?(?:19|20)\d\d ?[-–/] ?(?:\d{1,2}[./-])?(?:(?:19|20)?\d\d)?(?!\d)")
_POSTCODE = re.compile(r"\A\d{5}-(?:\d{3}|\d{4})\Z")
_DOTTED = re.compile(r"\A\d{1,3}(?:\.\d{1,5}){2,3}\Z")
_MOST_DIGITS = 18
_MOST_DOUBTFUL = 1_000
_REGIONS = (
    "US",
    "GB",
    "IN",
    "DE",
    "FR",
    "ES",
    "BR",
    "PL",
    "NL",
    "TR",
    "AU",
    "NG",
    "AE",
    "IE",
    "ZA",
    "IT",
    "PT",
    "GR",
    "KE",
)


def emails(text: str) -> Iterator[Masked]:
    """E-mail addresses, also spelled ones (`name [at] host [dot] com`)."""
    for sign in _AT.finditer(text):
        local = _LOCAL.search(text[max(0, sign.start() - 64) : sign.start()])
        domain = _DOMAIN.match(text, sign.end())
        if local and domain:
            stripped = local[0].lstrip(".'’-")
            yield Masked("EMAIL", sign.start() - len(stripped), domain.end())
    for found in _SPELLED.finditer(text):
        yield Masked("EMAIL", *found.span())


def urls(text: str, spelled_names: Sequence[str]) -> Iterator[Masked]:
    """Addresses of profiles and personal sites: known hosts, labelled ones, and those that hold one of the names (letters
    only).
    """
    for expression in (_SCHEME, _ADDRESS):
        for found in expression.finditer(text):
            address = found[0].rstrip(".:!?")
            if _is_personal(address, text[max(0, found.start() - 24) : found.start()], spelled_names):
                yield Masked("URL", found.start(), found.start() + len(address))
    for found in _HANDLE.finditer(text):
        if "/" not in found[1] and found[1][:4].lower() not in ("http", "www."):
            yield Masked("URL", *found.span(1))


def phones(text: str) -> Iterator[Masked]:
    """Phone numbers: labelled, international, or valid in a country and written as phone numbers are."""
    position, doubtful = 0, 0
    while found := _PHONE.search(text, position):
        number = found[0].rstrip(" (").rstrip()
        verdict = _is_phone(number, text, found.start())
        if verdict is None:
            doubtful += 1
            # Nobody has so many numbers: beyond it, what could be one is taken for one, and no time is spent on it.
            verdict = doubtful > _MOST_DOUBTFUL or _is_valid(number)
        if verdict:
            yield Masked("PHONE", found.start(), found.start() + len(number))
            position = found.end()
        else:
            # A postcode or a year may stand before a number.
            gap = text.find(" ", found.start() + 1, found.end())
            position = gap + 1 if gap > 0 else found.end()


def _is_personal(address: str, before: str, spelled_names: Sequence[str]) -> bool:
    if _PROFILES.search(address.split("//", 1)[-1][:120]):
        return "/" in address.split("//", 1)[-1].rstrip("/") or address.count(".") > 1
    if _OWN_LABEL.search(before):
        return True
    letters = "".join(character for character in address.lower() if character.isalnum())
    return any(name in letters for name in spelled_names)


def _is_phone(number: str, text: str, start: int) -> bool | None:
    """Whether that is a phone number; None where only a country's numbering plan can tell."""
    count = sum(character.isdigit() for character in number)
    if not 7 <= count <= _MOST_DIGITS or _DATE.match(number) or _PERIOD.match(number):
        return False
    if count < 10 and _DOTTED.match(number):
        return False
    if _PHONE_LABEL.search(text[max(0, start - 28) : start]):
        return True
    if count >= 9 and not number.isdigit() and _is_line(text, start, start + len(number)):
        return True
    if number.lstrip("(")[0] != "+" and len(_YEARS.findall(number)) >= 1 and count <= 12:
        return False
    if _NORTH_AMERICAN.match(number + " ") and count in (10, 11):
        return True
    if _POSTCODE.match(number) or number.count("/") > 1 or (count < 9 and not number.startswith(("+", "00", "(+"))):
        return False
    if not number.startswith(("+", "00", "(+")) and number.isdigit() and not (10 <= count <= 11):
        return False
    return None


def _is_line(text: str, start: int, end: int) -> bool:
    """Whether nothing else stands on the line."""
    return text[max(0, start - 1) : start] in ("", "\n") and text[end : end + 1] in ("", "\n", "\r")


@lru_cache(maxsize=10_000)
def _is_valid(number: str) -> bool:
    import phonenumbers

    international = number.startswith(("+", "(+", "00"))
    spelled = "+" + number[2:] if number.startswith("00") else number
    for region in (None,) if international else _REGIONS:
        try:
            parsed = phonenumbers.parse(spelled, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed) if international else phonenumbers.is_valid_number(parsed):
            return True
    return False
