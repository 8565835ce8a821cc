"""A synthetic person: what is theirs alone, and how they and others are mentioned in a resume."""

from dataclasses import dataclass
from random import Random

from assets.labels.synthetic.careers import shared
from assets.labels.synthetic.markup import mark
from assets.labels.synthetic.names import PersonName, draw_name, mail_address, plain, profile_address
from assets.labels.synthetic.places import draw_address, draw_country, draw_identity, draw_phone

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
class Person:
    """Contact and identity; `address`, `phone`, `email`, `profiles` and `birth_date` are marked, as is `identity`."""

    name: PersonName
    country: str
    city: str
    address: str
    phone: str
    second_phone: str
    email: str
    profiles: list[str]
    birth_date: str
    identity_label: str
    identity: str


def draw_person(random: Random) -> Person:
    """A person of any origin, living anywhere."""
    name = draw_name(random)
    country = draw_country(random)
    address, city = draw_address(country, random)
    label, number = draw_identity(country, random)
    profiles = [profile_address(name, random) for _ in range(random.choice([0, 1, 1, 2]))]
    return Person(
        name=name,
        country=country,
        city=city,
        address=address,
        phone=mark("PHONE", draw_phone(country, random)),
        second_phone=mark("PHONE", draw_phone(country, random)),
        email=mark("EMAIL", mail_address(name, random)),
        profiles=[mark("URL", profile) for profile in profiles],
        birth_date=mark("BIRTH_DATE", _birth_date(random)),
        identity_label=label,
        identity=mark("ID_NUMBER", number),
    )


def named(text: str) -> str:
    """A person's name, marked."""
    return mark("NAME", text)


def mentions(person: Person, random: Random) -> list[str]:
    """Sentences of a resume in which its person or others are named; marked, often none."""
    name, other = person.name, draw_name(random)
    title = mark("TITLE", random.choice(shared()["titles"][:6]))
    employer_file = f"{plain(name.given)}_{plain(name.family)}" if name.family else plain(name.given)
    possible = [
        f"Reported to {_honorific(random)} {named(other.full)}, {title}.",
        f"Supervised by {named(other.full)}.",
        f"Worked under {random.choice(['Dr.', 'Prof.'])} {named(other.short)} on a pilot project.",
        f"“{named(name.given)} is the colleague one hopes for.” – {named(other.full)}, {title}",
        f"Awarded 'Employee of the Month': {_honorific(random)} {named(name.short)} set the standard.",
        f"Portfolio: {named(employer_file)}_portfolio.pdf",
        f"Published as {named(name.initials)} in the staff magazine.",
        f"{named(name.given)}'s manager, {named(other.full)}, will gladly be called.",
        f"Known to customers as {named(name.full)}.",
        f"Stood in for {named(other.full)} during parental leave.",
    ]
    return random.sample(possible, random.choice([0, 0, 0, 1, 1, 2]))


def references(random: Random) -> str:
    """A section with two people who can be asked."""
    entries = []
    for _ in range(random.choice([1, 2, 2, 3])):
        other = draw_name(random)
        country = draw_country(random)
        name = named(random.choice([other.full, other.full, f"{other.full}"]))
        phone = mark("PHONE", draw_phone(country, random))
        email = mark("EMAIL", mail_address(other, random))
        title = mark("TITLE", random.choice(shared()["titles"]))
        entries.append(
            random.choice(
                [
                    f"{name}, {title}, {phone}",
                    f"{name}\n{title}\nPhone: {phone}\nEmail: {email}",
                    f"{_honorific(random)} {name} - {title} - {email}",
                    f"• {name} ({title}) {phone} / {email}",
                ]
            )
        )
    return "\n".join(entries)


def _honorific(random: Random) -> str:
    return random.choice(["Mr.", "Ms.", "Mrs", "Mr", "Ms"])


def _birth_date(random: Random) -> str:
    day, month, year = random.randrange(1, 29), random.randrange(1, 13), random.randrange(1962, 2003)
    return random.choice(
        [
            f"{day:02}/{month:02}/{year}",
            f"{day} {_MONTHS[month - 1]} {year}",
            f"{_MONTHS[month - 1]} {day}, {year}",
            f"{year}-{month:02}-{day:02}",
            f"{day:02}.{month:02}.{year}",
            f"{day:02}-{_MONTHS[month - 1][:3]}-{year}",
            f"{day}th {_MONTHS[month - 1]} {year}",
        ]
    )
