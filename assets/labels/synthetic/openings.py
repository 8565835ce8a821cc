"""Synthetic openings, and how well each resume fits each: the truth of the task `match`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random

from assets.labels.synthetic.careers import families, fill, shared
from assets.labels.synthetic.generator import SyntheticResume
from assets.labels.synthetic.markup import unmark
from assets.labels.synthetic.places import countries

_INTRODUCTIONS = (
    "{employer} is looking for a {title} in {city}.",
    "We are hiring: {title} ({city}). {employer} offers a fair salary and a team that shares what it knows.",
    "{title}, {city}\n{employer} seeks someone who takes ownership.",
    "Join {employer} as {title}. The post is based in {city}; two days a week can be worked from home.",
)
_DUTIES = ("What you will do", "Your tasks", "Responsibilities", "The role")
_NEEDS = ("What you bring", "Requirements", "Your profile", "We expect")
_ENOUGH, _SOME = 0.4, 0.15


@dataclass(frozen=True, slots=True)
class SyntheticOpening:
    """An opening of a job family; `skills` are those it asks for, in lower case."""

    opening_id: str
    title: str
    text: str
    category: str
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GradedMatch:
    """How well a resume fits an opening: 3 well, 2 partly, 1 in a related family or without the skills, 0 not at all."""

    resume_id: str
    opening_id: str
    grade: int


def openings(count: int, seed: int) -> Iterator[SyntheticOpening]:
    """`count` openings; the same count and seed give the same ones anywhere."""
    random = Random(f"openings {seed}")
    for number in range(count):
        content = random.choice(list(families().values()))
        title = random.choice(content["titles"])
        skills = random.sample(content["skills"], random.randrange(4, 7)) + random.sample(shared()["skills"], 1)
        place = random.choice(countries()[random.choice(["us", "uk", "canada"])]["cities"].split("; "))
        duties = [unmark(fill(random.choice(content["bullets"]), content, random))[0] for _ in range(3)]
        text = "\n".join(
            [
                random.choice(_INTRODUCTIONS).format(
                    employer=random.choice(content["employers"]), title=title, city=place.partition("|")[0]
                ),
                "",
                random.choice(_DUTIES),
                *(f"- {duty}" for duty in dict.fromkeys(duties)),
                "",
                random.choice(_NEEDS),
                *(f"- {skill}" for skill in skills),
                f"- {random.choice(content['fields'])} degree or the same in experience",
            ]
        )
        yield SyntheticOpening(
            f"opening-{seed}-{number}", title, text, content["label"], tuple(skill.lower() for skill in skills)
        )


def graded_matches(resumes: Iterable[SyntheticResume], openings: Iterable[SyntheticOpening]) -> Iterator[GradedMatch]:
    """A grade for every resume with every opening, from the families and the skills of both."""
    labels = {name: family["label"] for name, family in families().items()}
    related = {
        family["label"]: {labels[neighbour] for neighbour in family["neighbours"]} for family in families().values()
    }
    openings = list(openings)
    for resume in resumes:
        known = set(resume.skills())
        for opening in openings:
            share = len(known & set(opening.skills)) / len(opening.skills)
            if resume.category == opening.category:
                grade = 3 if share >= _ENOUGH else 2 if share >= _SOME else 1
            else:
                grade = int(resume.category in related[opening.category] and share >= _SOME)
            yield GradedMatch(resume.resume_id, opening.opening_id, grade)
