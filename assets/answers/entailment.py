"""Whether a sentence says what a quote says, and nothing else.

A sentence that is its quote, word for word, does. Any other has to find a run of at most three sentences of the quote with which
it agrees in every number (with unit and bound), negation, modal verb, condition and party, in which all its words stand in the
same order, of which it leaves out no number, negation, modal verb, condition or party and not too much else, and near which it
lies by embedding. This drops honest paraphrases; it is meant to: what is dropped is refused, what passes is relied on.
"""

import re
from collections import Counter
from dataclasses import dataclass

from assets.answers import facts
from assets.answers.meaning import Meanings
from assets.chunks.sentences import sentence_spans
from assets.index.terms import terms

KEPT = 0.4
"""Smallest share of the words of a run of quoted sentences that a sentence keeps: with less, it leaves out too much."""

NEAR = 0.7
"""Smallest cosine of a sentence and the sentences that support it.

Both were set first and measured then, on the bundled samples: of 500 sentences that were shortened by their last clause 80 in
100 lie above both, of 500 that were taken for their neighbour in the same section 2 in 100, before any other check.
"""

_LONGEST_RUN = 3
_EMPTY_WORDS_TEXT = """
    a an the is are was were be been being am has have had do does did it its he she they them his her their you your i me my we
    us our this that these those there who which whom whose what as so then also
"""
_EMPTY_WORDS = frozenset(_EMPTY_WORDS_TEXT.split())
_JOINTS = ("and", "or", "but")
_BOUNDS = ("up", "least", "most", "more", "less", "fewer", "than", "over", "under", "above", "below")
_FRAME = re.compile(
    r"^(?:(?:According to|Under|As stated in) (?:the |this )?"
    r"(?:handbook|policy|law|code|rules?|regulations?|passage|document),\s*|Yes[,.]\s+)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[$€£¥%§]|\d+(?:[,.:/]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class _Token:
    key: str
    hard: bool


def says_the_same(sentence: str, quoted: str, meanings: Meanings) -> str:
    """The name of the check that a sentence fails against the run that comes nearest to supporting it; empty where it holds."""
    if _plain(sentence) == _plain(quoted):
        return ""
    sentence = _FRAME.sub("", sentence)
    spans = sentence_spans(quoted)
    furthest = 0
    for first in range(len(spans)):
        for last in range(first + 1, min(first + _LONGEST_RUN, len(spans)) + 1):
            run = quoted[spans[first][0] : spans[last - 1][1]]
            place = _first_failure(sentence, run, meanings)
            if place == len(_CHECKS):
                return ""
            furthest = max(furthest, place)
    return _CHECKS[furthest]


_CHECKS = ("numbers", "negation", "modal", "condition", "party", "words", "too little", "meaning")


def _first_failure(sentence: str, run: str, meanings: Meanings) -> int:
    """The place in _CHECKS of the first check that fails; their number where all hold."""
    if not _numbers_hold(sentence, run):
        return 0
    if Counter(facts.negations(sentence)) != Counter(facts.negations(run)):
        return 1
    if Counter(facts.modals(sentence)) != Counter(facts.modals(run)):
        return 2
    if Counter(facts.conditions(sentence)) != Counter(facts.conditions(run)):
        return 3
    if Counter(facts.parties(sentence)) - Counter(facts.parties(run)):
        return 4
    said, quoted = _tokens(sentence), _tokens(run)
    if not said or not _in_order(said, quoted):
        return 5
    if len(said) < KEPT * len(quoted):
        return 6
    vectors = meanings.of([sentence, run])
    return 8 if float(vectors[0] @ vectors[1]) >= NEAR else 7


def _numbers_hold(sentence: str, run: str) -> bool:
    quoted = facts.numbers(run)
    for number in facts.numbers(sentence):
        same = [each for each in quoted if each.value == number.value]
        if not any(each.bound == number.bound and _same_unit(number.unit, each.unit) for each in same):
            return False
    return True


def _same_unit(said: tuple[str, ...], quoted: tuple[str, ...]) -> bool:
    """Currency and per cent must agree, and so must what is counted, as far as both say it."""
    signs = {"$", "€", "£", "¥", "%", "§"}
    if signs.intersection(said) != signs.intersection(quoted):
        return False
    words, others = [each for each in said if each not in signs], [each for each in quoted if each not in signs]
    return words[: len(others)] == others[: len(words)] or (not others and not words)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _tokens(text: str) -> list[_Token]:
    """The words of a text without those that carry nothing, as stems; numbers in one spelling."""
    values = {word: number.value for word in _TOKEN.findall(text) for number in facts.numbers(word)[:1]}
    tokens = []
    for word in _TOKEN.findall(text):
        folded = word.casefold()
        if word in values:
            tokens.append(_Token(f"#{values[word]}", True))
        elif folded not in _EMPTY_WORDS:
            key = (terms(word) or [folded])[0]
            hard = bool(facts.negations(word) or facts.modals(word) or facts.conditions(word) or facts.parties(word))
            tokens.append(_Token(key, hard or folded in _JOINTS or folded in _BOUNDS))
    return tokens


def _in_order(said: list[_Token], quoted: list[_Token]) -> bool:
    """Whether all tokens stand in the quoted ones in their order, and no hard one of these is left out."""
    if not said:
        return False
    # How many hard tokens stand before each place: none lies between two places where the counts say so.
    before = [0]
    for token in quoted:
        before.append(before[-1] + token.hard)
    reached = {place for place, token in enumerate(quoted) if token.key == said[0].key and before[place] == 0}
    for wanted in said[1:]:
        reached = {
            place
            for place, token in enumerate(quoted)
            if token.key == wanted.key
            and any(earlier < place and before[place] == before[earlier + 1] for earlier in reached)
        }
        if not reached:
            return False
    return any(before[place + 1] == before[-1] for place in reached)
