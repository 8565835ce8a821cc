"""Synthetic resumes with their truth: personal items, skills and all that must be kept, by offsets.

The same count and seed give the same resumes anywhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

from assets.labels.synthetic.careers import draw_career, families
from assets.labels.synthetic.layouts import LAYOUTS
from assets.labels.synthetic.markup import Span, unmark
from assets.labels.synthetic.person import draw_person
from assets.labels.synthetic.places import countries

PERSONAL = ("NAME", "EMAIL", "PHONE", "ADDRESS", "POSTCODE", "BIRTH_DATE", "URL", "ID_NUMBER")
KEPT = ("SKILL", "EMPLOYER", "TITLE", "DATE", "DEGREE", "UNIVERSITY", "CERTIFICATION")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_DUPLICATE_EDITS = 3


@dataclass(frozen=True, slots=True)
class SyntheticResume:
    """A resume; `personal` and `kept` are spans of `text` by kind (PERSONAL, KEPT), `category` is its label."""

    resume_id: str
    person_id: str
    text: str
    category: str
    layout: str
    given: str
    family: str
    personal: tuple[Span, ...]
    kept: tuple[Span, ...]

    def skills(self) -> list[str]:
        """The different skills, in the order of the text."""
        found = (self.text[span.start : span.end].lower() for span in self.kept if span.kind == "SKILL")
        return list(dict.fromkeys(found))


def resumes(
    count: int, seed: int, *, near_duplicates: float = 0.0, layouts: tuple[str, ...] = tuple(LAYOUTS)
) -> Iterator[SyntheticResume]:
    """`count` resumes; a share `near_duplicates` of them are edited copies of earlier ones, of the same person."""
    random = Random(f"resumes {seed}")
    earlier: list[SyntheticResume] = []
    for number in range(count):
        if earlier and random.random() < near_duplicates:
            yield replace(near_duplicate(random.choice(earlier), random.random()), resume_id=f"resume-{seed}-{number}")
            continue
        resume = _draw_resume(number, seed, layouts, random)
        if near_duplicates:
            earlier.append(resume)
        yield resume


def near_duplicate(resume: SyntheticResume, seed: float) -> SyntheticResume:
    """The same person's resume with a few small edits: lines dropped or added, numbers and blanks changed."""
    random = Random(f"duplicate {resume.resume_id} {seed}")
    lines = _cut_lines(resume)
    for _ in range(_DUPLICATE_EDITS):
        plain = [index for index, (_, spans) in enumerate(lines) if not any(span.kind in PERSONAL for span in spans)]
        if len(plain) < 2:
            break
        index = random.choice(plain)
        line, spans = lines[index]
        fate = random.random()
        if fate < 0.3 and len(line) > 20:
            del lines[index]
        elif fate < 0.6 and not spans:
            lines[index] = (re.sub(r"\d+", lambda found: str(int(found[0]) + 1), line), spans)
        else:
            lines[index] = (line + random.choice([" ", ".", "  ", " etc."]), spans)
    text, spans = _join_lines(lines)
    if text == resume.text:
        text += random.choice(["\nReferences on request", "\n\nAvailable at once", " Driving licence: yes"])
    return replace(
        resume,
        resume_id=f"{resume.resume_id}-copy-{sha256(text.encode()).hexdigest()[:8]}",
        text=text,
        personal=tuple(span for span in spans if span.kind in PERSONAL),
        kept=tuple(span for span in spans if span.kind in KEPT),
    )


def skill_tags(resume: SyntheticResume) -> tuple[list[str], list[str]]:
    """The tokens of the text and their BIO tags (`B-SKILL`, `I-SKILL`, `O`), for the task `skills`."""
    tokens, tags = [], []
    skills = iter([span for span in resume.kept if span.kind == "SKILL"])
    current = next(skills, None)
    for found in _TOKEN.finditer(resume.text):
        while current and current.end <= found.start():
            current = next(skills, None)
        tokens.append(found[0])
        inside = current is not None and current.start <= found.start() < current.end
        begins = inside and current is not None and found.start() == current.start
        tags.append("B-SKILL" if begins else "I-SKILL" if inside else "O")
    return tokens, tags


def _draw_resume(number: int, seed: int, layouts: tuple[str, ...], random: Random) -> SyntheticResume:
    person = draw_person(random)
    family = random.choice(list(families()))
    cities = [city.partition("|")[0] for city in countries()[person.country]["cities"].split("; ")]
    career = draw_career(family, cities, random)
    layout = random.choice(layouts)
    text, spans = unmark(LAYOUTS[layout](person, career, random))
    return SyntheticResume(
        resume_id=f"resume-{seed}-{number}",
        person_id=f"person-{seed}-{number}",
        text=text,
        category=career.category,
        layout=layout,
        given=person.name.given,
        family=person.name.family,
        personal=tuple(span for span in spans if span.kind in PERSONAL),
        kept=tuple(span for span in spans if span.kind in KEPT),
    )


def _cut_lines(resume: SyntheticResume) -> list[tuple[str, list[Span]]]:
    """Lines with their own spans, offsets counted from the start of the line."""
    lines: list[tuple[str, list[Span]]] = []
    spans = sorted((*resume.personal, *resume.kept), key=lambda span: span.start)
    position = 0
    for line in resume.text.split("\n"):
        end = position + len(line)
        inside = [
            Span(span.start - position, span.end - position, span.kind)
            for span in spans
            if position <= span.start and span.end <= end
        ]
        lines.append((line, inside))
        position = end + 1
    return lines


def _join_lines(lines: list[tuple[str, list[Span]]]) -> tuple[str, list[Span]]:
    position = 0
    joined: list[Span] = []
    for line, spans in lines:
        joined += [Span(span.start + position, span.end + position, span.kind) for span in spans]
        position += len(line) + 1
    return "\n".join(line for line, _ in lines), joined
