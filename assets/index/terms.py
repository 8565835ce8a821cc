"""What the keyword side searches: the stemmed terms of a text, made the same way for a question and for a body.

The terms are stored, separated by single spaces, in a field of their own that the engine splits at white space only, so that
every engine sees the same terms whatever its own analyzers do.
"""

import re
import threading
import unicodedata

_FUNCTION_WORDS = """
a about above after again against all also am an and any are as at be because been before being below between both but by can
could did do does doing down during each few for from further had has have having he her here hers herself him himself his how
i if in into is it its itself just may me might more most must my myself no nor not now of off on once only or other our ours
ourselves out over own per same shall she should so some such than that the their theirs them themselves then there these they
this those through to too under until up upon very via was we were what when where whether which while who whom whose why will
with within without would you your yours yourself yourselves
"""
STOPWORDS = frozenset(_FUNCTION_WORDS.split())
"""Function words, question words and modal verbs: they say how a question is put, not what it is about."""

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2212"
_FOLDED = str.maketrans(_HYPHENS + "\u2019", "-" * len(_HYPHENS) + "'", _INVISIBLE)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_WORD = re.compile(r"[^\W_]+(?:[.'-][^\W_]+)*")
_JOINT = re.compile(r"[.'-]")
_POSSESSIVE = re.compile(r"'s$")
_NUMBERED = re.compile(r"\d\w*(?:[.-]\d\w*)*")
_local = threading.local()


def terms(text: str) -> list[str]:
    """The stemmed terms of a text in order, repetitions included, stop words left out; none holds white space.

    A section number ("32-531.02", "18.8.2") stays whole. A hyphenated word becomes its parts, a possessive its owner.
    """
    words: list[str] = []
    for word in _WORD.findall(_THOUSANDS.sub("", unicodedata.normalize("NFKC", text).translate(_FOLDED).casefold())):
        if _NUMBERED.fullmatch(word):
            words.append(word)
        else:
            words.extend(part for part in _JOINT.split(_POSSESSIVE.sub("", word)) if part not in STOPWORDS)
    return _stem(words)


def _stem(words: list[str]) -> list[str]:
    """Snowball's English stemmer in C (PyStemmer); one a thread, because it may not be shared."""
    if not hasattr(_local, "stemmer"):
        import Stemmer

        _local.stemmer = Stemmer.Stemmer("english")
    stemmed: list[str] = _local.stemmer.stemWords(words)
    return stemmed
