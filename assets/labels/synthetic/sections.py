"""What layouts are put together from: contact lines, and the sections of a career with their headings."""

from random import Random

from assets.labels.synthetic.careers import Career, Job, shared
from assets.labels.synthetic.person import Person, mentions


def heading(kind: str, random: Random) -> str:
    """A section's heading; `kind` is the plain word for it."""
    options: list[str] = next(each.split("|") for each in shared()["sections"] if each.split("|")[0] == kind)
    return random.choice(options)


def sections(
    person: Person, career: Career, random: Random, *, upper: bool = False, anonymous: bool = False
) -> list[str]:
    """The sections below the header, in the usual order, each with its heading; nobody is named in them where `anonymous`."""
    bullet = random.choice(["- ", "• ", "* ", "", "– "])
    jobs = [_job(job, bullet, random) for job in career.jobs]
    for sentence in () if anonymous else mentions(person, random):
        position = random.randrange(len(jobs))
        jobs[position] += f"\n{bullet}{sentence}"
    separator = random.choice([", ", "\n", " | ", "; ", " • "])
    parts = [
        (heading("Summary", random), career.summary),
        (heading("Experience", random), "\n\n".join(jobs)),
        (heading("Education", random), "\n".join(career.education)),
        (heading("Skills", random), separator.join(career.skills)),
    ]
    if career.certifications:
        parts.append((heading("Certifications", random), "\n".join(career.certifications)))
    parts += [(title, text) for title, _, text in (extra.partition(": ") for extra in career.extras)]
    return [f"{title.upper() if upper else title}\n{text}" for title, text in parts]


def contact_lines(person: Person, random: Random) -> list[str]:
    """Contact details, one a line, some with their labels."""
    labelled = random.random() < 0.5
    lines = [
        person.address if random.random() < 0.75 else person.city,
        f"{random.choice(['Phone: ', 'Tel. ', 'Mobile: ', 'Cell: ', 'T: '])}{person.phone}"
        if labelled
        else person.phone,
        f"{random.choice(['Email: ', 'E-mail: ', 'E: '])}{person.email}" if labelled else person.email,
        *person.profiles,
    ]
    if random.random() < 0.2:
        lines.append(f"{random.choice(['Home: ', 'Alternate phone: ', 'WhatsApp: '])}{person.second_phone}")
    if random.random() < 0.25:
        lines.append(birth_line(person, random))
    if random.random() < 0.15:
        lines.append(f"{person.identity_label}: {person.identity}")
    return lines


def birth_line(person: Person, random: Random) -> str:
    """The labelled birth date."""
    label = random.choice(["Date of Birth: ", "DOB: ", "Born: ", "D.O.B. ", "Birth date: ", "Born on "])
    return label + person.birth_date


def credentials(random: Random) -> str:
    """What some write behind their names."""
    return random.choice(["", "", "", "", ", MBA", ", PMP", ", RN", ", CPA", " MSc", ", Ph.D."])


def _job(job: Job, bullet: str, random: Random) -> str:
    head = random.choice(
        [
            f"{job.title}, {job.employer}, {job.city}\n{job.dates}",
            f"{job.dates}  {job.title}\n{job.employer} - {job.city}",
            f"{job.employer} | {job.title} | {job.dates}",
            f"{job.title} at {job.employer} ({job.dates})",
            f"{job.employer}, {job.city}   {job.dates}\n{job.title}",
        ]
    )
    return "\n".join([head, *(f"{bullet}{line}" for line in job.bullets)])
