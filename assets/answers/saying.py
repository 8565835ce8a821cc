"""Whether a text says something, or is a title, an announcement or a question: what can't be the answer to a question."""

import re

_ANNOUNCES = re.compile(
    r"\W*(?:This (?:notice|page|guide|chapter|section|order|bulletin|policy|document|form|handbook|part)\b|It explains|See |"
    r"Check out|For more|Read )"
)


def shouts(text: str) -> bool:
    """Whether most letters are capitals, as in a title."""
    letters = [character for character in text if character.isalpha()]
    return sum(character.isupper() for character in letters) > 0.6 * max(1, len(letters))


def asks(text: str) -> bool:
    """Whether a text ends as a question."""
    return text.rstrip().endswith("?")


def announces(text: str) -> bool:
    """Whether a text begins by telling what a document is for, or where to read on."""
    return _ANNOUNCES.match(text) is not None
