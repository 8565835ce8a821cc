"""What a question asks for: its telling words, the kind of thing that would answer it, and whose rule it means."""

import re
from dataclasses import dataclass

from assets.index.terms import STOPWORDS

_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_PUTS_THE_QUESTION_TEXT = """
    many much long far often soon late early get gets got getting happen happens due one two ones somebody someone anybody anyone
    something anything everybody everyone person people thing things want wants know say says tell right today now currently
    whether way ways else even still also per every please give given certain count counts use used put
"""
_PUTS_THE_QUESTION = frozenset(_PUTS_THE_QUESTION_TEXT.split())
_VALUE = (
    r"(?:pay|rate|fee|price|discount|percentage|share|premium|value|amount|wage|salary|severance|cost|bonus|budget)"
)
_AMOUNT = re.compile(
    rf"how much|\bcosts?\b|\bfines?\b|\bpenalt|\bbudget|\ballowance|(?:what|which)\b.{{0,25}}\b{_VALUE}|up to what|"
    rf"(?:minimum|lowest|maximum|highest)\b.{{0,20}}\b{_VALUE}|"
    r"what (?:do|does|would|will)\b.{0,30}\b(?:get|owe|add|receive|contribute)",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"how (?:long|far|late|soon|quickly|often|early)|how many (?:\w+ ){0,2}(?:minutes|hours|days|weeks|months|years)|\bwhen\b|"
    r"\bwithin\b|\buntil\b|\bdeadline|\bby when|what time|which days?|(?:in|within) (?:what|which) time|\bnotice\b|how old",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"(?:^|[.?!,;:] )(?:may|can|could|is|are|am|was|do|does|did|will|would|must|should|has|have)\b", re.IGNORECASE
)
_OF_THE_LAW = re.compile(
    r"\b(?:laws?|legal(?:ly)?|illegal|unlawful|lawful|statut\w+|codes?|regulations?|acts?|bureau|commissioner|mayor|agency|"
    r"department|court|sue|fines?|penalt\w+|damages|inspection|an employer|employers|workers?|by law|jurisdiction|state|"
    r"federal|ordinance|section|we)\b|§",
    re.IGNORECASE,
)
_OF_THE_EMPLOYER = re.compile(
    r"\b(?:I|my|me|our|the company|company|firm|handbook|policy|boss|manager|hr|team|office)\b", re.IGNORECASE
)

_IS_AMOUNT = re.compile(
    r"[$€£¥]\s?\d|\d\s*(?:percent|per cent|%|cents|dollars|euros)|\b(?:half|twice|double|one and one-half|in full|full pay)\b",
    re.IGNORECASE,
)
_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|ninety)"
_IS_DURATION = re.compile(
    rf"\b{_NUMBER}[- ](?:\w+ ){{0,2}}(?:minute|hour|day|night|week|month|year)s?\b|\b\d{{1,2}}:\d\d\b|"
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b|"
    r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b\d+(?:st|nd|rd|th)\b|\bimmediately\b"
)
_IS_RULE = re.compile(
    r"\b(?:may|can|must|shall|allowed|permitted|prohibited|not|no|never|nothing|none|entitled|only|unless|possible|offered|"
    r"(?:is|are) (?:paid|free|granted|given|available|required|treated))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Kinds of things that a question asks for, or that a statement gives."""

    amount: bool
    duration: bool
    rule: bool


def content_words(text: str) -> list[str]:
    """The words of a text that tell what it is about, in lower case, in order."""
    return [word for word in (found.casefold() for found in _WORD.findall(text)) if word not in STOPWORDS]


def telling_words(question: str) -> list[str]:
    """The content words of a question, each once, without those that only put it; all where nothing else is left."""
    words = list(dict.fromkeys(content_words(question)))
    return [word for word in words if word not in _PUTS_THE_QUESTION] or words


def asked_for(question: str) -> Wanted:
    """What would answer a question."""
    return Wanted(
        amount=_AMOUNT.search(question) is not None,
        duration=_DURATION.search(question) is not None,
        rule=_YES_OR_NO.search(question) is not None,
    )


def gives(statement: str) -> Wanted:
    """What a statement holds."""
    return Wanted(
        amount=_IS_AMOUNT.search(statement) is not None,
        duration=_IS_DURATION.search(statement) is not None,
        rule=_IS_RULE.search(statement) is not None,
    )


def leaning(question: str) -> int:
    """1 where a question is about the law, -1 where it is about the own employer's rules, 0 where it doesn't say."""
    if _OF_THE_LAW.search(question):
        return 1
    return -1 if _OF_THE_EMPLOYER.search(question) else 0
