"""Where the synthetic people live: addresses, phone numbers and identity numbers in the formats of many countries."""

import tomllib
from functools import cache
from importlib.resources import files
from random import Random

from assets.labels.synthetic.markup import mark

_LETTERS = "ABEGHJLNPRSTXY"
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"


@cache
def countries() -> dict[str, dict[str, str]]:
    """The data file: country to its name, cities, streets and forms."""
    path = files("assets.labels.synthetic") / "data" / "places.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def draw_country(random: Random) -> str:
    """A country; half of the people live in the United States or the United Kingdom."""
    return random.choice(["us", "us", "uk", random.choice(list(countries()))])


def draw_address(country: str, random: Random) -> tuple[str, str]:
    """A marked address (`ADDRESS`, `POSTCODE`) and the city alone."""
    place = countries()[country]
    city, _, pattern = random.choice(place["cities"].split("; ")).partition("|")
    form = random.choice(place["forms"].split("; "))
    postcode = digits(pattern, random)
    if not postcode:
        form = form.replace("[{postcode}]", "").rstrip(", ")
    address = form.format(
        n=random.randrange(2, 980),
        m=random.randrange(1, 40),
        street=random.choice(place["streets"].split("; ")),
        city=city,
        postcode=postcode,
    )
    before, bracket, rest = address.partition("[")
    inside, _, after = rest.partition("]")
    if not bracket:
        return mark("ADDRESS", before), city
    start = before.rstrip(" ,-").removesuffix(" CEP").rstrip(" ,").removesuffix(", D")
    tail = after.strip()
    gap = before[len(start) :]
    marked = mark("ADDRESS", start) + gap + mark("POSTCODE", inside)
    return marked + (f" {mark('ADDRESS', tail)}" if tail else ""), city


def draw_phone(country: str, random: Random) -> str:
    """A phone number as it is written there."""
    return digits(random.choice(countries()[country]["phones"].split("; ")), random)


def draw_identity(country: str, random: Random) -> tuple[str, str]:
    """The usual label of an identity number, and a number whose check digits are right."""
    kind = random.choice(countries()[country]["identity"].split("; "))
    return _IDENTITY[kind](random)


def digits(pattern: str, random: Random) -> str:
    """A pattern filled in: `#` a digit, `%` a digit from 1 to 9, `@` a capital letter."""
    return "".join(
        str(random.randrange(10))
        if sign == "#"
        else str(random.randrange(1, 10))
        if sign == "%"
        else random.choice(_LETTERS)
        if sign == "@"
        else sign
        for sign in pattern
    )


def _ssn(random: Random) -> tuple[str, str]:
    number = f"{random.randrange(100, 665)}-{random.randrange(10, 99)}-{random.randrange(1000, 9999)}"
    return random.choice(["SSN", "Social Security Number", "SS#", "Social Security No."]), number


def _nino(random: Random) -> tuple[str, str]:
    letters = random.choice(["AB", "CE", "JK", "LM", "PR", "SX", "WP"])
    number = digits("## ## ##", random)
    number = random.choice([number, number.replace(" ", "")])
    separator = " " if " " in number else ""
    return random.choice(["NI Number", "National Insurance No", "NINO"]), (
        f"{letters}{separator}{number}{separator}{random.choice('ABCD')}"
    )


def _passport(random: Random) -> tuple[str, str]:
    return random.choice(["Passport No.", "Passport Number", "Passport"]), digits(
        random.choice(["@#######", "#########", "@@#######", "@########"]), random
    )


def _dni(random: Random) -> tuple[str, str]:
    number = random.randrange(10_000_000, 79_999_999)
    separator = random.choice(["", "-"])
    return random.choice(["DNI", "NIF"]), f"{number}{separator}{_DNI_LETTERS[number % 23]}"


def _pan(random: Random) -> tuple[str, str]:
    return random.choice(["PAN", "PAN No"]), digits("@@@P@####@", random)


def _aadhaar(random: Random) -> tuple[str, str]:
    from stdnum import verhoeff

    number = digits("%##########", random).replace("1", "2", 1)
    number = f"{random.randrange(2, 10)}{number[1:]}"
    number += verhoeff.calc_check_digit(number)
    return random.choice(["Aadhaar", "Aadhaar No"]), f"{number[:4]} {number[4:8]} {number[8:]}"


def _cpf(random: Random) -> tuple[str, str]:
    number = [random.randrange(10) for _ in range(9)]
    for _ in range(2):
        weights = range(len(number) + 1, 1, -1)
        rest = sum(digit * weight for digit, weight in zip(number, weights, strict=True)) * 10 % 11
        number.append(rest % 10)
    text = "".join(map(str, number))
    return "CPF", f"{text[:3]}.{text[3:6]}.{text[6:9]}-{text[9:]}"


def _pesel(random: Random) -> tuple[str, str]:
    number = (
        f"{random.randrange(60, 99)}{random.randrange(1, 13):02}{random.randrange(1, 29):02}{digits('####', random)}"
    )
    total = sum(int(digit) * weight for digit, weight in zip(number, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
    return "PESEL", f"{number}{-total % 10}"


def _bsn(random: Random) -> tuple[str, str]:
    while True:
        number = digits("%#######", random)
        rest = sum(int(digit) * weight for digit, weight in zip(number, range(9, 1, -1), strict=True)) % 11
        if rest < 10:
            return "BSN", f"{number}{rest}"


def _sin(random: Random) -> tuple[str, str]:
    from stdnum import luhn

    number = digits("%#######", random)
    number += luhn.calc_check_digit(number)
    return "SIN", f"{number[:3]} {number[3:6]} {number[6:]}"


def _tckn(random: Random) -> tuple[str, str]:
    number = [random.randrange(1, 10), *(random.randrange(10) for _ in range(8))]
    number.append((sum(number[0:9:2]) * 7 - sum(number[1:8:2])) % 10)
    number.append(sum(number) % 10)
    return random.choice(["T.C. Kimlik No", "TC Kimlik"]), "".join(map(str, number))


_IDENTITY = {
    "ssn": _ssn,
    "nino": _nino,
    "passport": _passport,
    "dni": _dni,
    "pan": _pan,
    "aadhaar": _aadhaar,
    "cpf": _cpf,
    "pesel": _pesel,
    "bsn": _bsn,
    "sin": _sin,
    "tckn": _tckn,
}
