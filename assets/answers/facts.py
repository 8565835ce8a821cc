"""The facts in a sentence that must not change on the way from a quote: numbers with what they count, negations, modal verbs,
conditions, and who is spoken of."""

import re
from dataclasses import dataclass

from assets.index.terms import STOPWORDS, terms

_SMALL_NUMBERS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen
"""
_UNITS = {word: number for number, word in enumerate(_SMALL_NUMBERS.split())}
_TEN_NAMES = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 20 + 10 * number for number, word in enumerate(_TEN_NAMES.split())}
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_FRACTIONS = {
    **dict.fromkeys(("half", "halves"), "half"),
    **dict.fromkeys(("third", "thirds"), "third"),
    **dict.fromkeys(("quarter", "quarters"), "quarter"),
    **dict.fromkeys(("double", "twice"), "double"),
    **dict.fromkeys(("triple", "thrice"), "triple"),
    "once": "once",
    "dozen": "12",
    "fortnight": "fortnight",
    "full": "full",
    "whole": "full",
    "first": "1st",
    "second": "2nd",
    "fourth": "4th",
    "fifth": "5th",
    "sixth": "6th",
    "seventh": "7th",
    "eighth": "8th",
    "ninth": "9th",
    "tenth": "10th",
}
_CALENDAR_TEXT = """
    january february march april june july august september october november december monday tuesday wednesday thursday friday
    saturday sunday daily weekly monthly quarterly yearly annual annually biweekly hourly
"""
_CALENDAR = frozenset(_CALENDAR_TEXT.split())
_TOKEN = re.compile(
    r"(?P<money>[$€£¥])|(?P<number>\d+(?:[,.:/]\d+)*(?:st|nd|rd|th)?)|(?P<percent>%)|(?P<section>§+)|"
    r"(?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)|(?P<joint>[-–])"
)
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")
_NEGATIONS_TEXT = """
    not no never none nothing nobody neither nor without cannot except unless excluding excludes excluded lack lacks deny denies
    denied refuse refuses refused prohibit prohibits prohibited prohibition forbid forbids forbidden illegal unlawful ineligible
    invalid void exempt exempts exempted unpaid fail fails failed
"""
_NEGATIONS = frozenset(_NEGATIONS_TEXT.split())
_PREFIXED = re.compile(r"(?:non|un|in|im|dis)(?=[a-z]{5})")
_MODALS = {
    **dict.fromkeys(("may", "can", "allowed", "permitted", "optional"), "permission"),
    **dict.fromkeys(("must", "shall", "required", "obliged", "mandatory", "needs", "need", "requires"), "obligation"),
    **dict.fromkeys(("should", "ought", "recommended", "encouraged"), "advice"),
    **dict.fromkeys(("might", "could", "possibly", "usually", "generally", "typically", "often"), "possibility"),
    **dict.fromkeys(("entitled", "eligible", "right"), "entitlement"),
    **dict.fromkeys(("will", "would"), "future"),
    **dict.fromkeys(("always", "all", "every", "each", "any"), "all"),
    **dict.fromkeys(("some", "most", "many", "several", "sometimes"), "some"),
}
_CONDITIONS_TEXT = "if unless except only provided until before after when where while during within"
_CONDITIONS = frozenset(_CONDITIONS_TEXT.split())
_BOUNDS = (
    (
        re.compile(
            r"(?:at least|no less than|not less than|no fewer than|not fewer than|a minimum of|minimum of)\W*$", re.I
        ),
        "least",
    ),
    (
        re.compile(
            r"(?:at most|no more than|not more than|up to|not exceed(?:ing)?|a maximum of|maximum of|not later than|"
            r"no later than|at the latest)\W*(?:on |by )?\W*$",
            re.I,
        ),
        "most",
    ),
    (re.compile(r"(?:more than|over|above|exceed(?:s|ing)?|in excess of|longer than|greater than)\W*$", re.I), "over"),
    (re.compile(r"(?:less than|fewer than|under|below|shorter than)\W*$", re.I), "under"),
    (re.compile(r"(?:within|in less than)\W*(?:the (?:first|next|last) )?$", re.I), "within"),
    (re.compile(r"(?:before|prior to|until|by)\W*$", re.I), "before"),
    (re.compile(r"(?:after|since|from)\W*$", re.I), "after"),
)
_BEHIND = (
    (re.compile(r"\W*(?:\w+\W+){0,2}?or more\b", re.I), "least"),
    (re.compile(r"\W*(?:\w+\W+){0,2}?or (?:less|fewer)\b", re.I), "most"),
)
_PARTY_WORDS_TEXT = """
    employee employees employer employers worker workers manager managers supervisor supervisors director directors officer
    officers
    company contractor contractors subcontractor apprentice apprentices intern interns trainee applicant applicants candidate
    candidates commissioner mayor bureau agency department board council commonwealth government state district federal court
    judge union representative insurer provider physician doctor spouse partner parent parents mother father child children
    grandparent grandparents grandchild sibling siblings brother sister son daughter family minor minors person persons individual
    individuals team desk office owner tenant volunteer student students teacher customer client vendor supplier women men woman
    man colleague colleagues staff
"""
_PARTY_WORDS = frozenset(_PARTY_WORDS_TEXT.split())
_NAME = re.compile(r"(?<![.!?:;]\s)(?<![.!?:;]\s[“\"(])(?<!^)\b[A-Z][\w'’&-]*")
_CODE = re.compile(r"\b[A-Z]{2,}(?:-?\d+)?\b|\b[A-Z]+-\d+\b")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written in a sentence: its value in one spelling, what stands directly with it (currency, per cent, the words
    counted), how it is bounded (least, most, over, …), and the content terms near it."""

    value: str
    unit: tuple[str, ...]
    bound: str
    near: frozenset[str]


def numbers(text: str) -> list[Number]:
    """Every number in a text, in digits or words, with dates, fractions and the names of days and months, in order."""
    tokens = [match for match in _TOKEN.finditer(text) if match.lastgroup != "joint" or _joins_numbers(text, match)]
    found: list[Number] = []
    place = 0
    while place < len(tokens):
        value, after = _value(tokens, place)
        if value:
            unit = _unit(tokens, place, after, text)
            found.append(
                Number(
                    value,
                    unit,
                    _bound(text, tokens[place].start(), tokens[after - 1].end()),
                    _near(tokens, place, after),
                )
            )
            place = after
        else:
            place += 1
    return found


def negations(text: str) -> list[str]:
    """The words that turn a statement round, in order."""
    words = _words(text)
    found = [word for word in words if word in _NEGATIONS or word.endswith(("n't", "n’t"))]
    return found + [word for word in words if word not in _NEGATIONS and _PREFIXED.match(word)]


def modals(text: str) -> list[str]:
    """What the modal verbs and quantifiers of a text say (permission, obligation, …), in order; of months none is May."""
    return [_MODALS[word] for word in _words(re.sub(r"\bMay\b(?=\s+\d)|(?<=\d\s)May\b", "", text)) if word in _MODALS]


def conditions(text: str) -> list[str]:
    """The words that a condition, a limit or a time begins with, in order."""
    return [word for word in _words(text) if word in _CONDITIONS]


def parties(text: str) -> list[str]:
    """Who is spoken of, as stems, in order: roles and names."""
    names = {name.start(): name[0] for pattern in (_NAME, _CODE) for name in pattern.finditer(text)}
    places: list[tuple[int, str]] = list(names.items())
    for match in re.finditer(r"[^\W\d_]+", text):
        if match[0].casefold() in _PARTY_WORDS and match.start() not in names:
            places.append((match.start(), match[0]))
    return [stem for _, word in sorted(places) for stem in terms(word)]


def content(text: str) -> list[str]:
    """The stems of a text that carry meaning, in order."""
    return terms(text)


def _words(text: str) -> list[str]:
    return [match[0].casefold() for match in re.finditer(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text)]


def _joins_numbers(text: str, match: "re.Match[str]") -> bool:
    return (
        match.start() > 0
        and match.end() < len(text)
        and text[match.start() - 1].isdigit()
        and text[match.end()].isdigit()
    )


def _value(tokens: "list[re.Match[str]]", place: int) -> tuple[str, int]:
    """The number that begins at a token, in one spelling, and the token behind it; empty where none does."""
    token = tokens[place]
    if token.lastgroup == "number":
        text = _THOUSANDS.sub("", token[0])
        if text.replace(".", "", 1).isdigit() and "." in text:
            text = text.rstrip("0").rstrip(".")
        following = tokens[place + 1][0].casefold() if place + 1 < len(tokens) else ""
        if following in _SCALES and text.replace(".", "", 1).isdigit():
            return f"{float(text) * _SCALES[following]:.10g}", place + 2
        return text, place + 1
    if token.lastgroup != "word":
        return "", place
    word = token[0].casefold()
    if word in _UNITS or word in _TENS:
        return _spelled(tokens, place)
    if word == "may":
        neighbours = tokens[max(0, place - 1) : place + 2]
        dated = token[0] == "May" and any(each.lastgroup == "number" for each in neighbours)
        return ("may (month)", place + 1) if dated else ("", place)
    if word in _FRACTIONS:
        return _FRACTIONS[word], place + 1
    if word in _CALENDAR:
        return word, place + 1
    return "", place


def _spelled(tokens: "list[re.Match[str]]", place: int) -> tuple[str, int]:
    total = part = 0
    after = place
    while after < len(tokens):
        word = tokens[after][0].casefold()
        if word in _TENS:
            part += _TENS[word]
        elif word in _UNITS:
            part += _UNITS[word]
        elif word in _SCALES and after > place:
            part, total = (part * 100, total) if word == "hundred" else (0, total + part * _SCALES[word])
        else:
            break
        after += 1
        if word in _UNITS and (after >= len(tokens) or tokens[after][0].casefold() not in _SCALES):
            break
    return str(total + part), after


def _unit(tokens: "list[re.Match[str]]", place: int, after: int, text: str) -> tuple[str, ...]:
    """Currency or per cent, and the first two content words behind a number, as stems."""
    unit: list[str] = []
    if place and tokens[place - 1].lastgroup in ("money", "section"):
        unit.append(tokens[place - 1][0][0])
    for token in tokens[after : after + 4]:
        between = text[tokens[after - 1].end() : token.start()]
        if token.lastgroup == "percent" or token[0].casefold() == "percent":
            unit.append("%")
            break
        if token.lastgroup != "word" or re.search(r"[.;,:()]", between):
            break
        if token[0].casefold() not in STOPWORDS:
            unit += terms(token[0])
            if len(unit) >= 2:
                break
        elif unit:
            break
    return tuple("%" if each == "percent" else each for each in unit)


def _bound(text: str, start: int, end: int) -> str:
    before = text[max(0, start - 40) : start].rstrip("$€£¥ ")
    for pattern, name in _BOUNDS:
        if pattern.search(before):
            return name
    for pattern, name in _BEHIND:
        if pattern.match(text[end : end + 40]):
            return name
    return ""


def _near(tokens: "list[re.Match[str]]", place: int, after: int) -> frozenset[str]:
    around = [*tokens[max(0, place - 6) : place], *tokens[after : after + 6]]
    words = (token[0] for token in around if token.lastgroup == "word" and token[0].casefold() not in STOPWORDS)
    return frozenset(stem for word in words for stem in terms(word))
