"""Promise 6: each sentence carries citations whose quotes stand verbatim in the cited version; the rest is refused."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.answers.answering import answer
from assets.answers.extracting import Extractor, quoting
from assets.answers.model import Answer, Draft, Piece, Quote
from assets.documents import registry
from assets.documents.showing import show
from assets.documents.sources.base import SourceSpec
from assets.index import refresh
from assets.platform import Platform, Settings
from orchestration.demo.repository import SAMPLES

QUESTIONS = (
    "How many days of vacation do full-time employees have?",
    "Up to what value may I keep a present from a supplier?",
    "How much notice do I have to give when I quit?",
    "By when does the law want the last wages paid after a dismissal?",
    "At what rate does statutory sick leave build up?",
    "How late may a person of 16 years work?",
    "How many hours of rest must lie between two shifts?",
)

CHAPTERS = (
    "time-away/vacation.md",
    "conduct/gifts-and-conflicts.md",
    "leaving/resignation-and-notice.md",
    "working-time/hours-and-overtime.md",
)
SECTIONS = ("4-103.xml", "4-112.xml", "5-203.xml", "6-310.xml")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Some chapters of the bundled handbook in their last revisions, and some sections of the rules."""
    folder = tmp_path_factory.mktemp("quoted")
    platform = Platform(Settings(home=folder / "home"))
    handbook = folder / "handbook"
    for revision in sorted((SAMPLES / "handbook" / "revisions").iterdir()):
        for file in (revision / path for path in CHAPTERS if (revision / path).exists()):
            target = handbook / file.relative_to(revision)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    rules = folder / "rules"
    rules.mkdir()
    for section in SECTIONS:
        (rules / section).write_bytes((SAMPLES / "rules" / "code" / section).read_bytes())
    for name, kind, place in (("handbook", "handbook", handbook), ("rules", "regulation", rules)):
        registry.add(platform.catalogue, SourceSpec(name, kind, str(Path(place))))
        refresh.stage_documents(platform, name, name, full=False)
        refresh.stage_chunks(platform, name, name)
        refresh.embed(platform, name, name)
        refresh.write_and_serve(platform, name, name)
        platform.release()
    return platform


def assert_quoted(platform: Platform, answered: Answer) -> None:
    """Every sentence has a citation, and every citation's quote stands where it says."""
    assert answered.refused == (not answered.citations)
    assert set(answered.answer.split("\n")) - {""} == {citation.sentence for citation in answered.citations}
    for citation in answered.citations:
        text = show(platform, citation.document_id, version=citation.version).text
        assert text[citation.start : citation.end] == citation.quote


WORDS = (
    "leave",
    "wage",
    "sick",
    "employee",
    "overtime",
    "dog",
    "notice",
    "fine",
    "2023",
    ";",
    "[1]",
    "§ 4-103",
    "how",
    "may",
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    question=st.lists(st.sampled_from(WORDS) | st.text(min_size=1, max_size=8), min_size=1, max_size=9).map(" ".join)
)
def test_no_sentence_is_without_a_verbatim_quote_whatever_is_asked(served: Platform, question: str) -> None:
    if not question.strip() or any("\ud800" <= each <= "\udfff" for each in question):
        return
    assert_quoted(served, answer(served, question))


Lie = Callable[[str, random.Random], str]


def other_number(text: str, dice: random.Random) -> str:
    places = list(re.finditer(r"\d+", text))
    place = dice.choice(places) if places else None
    return (
        ""
        if place is None
        else text[: place.start()] + str(int(place[0]) + dice.choice((1, 7, 30))) + text[place.end() :]
    )


def swapped_numbers(text: str, dice: random.Random) -> str:
    places = list(re.finditer(r"\d+", text))
    pairs = [(one, two) for one in places for two in places if one.start() < two.start() and one[0] != two[0]]
    if not pairs:
        return ""
    one, two = dice.choice(pairs)
    return text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]


def replaced(*pairs: tuple[str, str]) -> Lie:
    def lie(text: str, dice: random.Random) -> str:
        possible = [(old, new) for old, new in pairs if re.search(rf"\b{old}\b", text)]
        if not possible:
            return ""
        old, new = dice.choice(possible)
        return re.sub(rf"\b{old}\b", new, text, count=1)

    return lie


def cut_off(text: str, dice: random.Random) -> str:
    """Leaves out the condition."""
    shorter = re.sub(r",? (?:unless|except|if|until|but|provided|up to|within)\b[^.;]*", "", text, count=1)
    return shorter if shorter != text else ""


def dropped_not(text: str, dice: random.Random) -> str:
    shorter = re.sub(r" (?:not|never|no)\b", "", text, count=1)
    return shorter if shorter != text else ""


LIES: dict[str, Lie] = {
    "another number": other_number,
    "numbers changed over": swapped_numbers,
    "another unit": replaced(
        ("days", "weeks"), ("weeks", "months"), ("hours", "days"), ("months", "years"), ("percent", "dollars")
    ),
    "another bound": replaced(
        ("at least", "at most"), ("at most", "at least"), ("up to", "at least"), ("more than", "less than")
    ),
    "a negation left out": dropped_not,
    "a negation put in": replaced(
        ("is", "is not"), ("are", "are not"), ("may", "may not"), ("shall", "shall not"), ("earn", "do not earn")
    ),
    "another modal": replaced(
        ("may", "must"), ("must", "may"), ("shall", "may"), ("is", "should be"), ("are", "might be")
    ),
    "another party": replaced(
        ("employer", "employee"),
        ("employee", "employer"),
        ("employees", "managers"),
        ("company", "union"),
        ("manager", "director"),
    ),
    "another name": replaced(
        ("People Team", "Finance Team"),
        ("Commissioner", "Mayor"),
        ("Tideline", "Workday"),
        ("June", "March"),
        ("Friday", "Monday"),
    ),
    "another subject": replaced(
        ("vacation", "sick leave"), ("wages", "bonuses"), ("overtime", "holidays"), ("gifts", "loans")
    ),
    "another order": replaced(("before", "after"), ("after", "before"), ("and", "or"), ("or", "and")),
    "a condition left out": cut_off,
}


def lies(piece: Piece, dice: random.Random) -> Iterator[tuple[str, Draft]]:
    """False sentences with true quotes, and true sentences with false quotes."""
    true = quoting(piece)
    for name, lie in LIES.items():
        text = lie(true.text, dice)
        if text and text != true.text:
            yield name, Draft(text, true.quotes)
    first = true.quotes[0]
    inside = next(word.start() + 2 for word in re.finditer(r"[A-Za-z]{4,}", first.text))
    for name, quote in {
        "other offsets": changed(first, start=first.start + 3, end=first.end + 3),
        "a longer span": changed(first, end=first.end + 9),
        "offsets outside": changed(first, start=10**7, end=10**7 + 20),
        "a text that stands nowhere": changed(first, text=first.text[:-2] + "x" + first.text[-1:]),
        "another version": changed(first, version="0" * 64),
        "another document": changed(first, document_id="handbook/nothing.md"),
        "another address": changed(first, uri="https://example.org/other"),
        "half a word": changed(first, start=first.start + inside, text=first.text[inside:]),
    }.items():
        yield name, Draft(true.text, (quote,))
    yield "no quote", Draft(true.text, ())
    yield "an invented sentence", Draft("All employees receive a bonus of $5,000 in December.", true.quotes)


def changed(quote: Quote, **values: object) -> Quote:
    from dataclasses import replace

    return replace(quote, **values)  # type: ignore[arg-type]


class Liar:
    """Writes nothing but lies about its evidence, and remembers them."""

    name = "liar"
    settings: Mapping[str, str | int | float] = {}

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.told: list[tuple[str, str]] = []

    def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
        drafts = []
        for piece in evidence[:4]:
            for name, draft in lies(piece, self._dice):
                self.told.append((name, draft.text))
                drafts.append(draft)
        return drafts


def test_no_lie_of_an_adversarial_generator_passes(served: Platform) -> None:
    told: list[tuple[str, str]] = []
    answered = 0
    for seed, question in enumerate(QUESTIONS):
        liar = Liar(seed)
        given_answer = answer(served, question, generator=liar)
        told += liar.told
        answered += bool(liar.told)
        passed = [citation.sentence for citation in given_answer.citations]
        assert passed == [], f"{question}: {passed}"
        if liar.told:
            assert given_answer.refused
            assert "not supported" in given_answer.reason
            assert given_answer.nearest
    assert len(told) >= 200
    assert {name for name, _ in told} >= set(LIES) - {"another order", "a condition left out"}


def test_the_truth_between_lies_is_kept(served: Platform) -> None:
    class Mixed(Liar):
        def draft(self, question: str, evidence: Sequence[Piece]) -> list[Draft]:
            return [*super().draft(question, evidence), *Extractor().draft(question, evidence)]

    mixed = answer(served, QUESTIONS[0], generator=Mixed(1))
    plain = answer(served, QUESTIONS[0])
    assert not plain.refused
    assert mixed.citations == plain.citations
    assert len(mixed.dropped) >= 20
    assert_quoted(served, mixed)
