"""Anonymizing a resume: personal items become typed placeholders; skills, employers, titles, degrees and dates stay."""

from assets.labels.anonymizing.addresses import addresses, postcodes
from assets.labels.anonymizing.candidate import Name, find_names
from assets.labels.anonymizing.contacts import emails, phones, urls
from assets.labels.anonymizing.identity_numbers import birth_dates, identity_numbers
from assets.labels.anonymizing.model import Anonymized, Masked, replace, resolve
from assets.labels.anonymizing.people import other_people
from assets.labels.anonymizing.propagation import file_names, propagate, spelled
from assets.labels.anonymizing.vocabulary import fold


def anonymize(text: str) -> Anonymized:
    """The text with every personal item that is found replaced by a placeholder of its kind, e.g. `[NAME]`.

    The offsets in `masked` count characters of the text that came in. Takes time in proportion to the text.
    """
    return replace(text, find_personal(text))


def find_personal(text: str) -> list[Masked]:
    """The personal items of a resume, in order and without overlaps."""
    contacts: list[Masked] = [
        *emails(text),
        *urls(text, ()),
        *identity_numbers(text),
        *birth_dates(text),
        *phones(text),
    ]
    contacts += addresses(text, contacts)
    contacts += postcodes(text)
    own = find_names(text, sorted(contacts, key=lambda find: find.start))
    others = list(other_people(text))
    named = [Masked("NAME", name.start, name.end) for name in (*own, *others)]
    folded = fold(text)
    named += propagate(text, folded, own)
    named += propagate(text, folded, _different(others, own), alone=False)
    named += file_names(folded)
    contacts += urls(text, spelled([*own, *others]))
    return resolve(text, [*contacts, *named])


def _different(others: list[Name], own: list[Name]) -> list[Name]:
    """Other people with at least two parts to their names."""
    known = {name.parts for name in own}
    return [name for name in others if len(name.parts) > 1 and name.parts not in known]
