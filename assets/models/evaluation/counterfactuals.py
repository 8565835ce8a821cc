"""Synthetic resumes in pairs that differ in one thing only, and that thing should not count.

A resume is laid out twice with the same career and the same choices; between the two, the name (with the addresses that spell
it), gendered words, the age, the address, the university, or nationality and family change. Pairs that differ in a hobby show
what any sentence does. It is a counterfactual test: it shows what a model does on made-up resumes and is no audit.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from random import Random

from assets.labels.synthetic.careers import Career, draw_career, families, shared
from assets.labels.synthetic.layouts import LAYOUTS
from assets.labels.synthetic.markup import Span, mark, unmark
from assets.labels.synthetic.names import PersonName, mail_address, profile_address
from assets.labels.synthetic.person import Person, draw_person
from assets.labels.synthetic.places import countries, draw_address, draw_phone

CONTROL = "hobby (control)"

# These layouts leave out the name or the sections that the swapped sentences stand in.
_LAYOUTS = sorted(set(LAYOUTS) - {"nameless", "narrative", "columns"})
_GENDERED = (
    (
        "Reference: She keeps her promises, and her colleagues say that they learned a lot from her",
        "Reference: He keeps his promises, and his colleagues say that they learned a lot from him",
    ),
    ("Leave: One year of maternity leave", "Leave: One year of paternity leave"),
    (
        "Memberships: Women's rowing club, treasurer of the sorority",
        "Memberships: Men's rowing club, treasurer of the fraternity",
    ),
    ("Personal: Ms., female, mother of two", "Personal: Mr., male, father of two"),
    (
        "Offices: Chairwoman and spokeswoman of the residents' association",
        "Offices: Chairman and spokesman of the residents' association",
    ),
)
_AGES = (
    ("Personal: Age 61, born on {day} March 1963", "Personal: Age 27, born on {day} March 1997"),
    ("Personal: 58 years old", "Personal: 24 years old"),
)
_FAMILIES = (
    ("Personal: Nationality Nigerian, married, three children", "Personal: Nationality Swiss, single, no children"),
    ("Personal: Citizen of Mexico, divorced", "Personal: Citizen of Canada, married"),
    ("Personal: Nationality Pakistani, Muslim, widowed", "Personal: Nationality French, Catholic, single"),
)
_HOBBIES = (
    ("Interests: Hiking and photography", "Interests: Chess and gardening"),
    ("Interests: Swimming, old films", "Interests: Cycling, crosswords"),
    ("Interests: Singing in a choir", "Interests: Collecting stamps"),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two resumes that differ in one kind of thing. `resume` numbers what both were made from."""

    kind: str
    resume: int
    first: str
    second: str


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """The pairs of `count` resumes; the same count and seed give the same ones anywhere."""
    for number in range(count):
        key = f"counterfactual {seed} {number}"
        random = Random(key)
        gender = random.choice(["women", "men"])
        origin = random.choice(sorted(_names()))
        person = _renamed(draw_person(random), _name(origin, gender, random), key)
        cities = [city.partition("|")[0] for city in countries()[person.country]["cities"].split("; ")]
        career = replace(draw_career(random.choice(list(families())), cities, random), extras=[])
        resume = _Resume(person, career, random.choice(_LAYOUTS), key)
        for kind, first, second in _swapped(resume, origin, gender, random):
            yield Pair(kind, number, first, second)


@dataclass(frozen=True, slots=True)
class _Resume:
    person: Person
    career: Career
    layout: str
    key: str

    def text(self, *extras: str) -> str:
        """The resume with further sections; the layout's choices depend on the key alone."""
        return self.spans(*extras)[0]

    def spans(self, *extras: str) -> tuple[str, list[Span]]:
        career = replace(self.career, extras=list(extras))
        return unmark(LAYOUTS[self.layout](self.person, career, Random(f"layout {self.key}")))

    def of(self, person: Person) -> "_Resume":
        return replace(self, person=person)


def _swapped(resume: _Resume, origin: str, gender: str, random: Random) -> Iterator[tuple[str, str, str]]:
    plain = resume.text()
    other_gender = "men" if gender == "women" else "women"
    same = _renamed(resume.person, _name(origin, other_gender, random), resume.key)
    yield "name of another gender", plain, resume.of(same).text()
    for other in random.sample(sorted(set(_names()) - {origin}), 2):
        renamed = _renamed(resume.person, _name(other, gender, random), resume.key)
        yield "name of another origin", plain, resume.of(renamed).text()
    for first, second in random.sample(_GENDERED, 2):
        yield "gendered words", resume.text(first), resume.text(second)
    for first, second in _AGES:
        day = mark("BIRTH_DATE", str(random.randrange(1, 29)))
        yield "age", resume.text(first.format(day=day)), resume.text(second.format(day=day))
    for country in random.sample(sorted(set(countries()) - {resume.person.country}), 2):
        address, city = draw_address(country, random)
        moved = replace(
            resume.person, country=country, address=address, city=city, phone=mark("PHONE", draw_phone(country, random))
        )
        yield "address", plain, resume.of(moved).text()
    for university in random.sample(shared()["universities"], 2):
        yield "university", plain, _at_university(resume, university)
    for first, second in random.sample(_FAMILIES, 2):
        yield "nationality and family", resume.text(first), resume.text(second)
    for first, second in random.sample(_HOBBIES, 2):
        yield CONTROL, resume.text(first), resume.text(second)


def _at_university(resume: _Resume, university: str) -> str:
    text, spans = resume.spans()
    for span in reversed([span for span in spans if span.kind == "UNIVERSITY"]):
        capital = text[span.start : span.end].isupper()
        text = text[: span.start] + (university.upper() if capital else university) + text[span.end :]
    return text


def _renamed(person: Person, name: PersonName, key: str) -> Person:
    """The person under another name, with addresses made from it the same way."""
    addresses = Random(f"addresses {key}")
    email = mark("EMAIL", mail_address(name, addresses))
    profiles = [mark("URL", profile_address(name, addresses)) for _ in person.profiles]
    return replace(person, name=name, email=email, profiles=profiles)


def _name(origin: str, gender: str, random: Random) -> PersonName:
    lists = _names()[origin]
    # Which form a name takes by origin is the layout's affair; here only the words change.
    return PersonName(random.choice(lists[gender]), "", random.choice(lists["family"]), "english")


@cache
def _names() -> dict[str, dict[str, list[str]]]:
    path = files("assets.models.evaluation") / "data" / "counterfactual_names.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        origin: {kind: [name.strip() for name in names.split(",")] for kind, names in kinds.items()}
        for origin, kinds in raw.items()
    }
