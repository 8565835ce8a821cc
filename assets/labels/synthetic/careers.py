"""What the synthetic people have done: jobs, bullets, skills, degrees and certificates of sixteen job families.

Families overlap as real ones do: a resume takes bullets and skills of neighbouring families, general titles and sentences
that say nothing of the work, and some people changed their profession.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from assets.labels.synthetic.markup import mark

_NEWEST_YEAR = 2024
_CHANGED_PROFESSION = 0.3
_GENERAL_TITLE = 0.4
_SHARED_BULLET = 0.45
_NEIGHBOUR_BULLET = 0.22
_NEIGHBOUR_SKILL = 0.3
_GENERAL_SKILL = 0.3
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


@dataclass(frozen=True, slots=True)
class Job:
    """One position; every text is marked."""

    title: str
    employer: str
    dates: str
    city: str
    bullets: list[str]


@dataclass(frozen=True, slots=True)
class Career:
    """A person's working life; every text is marked, `category` is the label."""

    family: str
    category: str
    title: str
    summary: str
    jobs: list[Job]
    education: list[str]
    skills: list[str]
    certifications: list[str]
    extras: list[str]


@cache
def families() -> dict[str, dict[str, Any]]:
    """The data files: family to its lists."""
    folder = files("assets.labels.synthetic") / "data" / "careers"
    return {
        path.name.removesuffix(".toml"): _lists(tomllib.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".toml")
    }


@cache
def shared() -> dict[str, Any]:
    """The data file of what all families hold."""
    path = files("assets.labels.synthetic") / "data" / "shared.toml"
    return _lists(tomllib.loads(path.read_text(encoding="utf-8")))


def categories() -> list[str]:
    """The labels of the task `job-category`, in order."""
    return [family["label"] for family in families().values()]


def draw_career(family: str, cities: list[str], random: Random) -> Career:
    """A career in a family, with its jobs newest first."""
    content = families()[family]
    form = random.choice(["short", "long", "numbers", "years", "to"])
    year = _NEWEST_YEAR - random.randrange(2)
    skills = _draw_skills(content, random)
    jobs = []
    for position in range(random.choice([1, 2, 2, 3, 3, 4])):
        length = random.randrange(1, 6)
        changed = position > 0 and random.random() < _CHANGED_PROFESSION
        source = families()[random.choice(content["neighbours"])] if changed else content
        jobs.append(_draw_job(source, form, year - length, None if position == 0 else year, cities, random))
        year -= length
    title = random.choice(content["titles"])
    return Career(
        family=family,
        category=content["label"],
        title=mark("TITLE", title),
        summary=_summary(content, title, random),
        jobs=jobs,
        education=[_degree(content, year - 4 * position, random) for position in range(random.choice([1, 1, 2]))],
        skills=[mark("SKILL", skill) for skill in skills],
        certifications=[
            mark("CERTIFICATION", name)
            for name in random.sample(content["certifications"], random.choice([0, 1, 1, 2]))
        ],
        extras=_extras(random),
    )


def fill(template: str, content: dict[str, Any], random: Random) -> str:
    """A sentence of a template, with skills, things and numbers of a family put in and marked."""
    skills = random.sample(content["skills"], 2)
    thing = random.choice(content.get("things", [""]))
    values = {
        "skill": mark("SKILL", skills[0]),
        "skill2": mark("SKILL", skills[1]),
        "title": mark("TITLE", random.choice(shared()["titles"][:4])),
        "n": random.randrange(3, 16),
        "p": random.randrange(5, 60),
        "yy": f"{random.randrange(5, 24):02}",
    }
    return template.replace("{thing}", thing).format(**values)


def _draw_skills(content: dict[str, Any], random: Random) -> list[str]:
    chosen: dict[str, None] = {}
    for _ in range(random.randrange(6, 13)):
        fate = random.random()
        source = content
        if fate < _GENERAL_SKILL:
            source = shared()
        elif fate < _GENERAL_SKILL + _NEIGHBOUR_SKILL:
            source = families()[random.choice(content["neighbours"])]
        chosen[random.choice(source["skills"])] = None
    return list(chosen)


def _draw_job(
    content: dict[str, Any], form: str, start: int, end: int | None, cities: list[str], random: Random
) -> Job:
    titles = shared()["titles"] if random.random() < _GENERAL_TITLE else content["titles"]
    bullets: dict[str, None] = {}
    for _ in range(random.randrange(3, 8)):
        fate = random.random()
        source, lines = content, content["bullets"]
        if fate < _SHARED_BULLET:
            lines = shared()["bullets"]
        elif fate < _SHARED_BULLET + _NEIGHBOUR_BULLET:
            source = families()[random.choice(content["neighbours"])]
            lines = source["bullets"]
        bullets[fill(random.choice(lines), source, random)] = None
    return Job(
        title=mark("TITLE", random.choice(titles)),
        employer=mark("EMPLOYER", random.choice(content["employers"])),
        dates=mark("DATE", _dates(form, start, end, random)),
        city=random.choice(cities),
        bullets=list(bullets),
    )


def _dates(form: str, start: int, end: int | None, random: Random) -> str:
    first, last = random.randrange(12), random.randrange(12)
    if form == "years":
        return f"{start} - {end or 'Present'}"
    if form == "numbers":
        return f"{first + 1:02}/{start} – {f'{last + 1:02}/{end}' if end else 'Current'}"
    if form == "short":
        return f"{_MONTHS[first][:3]} {start} - {f'{_MONTHS[last][:3]} {end}' if end else 'Present'}"
    between = "to" if form == "to" else "–"
    return f"{_MONTHS[first]} {start} {between} {f'{_MONTHS[last]} {end}' if end else 'present'}"


def _degree(content: dict[str, Any], year: int, random: Random) -> str:
    degree = mark("DEGREE", random.choice(shared()["degrees"]).format(field=random.choice(content["fields"])))
    university = mark("UNIVERSITY", random.choice(shared()["universities"]))
    return random.choice(["{d}, {u}, {y}", "{u} - {d} ({y})", "{y}: {d}, {u}", "{d}\n{u}, {y}"]).format(
        d=degree, u=university, y=mark("DATE", str(year))
    )


def _summary(content: dict[str, Any], title: str, random: Random) -> str:
    own = content["summary"] if random.random() < 0.6 else random.choice(shared()["summaries"])
    return fill(own.replace("{title}", mark("TITLE", title).replace("{", "").replace("}", "")), content, random)


def _extras(random: Random) -> list[str]:
    extras = []
    if random.random() < 0.3:
        extras.append("Languages: " + ", ".join(random.sample(shared()["languages"], 3)))
    if random.random() < 0.3:
        extras.append("Interests: " + random.choice(shared()["interests"]))
    return extras


def _lists(raw: dict[str, Any]) -> dict[str, Any]:
    """Texts with a line each, or with semicolons, become lists."""
    return {
        key: value
        if isinstance(value, list) or key in ("label", "summary")
        else [line.strip() for line in (value.splitlines() if "\n" in value else value.split(";")) if line.strip()]
        for key, value in raw.items()
    }
