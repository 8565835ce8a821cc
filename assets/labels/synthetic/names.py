"""Who the synthetic people are: names of many origins, and how a name is written in headers, addresses and letters."""

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

_FAMILY_FIRST = frozenset({"chinese", "korean", "vietnamese"})
_WORD_SHARE = 0.06
_SINGLE_SHARE = 0.02
_MIDDLE_SHARE = 0.18
_MAIL_HOSTS = (
    "gmail.com",
    "outlook.com",
    "yahoo.co.uk",
    "proton.me",
    "icloud.com",
    "hotmail.com",
    "mail.com",
    "gmx.de",
    "live.co.uk",
    "fastmail.com",
)
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "ß": "ss", "Đ": "D", "İ": "I", "Ł": "L"})


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name; `family` is empty where a person goes by one, `middle` is an initial with its point or empty."""

    given: str
    middle: str
    family: str
    origin: str

    @property
    def full(self) -> str:
        """As its owner writes it, given name first."""
        return " ".join(part for part in (self.given, self.middle, self.family) if part)

    @property
    def reversed(self) -> str:
        """As forms and indexes write it."""
        rest = " ".join(part for part in (self.given, self.middle) if part)
        return f"{self.family}, {rest}" if self.family else rest

    @property
    def native(self) -> str:
        """Family name first, as some origins do; else as `full`."""
        return f"{self.family} {self.given}" if self.origin in _FAMILY_FIRST and self.family else self.full

    @property
    def initials(self) -> str:
        """`J. Smith`; the whole name of a person with one name."""
        return f"{self.given[0]}. {self.family}" if self.family else self.given

    @property
    def short(self) -> str:
        """What is used after `Mr` or `Ms`."""
        return self.family or self.given


@cache
def name_lists() -> dict[str, dict[str, list[str]]]:
    """The lists of the data file: origin to `given`, `family`, `pairs` or `names`."""
    path = files("assets.labels.synthetic") / "data" / "names.toml"
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        origin: {kind: [name.strip() for name in names.split(",")] for kind, names in kinds.items()}
        for origin, kinds in raw.items()
    }


def draw_name(random: Random) -> PersonName:
    """A person's name of any origin; some are words of the language, some have a middle initial, some are single."""
    lists = name_lists()
    fate = random.random()
    if fate < _WORD_SHARE:
        given, family = random.choice(lists["words"]["pairs"]).split(" ", 1)
        return PersonName(given, "", family, "words")
    if fate < _WORD_SHARE + _SINGLE_SHARE:
        return PersonName(random.choice(lists["single"]["names"]), "", "", "single")
    origin = random.choice([origin for origin in lists if "given" in lists[origin]])
    given = random.choice(lists[origin]["given"])
    middle = f"{random.choice('ABCDEFGHJKLMPRST')}." if random.random() < _MIDDLE_SHARE else ""
    if random.random() < 0.07:
        # Children of two cultures.
        origin = random.choice([other for other in lists if "given" in lists[other]])
    return PersonName(given, middle, random.choice(lists[origin]["family"]), origin)


def plain(name: str) -> str:
    """A name in the letters of an address: lower case, without accents, blanks and signs."""
    letters = unicodedata.normalize("NFKD", name.translate(_LETTERS).lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())


def mail_address(name: PersonName, random: Random) -> str:
    """An e-mail address as its owner would have chosen it."""
    given, family = plain(name.given.split(" ")[0]), plain(name.family) or str(random.randrange(70, 99))
    local = random.choice(
        [
            f"{given}.{family}",
            f"{given}{family}",
            f"{given[0]}{family}",
            f"{given[0]}.{family}",
            f"{family}.{given}",
            f"{given}_{family}",
            f"{given}{random.randrange(1, 99):02}",
            f"{given}.{family}{random.randrange(70, 99)}",
            f"{given}-{family}+jobs",
            f"hello.{family}",
            random.choice(["blue.heron", "coffeeandcode", "mountain.trails", "night_owl", "redkite"])
            + str(random.randrange(10, 999)),
        ]
    )
    own = [f"{family}.me", f"{given}{family}.com"]
    domain = random.choice([*_MAIL_HOSTS, *own])
    return f"{local}@{domain}"


def profile_address(name: PersonName, random: Random) -> str:
    """The address of a profile or a site of one's own."""
    given, family = plain(name.given.split(" ")[0]), plain(name.family)
    slug = f"{given}-{family}" if family else given
    number = f"{random.randrange(16**8):08x}"
    return random.choice(
        [
            f"linkedin.com/in/{slug}",
            f"https://www.linkedin.com/in/{slug}-{number}/",
            f"www.linkedin.com/in/{given}{family}",
            f"github.com/{given}{family}",
            f"https://github.com/{given[0]}{family or given}",
            f"{given}{family}.com",
            f"https://{slug}.dev",
            f"www.{given}{family}.net/portfolio",
            f"behance.net/{given}{family}",
            f"https://{given}{family}.github.io",
            f"https://medium.com/@{given}.{family or number[:3]}",
            f"https://x.com/{given}_{family or number[:3]}",
            f"https://uk.linkedin.com/pub/{slug}/{number[:2]}/{number[2:5]}/{number[5:]}",
        ]
    )
