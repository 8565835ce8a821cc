"""Other people in a resume: references, superiors, addressees, whoever a form of address or a role announces."""

import re
from collections.abc import Iterator, Sequence

from assets.labels.anonymizing.candidate import Name
from assets.labels.anonymizing.vocabulary import (
    ambiguous,
    company_words,
    family_names,
    given_names,
    is_plain,
    organization_words,
    organizations,
    places,
)
from assets.labels.anonymizing.words import Word, run_at, runs, words

_HONORIFIC = re.compile(
    r"(?<![\w./])(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Rev|Shri|Smt|Mme|Herr|Frau|Sra|Señor|Señora|"
    r"Capt|Sgt|Lt|Col|Hon|Engr"
    r"|MR|MRS|PROF)\.?|[MD][SR]\.)(?:\s?/\s?(?:Mrs|Ms|Dr)\.?)?[ \u00a0]{1,2}(?:Dr\.?\s|Prof\.?\s)?(?=\S)"
)
_ROLE = re.compile(
    r"(?<!\w)(?:(?i:reported to|reporting to|supervised by|managed by|mentored by|recommended by|"
    r"referred by|nominated by|"
    r"trained by|known to \w{3,12} as|also known as|stood in for|filled in for|assistant to|"
    r"secretary to|worked with|work with|apprenticed under|"
    r"under the guidance of|under the supervision of|guided by|led by|taught by|father'?s name|"
    r"mother'?s name|spouse(?:'s name)?|"
    r"husband'?s name|wife'?s name|supervisor|line manager|manager|reference|referee|contact person|"
    r"contact|attn|attention|"
    r"emergency contact|next of kin|director|colleague|mentor|founder|owner|ceo|guide|"
    r"advisor))(?: name)?\s{0,2}[:,\-–]?\s{1,3}(?:(?i:mr|mrs|ms|miss|dr|prof)\.?\s)?"
)
_NEEDS_MARK = re.compile(
    r"(?:manager|supervisor|reference|referee|contact|director|colleague|mentor|founder|owner|ceo|guide|advisor)\s*\Z",
    re.I,
)
_DEPUTY = re.compile(r"stood|filled|supervised|mentored|referred|nominated|trained|reported", re.I)
_GREETING = re.compile(r"(?:^|\n)[> ]{0,4}(?:Hi|Hello|Dear|Hey|Good morning|To|Cc|CC|Attn)\s?[:,]?\s{1,4}(?=\S)")
_QUOTE_END = re.compile(r"[”\"’»]\s{0,2}[–—\-]{1,2}\s{0,2}(?=\S)")
_REFERENCES = re.compile(
    r"(?:^|\n)[ \t*#]{0,6}(?:professional |personal )?(?:references?|referees?)[ \t:.*]{0,6}(?=\n)", re.I
)
_REFERENCES_CHARACTERS = 2_500
_LINE_HEAD = re.compile(r"\n[ \t>*•\-–\d.)]{0,6}")
_AFTER_NAME = re.compile(r"\s{0,2}(?:[,(\n|–\-/:;•\[]|\Z)")
_MICROSOFT = frozenset(
    [
        "office",
        "word",
        "excel",
        "access",
        "project",
        "outlook",
        "powerpoint",
        "dos",
        "sql",
        "visio",
        "windows",
        "teams",
        "dynamics",
        "azure",
    ]
)
_COMPANY_AFTER = re.compile(
    r"[ ,&]{1,3}(?:&|and Sons|Inc|Ltd|LLC|LLP|PLC|GmbH|Corp|Co\b|Company|Group|University|College|"
    r"School|Hospital|Institute|Foundation|Medical|"
    r"Center|Centre|Street|St\b|Ave|Road|Award|Scholarship|Hall|Library|House|Park|Airport|High|"
    r"Elementary|Academy|Church|Bank|Store|Hotel|"
    r"Associates|Partners|Construction|Industries|Systems|Services|Insurance)",
)
_COMPANY_BEFORE = re.compile(
    r"(?:(?<!\w)(?:at|for|@|the|joined|St\.?|Saint|University of|School of|&|and)\s|& )\Z", re.I
)
_YEAR_OR_TITLE = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def other_people(text: str) -> Iterator[Name]:
    """Names that something in the text announces, and sequences of a frequent given and a frequent family name."""
    for honorific in _HONORIFIC.finditer(text):
        found = _until_plain(
            run_at(text, honorific.end(), honorific.end() + 90), first_may_be_plain=honorific[0][:2] in ("Mr", "Ms")
        )
        title = honorific[0].strip(" .\u00a0").lower()
        if not found or _organization(found) or (title, found[0].folded) in organizations():
            continue
        if _company_follows(text, found[-1].end):
            continue
        short = all(word.text.isupper() and 1 < len(word.text) <= 3 for word in found)
        if not short and not (honorific[0][:2].lower() == "ms" and found[0].folded.startswith(tuple(_MICROSOFT))):
            yield _as_name(found)
    for role in _ROLE.finditer(text):
        marked = role[0].rstrip()
        if _NEEDS_MARK.search(marked.rstrip(":,")) and not (
            marked[-1] == ":" or (marked[-1] == "," and marked[0].islower())
        ):
            continue
        found = _until_plain(run_at(text, role.end(), role.end() + 90))
        single = len(found) == 1 and _DEPUTY.match(role[0]) and not _soft(found) and not found[0].text.isupper()
        announced = len(found) in (2, 3) and _DEPUTY.match(role[0]) and not _organization(found)
        if (single or announced or _like_name(found)) and not _COMPANY_AFTER.match(text, found[-1].end):
            yield _as_name(found)
    for expression in (_GREETING, _QUOTE_END):
        for place in expression.finditer(text):
            found = _until_plain(run_at(text, place.end(), place.end() + 90))
            if found and not _organization(found) and (len(found) > 1 or expression is _GREETING or not _soft(found)):
                yield _as_name(found)
    yield from _referees(text)
    yield from _frequent(text)


def _referees(text: str) -> Iterator[Name]:
    for title in _REFERENCES.finditer(text):
        end = min(len(text), title.end() + _REFERENCES_CHARACTERS)
        for line in _LINE_HEAD.finditer(text, title.end(), end):
            found = _until_plain(run_at(text, line.end(), min(end, line.end() + 90)))
            if not found or not _AFTER_NAME.match(text, found[-1].end) or _organization(found):
                continue
            if len(found) > 1 or not _soft(found):
                yield _as_name(found)


def _frequent(text: str) -> Iterator[Name]:
    for run in runs(text):
        if len(run) < 2:
            continue
        if all(word.text.isupper() for word in run) and len(run) > 3:
            continue
        for index, word in enumerate(run[:-1]):
            if word.folded not in given_names() or is_plain(word.folded) or word.folded in places():
                continue
            found = run[index:]
            stop = next((at for at, later in enumerate(found) if at and is_plain(later.folded)), len(found))
            found = found[:stop]
            last = found[-1]
            if len(found) < 2 or len(found) > 4 or last.folded not in family_names() or _organization(run):
                break
            if word.folded in ambiguous() and last.folded in ambiguous():
                break
            if stop < len(run) - index and run[index + stop].end - last.end > 1 and index + stop < len(run):
                # A title or a company goes on in the same run.
                break
            if (
                index
                or _COMPANY_AFTER.match(text, last.end)
                or _COMPANY_BEFORE.search(text[max(0, word.start - 14) : word.start])
            ):
                break
            if _YEAR_OR_TITLE.search(_line(text, word.start)):
                break
            yield _as_name(found)
            break


def _company_follows(text: str, place: int) -> bool:
    following = words(text, place, place + 40)[:1] if text[place : place + 1] == " " else []
    return bool(following) and following[0].folded in company_words() and following[0].text[0].isupper()


def _until_plain(run: list[Word], *, first_may_be_plain: bool = False) -> list[Word]:
    stop = len(run)
    for index, word in enumerate(run):
        if is_plain(word.folded) and not word.is_initial and not word.is_particle and (index or not first_may_be_plain):
            stop = index
            break
    found = run[:stop]
    while found and (found[-1].is_particle and found[-1].text.islower()):
        found = found[:-1]
    return found


def _like_name(found: Sequence[Word]) -> bool:
    solid = [word for word in found if not word.is_initial]
    if len(found) < 2 or not solid or len(found) > 5 or _organization(found):
        return False
    if any(word.text.isupper() and len(word.text) > 1 for word in solid) and not all(
        word.text.isupper() for word in solid
    ):
        return False
    return not all(word.folded in ambiguous() and word.folded not in given_names() | family_names() for word in solid)


def _soft(found: Sequence[Word]) -> bool:
    return all(word.folded in ambiguous() or word.folded in places() for word in found)


def _organization(found: Sequence[Word]) -> bool:
    folded = tuple(word.folded for word in found)
    return any(
        folded[start : start + length] in organizations()
        for start in range(len(folded))
        if folded[start] in organization_words()
        for length in (1, 2, 3, 4)
    )


def _as_name(found: Sequence[Word]) -> Name:
    return Name(found[0].start, found[-1].end, tuple(word.folded for word in found), ())


def _line(text: str, place: int) -> str:
    start = text.rfind("\n", max(0, place - 120), place)
    end = text.find("\n", place, place + 120)
    return text[max(start, place - 120, 0) : end if end >= 0 else place + 120]
