"""How resumes are laid out: each layout turns a person and a career into marked text."""

from collections.abc import Callable
from random import Random

from assets.labels.synthetic.careers import Career
from assets.labels.synthetic.markup import capitals, mark
from assets.labels.synthetic.names import draw_name
from assets.labels.synthetic.person import Person, named, references
from assets.labels.synthetic.sections import birth_line, contact_lines, credentials, sections

Layout = Callable[[Person, Career, Random], str]


def classic(person: Person, career: Career, random: Random) -> str:
    """The name first, then the contact details on a line or two."""
    name = named(random.choice([person.name.full, person.name.full, person.name.native])) + credentials(random)
    contact = random.choice([" | ", " • ", "\n", ", ", " · "]).join(contact_lines(person, random))
    title = [career.title] if random.random() < 0.4 else []
    return "\n".join([name, *title, contact, "", "\n\n".join(sections(person, career, random))])


def curriculum_vitae(person: Person, career: Career, random: Random) -> str:
    """A document title first, the name below it."""
    header = random.choice(
        ["CURRICULUM VITAE", "Curriculum Vitae", "RESUME", "Résumé", "C.V.", "Curriculum vitae – 2024"]
    )
    name = named(person.name.full.upper() if random.random() < 0.3 else person.name.full)
    return "\n".join([header, "", name, *contact_lines(person, random), "", *sections(person, career, random)])


def fields(person: Person, career: Career, random: Random) -> str:
    """A form with labels."""
    if random.random() < 0.4 and person.name.family:
        names = [f"First name: {named(person.name.given)}", f"Last name: {named(person.name.family)}"]
    else:
        names = [f"{random.choice(['Name', 'Full Name', 'Candidate', 'Name of applicant'])}: {named(person.name.full)}"]
    personal = [
        *names,
        f"Address: {person.address}",
        birth_line(person, random),
        f"Nationality: {random.choice(['British', 'Indian', 'American', 'Nigerian', 'Turkish'])}",
        f"{person.identity_label}: {person.identity}",
        f"Contact No: {person.phone}",
        f"Email ID: {person.email}",
    ]
    random.shuffle(personal[len(names) :])
    return "\n".join(["PERSONAL DETAILS", *personal, "", "\n\n".join(sections(person, career, random, upper=True))])


def reversed_name(person: Person, career: Career, random: Random) -> str:
    """The family name first, with a comma."""
    name = person.name.reversed.upper() if random.random() < 0.3 else person.name.reversed
    return "\n".join([named(name), *contact_lines(person, random), "", "\n".join(sections(person, career, random))])


def all_capitals(person: Person, career: Career, random: Random) -> str:
    """Everything in capitals but the addresses."""
    body = "\n\n".join(sections(person, career, random))
    return "\n".join([named(person.name.full.upper()), *contact_lines(person, random), "", capitals(body)])


def footer(person: Person, career: Career, random: Random) -> str:
    """No name at the top, one at the foot of the page."""
    foot = random.choice(
        [
            f"{named(person.name.full)} - Page 1 of 2",
            f"Page 2 | {named(person.name.full)} | {person.email}",
            f"{named(person.name.full)} · {person.phone}",
            f"Resume of {named(person.name.full)}",
        ]
    )
    top = [career.title] if random.random() < 0.5 else []
    return "\n\n".join([*top, *sections(person, career, random), foot])


def with_references(person: Person, career: Career, random: Random) -> str:
    """References with other people's names and numbers at the end."""
    title = random.choice(["References", "REFERENCES", "Referees", "Professional References"])
    return f"{classic(person, career, random)}\n\n{title}\n{references(random)}\n"


def signature(person: Person, career: Career, random: Random) -> str:
    """A letter with a resume in it, signed at the end."""
    other = draw_name(random)
    greeting = random.choice(
        ["Dear Hiring Manager,", f"Dear {random.choice(['Mr.', 'Ms.'])} {named(other.short)},", "Dear Sir or Madam,"]
    )
    closing = random.choice(["Sincerely,", "Best regards,", "Yours faithfully,", "Kind regards,", "Respectfully,"])
    return "\n\n".join(
        [
            greeting,
            f"I apply for the post of {career.title}. {career.summary}",
            *sections(person, career, random)[1:],
            f"{closing}\n{named(person.name.full)}\n{person.phone}\n{person.email}",
        ]
    )


def table(person: Person, career: Career, random: Random) -> str:
    """Cells of a table, as extraction leaves them."""
    separator = random.choice([" | ", "\t", "   "])
    rows = [
        f"Name{separator}{named(person.name.full)}",
        f"Phone{separator}{person.phone}",
        f"E-mail{separator}{person.email}",
        f"Address{separator}{person.address}",
        *(f"Web{separator}{profile}" for profile in person.profiles),
    ]
    work = [f"{job.dates}{separator}{job.title}{separator}{job.employer}" for job in career.jobs]
    return "\n".join([*rows, "", *work, "", "\n\n".join(sections(person, career, random))])


def shuffled(person: Person, career: Career, random: Random) -> str:
    """Sections in any order, the header somewhere among them."""
    contact = random.choice(["Contact", "Contact Information", "PERSONAL INFORMATION", "Contact Details"])
    header = "\n".join([contact, named(person.name.full), *contact_lines(person, random)])
    parts = [header, *sections(person, career, random)]
    random.shuffle(parts)
    return "\n\n".join(parts)


def columns(person: Person, career: Career, random: Random) -> str:
    """Two columns that were read across: contact and skills beside the jobs."""
    left = ["CONTACT", *contact_lines(person, random), "SKILLS", *career.skills, "", *career.certifications]
    right = [line for part in sections(person, career, random)[:3] for line in part.split("\n")]
    lines = [named(person.name.full), career.title]
    for position in range(max(len(left), len(right))):
        one = left[position] if position < len(left) else ""
        two = right[position] if position < len(right) else ""
        lines.append(f"{one}{'     ' if one and two else ''}{two}")
    return "\n".join(lines)


def email(person: Person, career: Career, random: Random) -> str:
    """A message with the resume below it, quoted."""
    other = draw_name(random)
    body = "\n".join(sections(person, career, random))
    quoted = "\n".join(f"> {line}" for line in body.split("\n")) if random.random() < 0.5 else body
    greeting = f"Hi {named(other.given)}," if random.random() < 0.5 else "Hello,"
    return "\n".join(
        [
            f"From: {named(person.name.full)} <{person.email}>",
            f"To: {named(other.full)} <{mark('EMAIL', 'jobs@harlow-recruiting.com')}>",
            f"Subject: Application as {career.title}",
            "",
            greeting,
            "please find my resume below.",
            random.choice(["Best,", "Regards,", "Thanks,"]),
            named(person.name.given),
            person.phone,
            "",
            quoted,
        ]
    )


def linkedin(person: Person, career: Career, random: Random) -> str:
    """An exported profile: contact first, the name in the middle."""
    return "\n".join(
        [
            "Contact",
            person.phone + " (Mobile)",
            person.email,
            *(f"{profile} (LinkedIn)" for profile in person.profiles[:1]),
            "",
            "Top Skills",
            *career.skills[:3],
            "",
            named(person.name.full),
            f"{career.title} at {career.jobs[0].employer}",
            f"{person.city}",
            "",
            "\n\n".join(sections(person, career, random)),
            "",
            "Page 1 of 3",
        ]
    )


def nameless(person: Person, career: Career, random: Random) -> str:
    """Nobody's name; some have not even a way to contact them."""
    contact = [person.email, person.phone] if random.random() < 0.3 else []
    top = [career.title] if random.random() < 0.7 else []
    body = "\n\n".join(sections(person, career, random, anonymous=True))
    return "\n".join([*top, *contact, "", body]).lstrip()


def europass(person: Person, career: Career, random: Random) -> str:
    """The European form."""
    return "\n".join(
        [
            f"PERSONAL INFORMATION   {named(person.name.full)}",
            "",
            f"     {person.address}",
            f"     {person.phone}   {person.second_phone}",
            f"     {person.email}",
            *(f"     {profile}" for profile in person.profiles),
            f"Sex {random.choice(['Female', 'Male'])} | Date of birth {person.birth_date} | Nationality European",
            "",
            f"JOB APPLIED FOR   {career.title}",
            "",
            "\n\n".join(sections(person, career, random, upper=True)),
        ]
    )


def narrative(person: Person, career: Career, random: Random) -> str:
    """A biography in the third person."""
    name, job = person.name, career.jobs[0]
    return "\n\n".join(
        [
            f"About {named(name.full)}",
            f"{named(name.full)} is a {career.title} based in {person.city}. {named(name.given)} joined {job.employer} "
            f"in {job.dates} as {job.title}. Before that, {named(name.short)} studied at length: {career.education[0]}.",
            *job.bullets,
            f"{named(name.short)}'s skills: {', '.join(career.skills)}.",
            f"You can reach {named(name.given)} at {person.email} or {person.phone}.",
        ]
    )


def pages(person: Person, career: Career, random: Random) -> str:
    """The name at the head of every page."""
    parts = sections(person, career, random)
    head = f"{named(person.name.full)}, {person.phone}"
    again = random.choice([f"{named(person.name.full)} (continued)", f"Page 2 - {named(person.name.reversed)}"])
    return "\n\n".join([head, person.email, *parts[:2], again, *parts[2:]])


def one_line(person: Person, career: Career, random: Random) -> str:
    """A page whose line breaks were lost."""
    return " ".join(classic(person, career, random).split())


LAYOUTS: dict[str, Layout] = {
    "classic": classic,
    "curriculum_vitae": curriculum_vitae,
    "fields": fields,
    "reversed_name": reversed_name,
    "all_capitals": all_capitals,
    "footer": footer,
    "with_references": with_references,
    "signature": signature,
    "table": table,
    "shuffled": shuffled,
    "columns": columns,
    "email": email,
    "linkedin": linkedin,
    "nameless": nameless,
    "europass": europass,
    "narrative": narrative,
    "pages": pages,
    "one_line": one_line,
}
